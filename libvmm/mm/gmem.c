/* SPDX-License-Identifier: BSD-3-Clause */
/* Copies from and to the guest's memory: see <vmm/gmem.h>. */
#include <string.h>
#include <mm/nested.h>
#include <vmm/error.h>
#include <vmm/gmem.h>
#include <vmm/vcpu.h>
#include <vmm/vmm.h>
#include <vmm/x86.h>

#define PTE_ACCESSED_DIRTY 0x60u

/* Where to copy from or to; one of them is not NULL. */
struct buffer {
	uint8_t *read;
	const uint8_t *write;
};

static void *memory_at(const struct vmm_nested *n, uint64_t gpa)
{
	return (void *)(uintptr_t)(gpa + n->memory_offset);
}

static bool in_hole(const struct vmm_nested *n, uint64_t gpa)
{
	return gpa >= n->hole_base && gpa - n->hole_base < n->hole_size;
}

/* Length of the part of [gpa, gpa+size) that begins at gpa and is either in
 * the VMM's memory or out of it. */
static size_t same_side(const struct vmm_nested *n, uint64_t gpa, size_t size)
{
	uint64_t left = size;

	if (in_hole(n, gpa))
		left = n->hole_base + n->hole_size - gpa;
	else if (gpa < n->hole_base)
		left = n->hole_base - gpa;
	return left < size ? left : size;
}

static bool is_mapped(const struct vmm_nested *n, uint64_t gpa, size_t size)
{
	return gpa <= n->memory_end && size <= n->memory_end - gpa;
}

static int copy_physical(const struct vmm_nested *n, uint64_t gpa,
			 struct buffer buf, size_t size)
{
	size_t done, part;

	if (!is_mapped(n, gpa, size))
		return VMM_ERROR(EFAULT);
	for (done = 0; done < size; done += part) {
		uint64_t at = gpa + done;
		bool hole = in_hole(n, at);

		part = same_side(n, at, size - done);
		if (buf.read && hole)
			memset(buf.read + done, 0, part);
		else if (buf.read)
			memcpy(buf.read + done, memory_at(n, at), part);
		else if (!hole)
			memcpy(memory_at(n, at), buf.write + done, part);
	}
	return 0;
}

int vmm_gpa_read(struct vmm_vcpu *v, uint64_t gpa, void *buf, size_t n)
{
	struct buffer to = { .read = buf };

	return copy_physical(vmm_vcpu_vmm(v)->nested, gpa, to, n);
}

int vmm_gpa_write(struct vmm_vcpu *v, uint64_t gpa, const void *buf, size_t n)
{
	struct buffer from = { .write = buf };

	return copy_physical(vmm_vcpu_vmm(v)->nested, gpa, from, n);
}

void *vmm_gpa_direct(struct vmm *vmm, uint64_t gpa, uint64_t n)
{
	const struct vmm_nested *nested = vmm->nested;

	if (!vmm_ram_has(&vmm->ram, gpa, n) || !is_mapped(nested, gpa, n) ||
	    in_hole(nested, gpa) || same_side(nested, gpa, n) != n)
		return NULL;
	return memory_at(nested, gpa);
}

/* An access to linear addresses, page by page. */
struct access {
	struct vmm_nested *nested;
	struct vmm_walk_state st;
	uint64_t gva;
	size_t size;
	unsigned kind;		/* VMM_ACCESS_* */
	uint64_t *bad;
	uint32_t *error_code;
};

/* In one load: another CPU of the guest may be changing the entry. */
static bool read_table(void *ctx, uint64_t pa, void *buf, unsigned size)
{
	const struct vmm_nested *n = ctx;

	if (!is_mapped(n, pa, size))
		return false;
	if (in_hole(n, pa))
		memset(buf, 0, size);
	else if (size == 8)
		*(uint64_t *)buf = __atomic_load_n(
			(const uint64_t *)memory_at(n, pa), __ATOMIC_RELAXED);
	else
		*(uint32_t *)buf = __atomic_load_n(
			(const uint32_t *)memory_at(n, pa), __ATOMIC_RELAXED);
	return true;
}

/* Translate the page of byte `done` of the access; *part: how much of the
 * access is in it. */
static int translate(const struct access *a, size_t done, size_t *part,
		     struct vmm_walk_result *res)
{
	uint64_t at = a->gva + done, left;
	int error = vmm_walk(&a->st, at, a->kind, read_table, a->nested, res);

