/* SPDX-License-Identifier: BSD-3-Clause */
/* Guest memory: the identity map, less the VMM's own pages. */
#include <string.h>
#include <cpu/vcpu_priv.h>
#include <mm/nested.h>
#include <vmm/error.h>

/* Pointer to guest-physical memory; NULL if it is the VMM's own. */
static void *pointer(const struct vmm_nested *n, uint64_t gpa)
{
	if (gpa - n->hole_base < n->hole_size)
		return NULL;
	return (void *)((uintptr_t)gpa + n->memory_offset);
}

static bool in_memory(const struct vmm_nested *n, uint64_t gpa, uint64_t len)
{
	return gpa < n->memory_end && len <= n->memory_end - gpa;
}

static uint64_t left_in_page(uint64_t addr, uint64_t len)
{
	uint64_t left = VMM_PAGE_SIZE - (addr & VMM_PAGE_MASK);

	return len < left ? len : left;
}

int vmm_gpa_read(struct vmm_vcpu *v, uint64_t gpa, void *buf, size_t len)
{
	const struct vmm_nested *n = v->vmm->nested;
	uint8_t *to = buf;

	if (!in_memory(n, gpa, len))
		return VMM_ERROR(EFAULT);
	while (len) {
		uint64_t part = left_in_page(gpa, len);
		const void *from = pointer(n, gpa);

		if (from)
			memcpy(to, from, part);
		else
			memset(to, 0, part);
		gpa += part;
		to += part;
		len -= part;
	}
	return 0;
}

int vmm_gpa_write(struct vmm_vcpu *v, uint64_t gpa, const void *buf, size_t len)
{
	const struct vmm_nested *n = v->vmm->nested;
	const uint8_t *from = buf;

	if (!in_memory(n, gpa, len))
		return VMM_ERROR(EFAULT);
	while (len) {
		uint64_t part = left_in_page(gpa, len);
		void *to = pointer(n, gpa);

		if (to)
			memcpy(to, from, part);
		gpa += part;
		from += part;
		len -= part;
	}
	return 0;
}

/* An entry of a guest page table: aligned, so inside one page. */
static bool read_entry(void *ctx, uint64_t pa, void *buf, unsigned size)
{
	const struct vmm_nested *n = ctx;
	const void *p;

	if (!in_memory(n, pa, size))
		return false;
	p = pointer(n, pa);
	if (!p)
		memset(buf, 0, size);
	else if (size == 8)
		*(uint64_t *)buf = *(const volatile uint64_t *)p;
	else
		*(uint32_t *)buf = *(const volatile uint32_t *)p;
	return true;
}

/* Physical address of gva in the guest's present context. */
static int translate(struct vmm_vcpu *v, uint64_t gva, unsigned access,
		     uint64_t *gpa, uint64_t *bad, uint32_t *error_code)
{
	struct vmm_walk_state st = {
		.phys_bits = (uint8_t)v->vmm->mtrr.phys_bits,
	};
	struct vmm_walk_result result;
	int rc;

	v->vmm->vendor->walk_state(v, &st);
	rc = vmm_walk(&st, gva, access, read_entry, v->vmm->nested, &result);
	if (rc < 0) {
		if (bad)
			*bad = gva;
		if (error_code)
			*error_code = rc == -EFAULT ? result.error_code : 0;
		return rc;
	}
	*gpa = result.pa;
	return 0;
}

int vmm_gva_read(struct vmm_vcpu *v, uint64_t gva, void *buf, size_t len,
		 unsigned access, uint64_t *bad, uint32_t *error_code)
{
	uint8_t *to = buf;

	while (len) {
		uint64_t part = left_in_page(gva, len), gpa;
		int rc = translate(v, gva, access, &gpa, bad, error_code);

		if (rc == 0)
			rc = vmm_gpa_read(v, gpa, to, part);
		if (rc < 0)
			return rc;
		gva += part;
		to += part;
		len -= part;
	}
	return 0;
}

int vmm_gva_write(struct vmm_vcpu *v, uint64_t gva, const void *buf, size_t len,
		  unsigned access, uint64_t *bad, uint32_t *error_code)
{
	const uint8_t *from = buf;

	while (len) {
		uint64_t part = left_in_page(gva, len), gpa;
		int rc = translate(v, gva, access | VMM_ACCESS_WRITE, &gpa,
				   bad, error_code);

		if (rc == 0)
			rc = vmm_gpa_write(v, gpa, from, part);
		if (rc < 0)
			return rc;
		gva += part;
		from += part;
		len -= part;
	}
	return 0;
}
