/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hooked ranges of guest-physical memory: see vmm/mmio.h.  The nested map
 * withholds pages, hooks are byte ranges: a page is withheld while a hook has
 * bytes in it.
 */
#include <cpu/policy.h>
#include <mm/nested.h>
#include <vmm/error.h>
#include <vmm/log.h>
#include <vmm/mmio.h>
#include <vmm/spinlock.h>

#define MAX_HOOKS	64
#define MAX_PIECES	3

struct mmio_hook {
	uint64_t gpa, end;
	const struct vmm_mmio_ops *ops;
	void *ctx;
};

/* Pages that are withheld in one go. */
struct piece {
	uint64_t gpa, pages;
};

static struct mmio_hook hooks[MAX_HOOKS];
static unsigned hook_count;
static struct vmm_spinlock hook_lock = VMM_SPINLOCK_INIT;

/* --- which pages --- */

static bool touches(const struct mmio_hook *hook, uint64_t gpa, uint64_t end)
{
	return gpa < hook->end && hook->gpa < end;
}

/* Any hook but `self` with bytes in the page? */
static bool others_in_page(const struct mmio_hook *self, uint64_t page)
{
	unsigned i;

	for (i = 0; i < hook_count; i++)
		if (&hooks[i] != self &&
		    touches(&hooks[i], page, page + VMM_PAGE_SIZE))
			return true;
	return false;
}

/* A hook's first and last page may be shared with others; they are pieces of
 * their own, unless they are whole. */
static unsigned split(const struct mmio_hook *hook,
		      struct piece piece[MAX_PIECES])
{
	uint64_t start = VMM_ROUND_UP(hook->gpa, VMM_PAGE_SIZE);
	uint64_t stop = VMM_ROUND_DOWN(hook->end, VMM_PAGE_SIZE);
	unsigned n = 0;

	if (start != hook->gpa || start > stop)
		piece[n++] = (struct piece){
			VMM_ROUND_DOWN(hook->gpa, VMM_PAGE_SIZE), 1 };
	if (stop != hook->end && stop >= start)
		piece[n++] = (struct piece){ stop, 1 };
	if (start < stop)
		piece[n++] = (struct piece){ start,
			(stop - start) / VMM_PAGE_SIZE };
	return n;
}

static int set_piece(struct vmm *vmm, const struct mmio_hook *hook,
		     const struct piece *piece, unsigned prot)
{
	if (piece->pages == 1 && others_in_page(hook, piece->gpa))
		return 0;
	return vmm_nested_set(vmm->nested, piece->gpa, piece->pages, prot,
			      piece->gpa);
}

/* Mapping pages to themselves cannot fail but for want of memory to split
 * leaves with, which were split when they were withheld. */
static void open_pieces(struct vmm *vmm, const struct mmio_hook *hook,
			const struct piece *piece, unsigned n)
{
	while (n-- > 0)
		if (set_piece(vmm, hook, &piece[n], VMM_PT_RWX) < 0)
			vmm_log_warning("mmio: the page %#llx stays closed to"
					" the guest\n", (unsigned long long)
					piece[n].gpa);
}

static int close_pieces(struct vmm *vmm, const struct mmio_hook *hook)
{
	struct piece piece[MAX_PIECES];
	unsigned i, n = split(hook, piece);
	int rc;

	for (i = 0; i < n; i++) {
		rc = set_piece(vmm, hook, &piece[i], 0);
		if (rc < 0) {
			open_pieces(vmm, hook, piece, i);
			return rc;
		}
	}
	return 0;
}

/* All CPUs drop what they know, once this one holds no lock any more. */
static void flush_later(void)
{
	struct vmm_vcpu *v = vmm_vcpu_current();

	if (v)
		vcpu_attention(v, VCPU_FLUSH_ALL);
}

static int add(struct vmm *vmm, const struct mmio_hook *want)
{
	struct mmio_hook *hook;
	unsigned i;
	int rc;

	for (i = 0; i < hook_count; i++)
		if (touches(&hooks[i], want->gpa, want->end))
			return VMM_ERROR(EINVAL);
	if (hook_count == VMM_ARRAY_SIZE(hooks))
		return VMM_ERROR(ENOSPC);
	hook = &hooks[hook_count];
	*hook = *want;
	rc = close_pieces(vmm, hook);
	if (rc == 0)
		__atomic_store_n(&hook_count, hook_count + 1,
				 __ATOMIC_RELEASE);
	return rc;
}

