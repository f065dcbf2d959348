/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Guest memory as the VMM sees it.  The guest-physical map is the identity,
 * so the only work is to translate linear addresses through the guest's own
 * page tables, and to keep out of the VMM's memory.
 *
 * The walker is pure: it reads tables through a callback, so that it runs in
 * host tests.  It never sets accessed or dirty bits itself.
 */
#ifndef VMM_GMEM_H
#define VMM_GMEM_H

#include <stdbool.h>
#include <vmm/compiler.h>

VMM_BEGIN_DECLS

struct vmm;
struct vmm_vcpu;

/* What a walk needs of the CPU's state. */
struct vmm_walk_state {
	uint64_t cr0, cr3, cr4, efer, rflags;
	uint32_t pkru;
	uint8_t cpl;
	uint8_t phys_bits;		/* MAXPHYADDR */
};

/* That of a vCPU in its guest's present context.  On its CPU. */
void vmm_vcpu_walk_state(struct vmm_vcpu *v, struct vmm_walk_state *st);

#define VMM_ACCESS_READ		0x0u
#define VMM_ACCESS_WRITE	0x1u
#define VMM_ACCESS_FETCH	0x2u
#define VMM_ACCESS_IMPLICIT	0x4u	/* descriptor tables, TSS: supervisor */

/* Read `size` (4 or 8) bytes of guest-physical memory, in one access, into an
 * object of at least that size and alignment; false if the address cannot be
 * read (beyond the map). */
typedef bool (*vmm_read_phys_fn)(void *ctx, uint64_t pa, void *buf,
				 unsigned size);

struct vmm_walk_result {
	uint64_t pa;
	uint64_t page_size;	/* of the guest's translation */
	uint64_t entry_pa;	/* the entry that maps the page, ... */
	unsigned entry_size;	/* ... 4 or 8 bytes; 0 without paging */
	/* #PF error code if vmm_walk returns -EFAULT (SDM vol. 3, 4.7) */
	uint32_t error_code;
};

/*
 * Translate a linear address for an access: no paging, 32-bit, PAE, 4-level
 * and 5-level paging, with permission checks (CR0.WP, NXE, SMEP, SMAP, PKRU).
 * 0; -EFAULT: the access would give #PF with result->error_code, or a table
 * could not be read (which counts as not present); -ERANGE: the address is
 * not canonical, which is no #PF but #GP or #SS.
 * It is assumed that the CPU has PSE-36 and 1 GiB pages.
 */
int vmm_walk(const struct vmm_walk_state *st, uint64_t linear, unsigned access,
	     vmm_read_phys_fn read, void *ctx, struct vmm_walk_result *result)
	VMM_MUST_CHECK;

/* Copy between the VMM and guest-physical memory.  The range may be anything;
 * parts in VMM memory read as zeros and drop writes.  On the CPU of any vCPU.
 * Returns 0 or -EFAULT (range wraps or reaches beyond the memory that the VMM
 * maps: all memory, and the devices below 4 GiB).
 */
int vmm_gpa_read(struct vmm_vcpu *v, uint64_t gpa, void *buf, size_t n)
	VMM_MUST_CHECK;
int vmm_gpa_write(struct vmm_vcpu *v, uint64_t gpa, const void *buf, size_t n)
	VMM_MUST_CHECK;

/* The same without a copy, for rings and buffers: where the VMM has the guest's
 * [gpa, gpa+n), which the guest may change at any time.  NULL: some of it is
 * not the guest's, or no memory (a device's registers, say); n is 0.  Any
 * CPU. */
void *vmm_gpa_direct(struct vmm *vmm, uint64_t gpa, uint64_t n);

/* Where a linear address of the guest's present context is, on its CPU.
 * Errors as for vmm_walk; *error_code is the #PF error code of -EFAULT. */
int vmm_gva_translate(struct vmm_vcpu *v, uint64_t gva, unsigned access,
		      uint64_t *gpa, uint32_t *error_code) VMM_MUST_CHECK;

/*
 * Copies from and to linear addresses of the guest's present context, on its
 * CPU.
 * On an error, *bad is the address and *error_code the #PF error code (either
 * may be NULL):
 *	-EFAULT	#PF
 *	-ERANGE	the address is not canonical: #GP or #SS; *error_code is 0
 *	-EIO	mapped, but not to memory (see above); *error_code is 0
 * A read may have copied what comes before that address.
 */
int vmm_gva_read(struct vmm_vcpu *v, uint64_t gva, void *buf, size_t n,
		 unsigned access, uint64_t *bad, uint32_t *error_code)
	VMM_MUST_CHECK;
/* VMM_ACCESS_WRITE is implied in access.  Writes all or nothing, and sets the
 * dirty bits of the pages, as the processor does. */
int vmm_gva_write(struct vmm_vcpu *v, uint64_t gva, const void *buf, size_t n,
		  unsigned access, uint64_t *bad, uint32_t *error_code)
	VMM_MUST_CHECK;

VMM_END_DECLS

#endif
