/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Accesses of the guest to a hooked page: one that the nested map withholds,
 * wholly or for writes, because the VMM answers for what is there.
 */
#ifndef VMM_MMIO_H
#define VMM_MMIO_H

#include <vmm/exit.h>
#include <vmm/vcpu.h>

VMM_BEGIN_DECLS

struct vmm;

/*
 * What answers.  gpa is in the hooked page, size 1, 2, 4 or 8 bytes that are
 * all in it, aligned or not as the guest has it; an access that crosses the
 * page's edge comes in aligned parts.  value: the lowest bytes; others are 0.
 * An instruction that reads and writes makes one call of each, if both
 * succeed; it is not atomic.
 * Returns 0; a negative errno gives the guest a #GP in place of the access.
 */
struct vmm_mmio_ops {
	int (*read)(struct vmm_vcpu *v, void *ctx, uint64_t gpa, unsigned size,
		    uint64_t *value);
	int (*write)(struct vmm_vcpu *v, void *ctx, uint64_t gpa,
		     unsigned size, uint64_t value);
};

/*
 * Carry out the instruction that made the exit e (VMM_EXIT_MEM), with ops for
 * the part of its accesses that falls into the page of e->mem.gpa, and with
 * the guest's memory for the rest (PUSH, POP, MOVS, an access across the
 * edge).  Of a repeated string instruction, one iteration.
 *
 * VMM_DONE, e->insn_len set: done.  VMM_RETRY: one iteration done; or nothing:
 * what is at RIP now cannot be fetched, or does not access the page.
 * VMM_FAULT: #PF, if the guest's own map forbids an access; #DE; #GP for a
 * code fetch or page walk in the page, or if ops fail; #UD for what cannot be
 * decoded or carried out (it is logged, at a limited rate).
 *
 * On the CPU of v, between the exit and the next entry.
 */
enum vmm_verdict vmm_emulate_access(struct vmm_vcpu *v, struct vmm_exit *e,
				    const struct vmm_mmio_ops *ops, void *ctx);

/*
 * Hooks: the VMM answers for the bytes [gpa, gpa+size).  The pages that they
 * lie in are withheld from the guest on all CPUs; what it does in such a page
 * outside of every hook goes to the hardware as it is.  Hooks may share pages
 * (small BARs do), but not bytes.
 *
 * ops and ctx must live for ever: when vmm_mmio_unhook() returns, a call may
 * still be under way on another CPU.  ops are called without any lock.
 *
 * Before the guest runs, or on a CPU between an exit and the next entry; any
 * lock may be held: other CPUs follow before this one's guest goes on.
 * -EINVAL: empty, wraps, touches another hook, the VMM's memory or what the
 * nested map withholds for another reason; -ENOSPC: too many; -ENOMEM.
 */
int vmm_mmio_hook(struct vmm *vmm, uint64_t gpa, uint64_t size,
		  const struct vmm_mmio_ops *ops, void *ctx) VMM_MUST_CHECK;
/* Undo the hook that begins at gpa; there may be none. */
void vmm_mmio_unhook(struct vmm *vmm, uint64_t gpa);

/*
 * Make the registers at [pa, pa+size) reachable for the VMM, at the pointer
 * that equals pa, also above the memory that it maps (a 64-bit BAR).  Stays
 * for ever; may be asked for again.  Hooked ranges are reachable already.
 * -EINVAL: wraps or beyond 2^47; -ENOMEM.  Context as above.
 */
int vmm_device_map(struct vmm *vmm, uint64_t pa, uint64_t size)
	VMM_MUST_CHECK;

/* One access of 1, 2, 4 or 8 bytes to registers that are reachable. */
uint64_t vmm_device_read(uint64_t pa, unsigned size);
void vmm_device_write(uint64_t pa, unsigned size, uint64_t value);

VMM_END_DECLS

#endif