int vmm_mmio_hook(struct vmm *vmm, uint64_t gpa, uint64_t size,
		  const struct vmm_mmio_ops *ops, void *ctx)
{
	const struct mmio_hook want = { gpa, gpa + size, ops, ctx };
	int rc;

	if (!size || want.end < gpa)
		return VMM_ERROR(EINVAL);
	rc = vmm_device_map(vmm, gpa, size);
	if (rc < 0)
		return rc;
	vmm_spin_lock(&hook_lock);
	rc = add(vmm, &want);
	vmm_spin_unlock(&hook_lock);
	flush_later();
	return rc;
}

void vmm_mmio_unhook(struct vmm *vmm, uint64_t gpa)
{
	struct piece piece[MAX_PIECES];
	unsigned i;

	vmm_spin_lock(&hook_lock);
	for (i = 0; i < hook_count; i++)
		if (hooks[i].gpa == gpa)
			break;
	if (i < hook_count) {
		open_pieces(vmm, &hooks[i], piece, split(&hooks[i], piece));
		hooks[i] = hooks[hook_count - 1];
		__atomic_store_n(&hook_count, hook_count - 1,
				 __ATOMIC_RELEASE);
	}
	vmm_spin_unlock(&hook_lock);
	flush_later();
}

/* --- accesses --- */

uint64_t vmm_device_read(uint64_t pa, unsigned size)
{
	const volatile void *p = (const volatile void *)(uintptr_t)pa;

	switch (size) {
	case 1:
		return *(const volatile uint8_t *)p;
	case 2:
		return *(const volatile uint16_t *)p;
	case 4:
		return *(const volatile uint32_t *)p;
	default:
		return *(const volatile uint64_t *)p;
	}
}

void vmm_device_write(uint64_t pa, unsigned size, uint64_t value)
{
	volatile void *p = (volatile void *)(uintptr_t)pa;

	switch (size) {
	case 1:
		*(volatile uint8_t *)p = (uint8_t)value;
		break;
	case 2:
		*(volatile uint16_t *)p = (uint16_t)value;
		break;
	case 4:
		*(volatile uint32_t *)p = (uint32_t)value;
		break;
	default:
		*(volatile uint64_t *)p = value;
	}
}

/* A copy of the first hook with bytes in the range. */
static bool find_hook(uint64_t gpa, uint64_t size, struct mmio_hook *hook)
{
	bool found = false;
	unsigned i;

	vmm_spin_lock(&hook_lock);
	for (i = 0; i < hook_count && !found; i++) {
		*hook = hooks[i];
		found = touches(hook, gpa, gpa + size);
	}
	vmm_spin_unlock(&hook_lock);
	return found;
}

static bool whole(const struct mmio_hook *hook, uint64_t gpa, unsigned size)
{
	return gpa >= hook->gpa && gpa + size <= hook->end;
}

static int page_read(struct vmm_vcpu *v, void *ctx, uint64_t gpa,
		     unsigned size, uint64_t *value)
{
	struct mmio_hook hook;
	unsigned i;
	int rc = 0;

	if (!find_hook(gpa, size, &hook)) {
		*value = vmm_device_read(gpa, size);
		return 0;
	}
	if (whole(&hook, gpa, size))
		return hook.ops->read(v, hook.ctx, gpa, size, value);
	*value = 0;
	for (i = 0; i < size && !rc; i++) {
		uint64_t byte = 0;

		rc = page_read(v, ctx, gpa + i, 1, &byte);
		*value |= (byte & UINT8_MAX) << i * 8;
	}
	return rc;
}

static int page_write(struct vmm_vcpu *v, void *ctx, uint64_t gpa,
		      unsigned size, uint64_t value)
{
	struct mmio_hook hook;
	unsigned i;
	int rc = 0;

	if (!find_hook(gpa, size, &hook)) {
		vmm_device_write(gpa, size, value);
		return 0;
	}
	if (whole(&hook, gpa, size))
		return hook.ops->write(v, hook.ctx, gpa, size, value);
	for (i = 0; i < size && !rc; i++)
		rc = page_write(v, ctx, gpa + i, 1,
				value >> i * 8 & UINT8_MAX);
	return rc;
}

bool mmio_hook_page(uint64_t gpa)
{
	struct mmio_hook hook;

	return __atomic_load_n(&hook_count, __ATOMIC_ACQUIRE) &&
		find_hook(VMM_ROUND_DOWN(gpa, VMM_PAGE_SIZE), VMM_PAGE_SIZE,
			  &hook);
}

enum vmm_verdict mmio_hook_exit(struct vmm_vcpu *v, struct vmm_exit *e)
{
	static const struct vmm_mmio_ops ops = { page_read, page_write };

	return vmm_emulate_access(v, e, &ops, NULL);
}