	if (!error) {
		left = res->page_size - (at & (res->page_size - 1));
		*part = left < a->size - done ? left : a->size - done;
		if (!is_mapped(a->nested, res->pa, *part))
			error = VMM_ERROR(EIO);
	}
	if (error && a->bad)
		*a->bad = at;
	if (error && a->error_code)
		*a->error_code = res->error_code;
	return error;
}

/* The guest's system would drop a page that it believes to be clean.  The bits
 * are in the low half of an entry of either size; like the processor's, the
 * update is atomic (SDM vol. 3, 4.8 "Accessed and Dirty Flags"). */
static void set_dirty(struct vmm_nested *n, const struct vmm_walk_result *res)
{
	if (!res->entry_size || in_hole(n, res->entry_pa))
		return;
	__atomic_or_fetch((uint32_t *)memory_at(n, res->entry_pa),
			  PTE_ACCESSED_DIRTY, __ATOMIC_RELAXED);
}

static int copy_linear(const struct access *a, struct buffer buf)
{
	struct vmm_walk_result res;
	size_t done, part;

	for (done = 0; done < a->size; done += part) {
		struct buffer here = {
			.read = buf.read ? buf.read + done : NULL,
			.write = buf.write ? buf.write + done : NULL,
		};
		int error = translate(a, done, &part, &res);

		if (!error)
			error = copy_physical(a->nested, res.pa, here, part);
		if (error)
			return error;
		if (buf.write)
			set_dirty(a->nested, &res);
	}
	return 0;
}

static struct access begin_access(struct vmm_vcpu *v, uint64_t gva, size_t n,
				  unsigned kind)
{
	struct access a = {
		.nested = vmm_vcpu_vmm(v)->nested,
		.gva = gva,
		.size = n,
		.kind = kind,
	};

	vmm_vcpu_walk_state(v, &a.st);
	return a;
}

int vmm_gva_read(struct vmm_vcpu *v, uint64_t gva, void *buf, size_t n,
		 unsigned access, uint64_t *bad, uint32_t *error_code)
{
	struct access a = begin_access(v, gva, n, access);
	struct buffer to = { .read = buf };

	a.bad = bad;
	a.error_code = error_code;
	return copy_linear(&a, to);
}

int vmm_gva_write(struct vmm_vcpu *v, uint64_t gva, const void *buf, size_t n,
		  unsigned access, uint64_t *bad, uint32_t *error_code)
{
	struct access a = begin_access(v, gva, n, access | VMM_ACCESS_WRITE);
	struct buffer from = { .write = buf };
	struct vmm_walk_result res;
	size_t done, part;

	a.bad = bad;
	a.error_code = error_code;
	/* All pages first: a write that faults has not begun. */
	for (done = 0; done < n; done += part) {
		int error = translate(&a, done, &part, &res);

		if (error)
			return error;
	}
	return copy_linear(&a, from);
}

int vmm_gva_translate(struct vmm_vcpu *v, uint64_t gva, unsigned access,
		      uint64_t *gpa, uint32_t *error_code)
{
	struct vmm_walk_state st;
	struct vmm_walk_result res;
	int error;

	vmm_vcpu_walk_state(v, &st);
	error = vmm_walk(&st, gva, access, read_table, vmm_vcpu_vmm(v)->nested,
			 &res);
	*gpa = res.pa;
	*error_code = res.error_code;
	return error;
}

#define ENTRY_PRESENT	UINT64_C(0x1)
#define ENTRY_PS	UINT64_C(0x80)
#define ENTRY_ADDR	UINT64_C(0x000ffffffffff000)

const uint8_t *vmm_nested_code(const struct vmm_nested *n, uint64_t cr3,
			       uint64_t cr4, uint64_t linear)
{
	unsigned shift = cr4 & X86_CR4_LA57 ? 48 : 39;
	uint64_t entry = cr3, at, offset;

	for (;; shift -= 9) {
		at = (entry & ENTRY_ADDR) + (linear >> shift & 511) * 8;
		if (at >= n->memory_end || at - n->hole_base < n->hole_size)
			return NULL;
		entry = *(const volatile uint64_t *)(at + n->memory_offset);
		if (!(entry & ENTRY_PRESENT))
			return NULL;
		if (shift == 12 || (entry & ENTRY_PS && shift <= 30))
			break;
	}
	offset = (UINT64_C(1) << shift) - 1;
	at = (entry & ENTRY_ADDR & ~offset) | (linear & offset);
	if (at >= n->memory_end || at - n->hole_base < n->hole_size)
		return NULL;
	return (const uint8_t *)(at + n->memory_offset);
}
