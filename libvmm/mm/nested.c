/* SPDX-License-Identifier: BSD-3-Clause */
/* The nested map of all CPUs: see mm/nested.h. */
#include <mm/nested.h>
#include <mm/pool_mem.h>
#include <vmm/error.h>

#define GIB		UINT64_C(0x40000000)
#define FOUR_GIB	(4 * GIB)
/* With 1 GiB leaves: 8 tables. */
#define CHEAP_END	(UINT64_C(4) << 40)
/* What four levels of tables can map. */
#define MAX_BITS	48u

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static bool in_range(uint64_t x, uint64_t base, uint64_t size)
{
	return x >= base && x - base < size;
}

static bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

static struct vmm_nested_hook *hook_at(struct vmm_nested *n, uint64_t gpa)
{
	for (unsigned i = 0; i < n->hook_count; i++)
		if (in_range(gpa, n->hooks[i].gpa, n->hooks[i].size))
			return &n->hooks[i];
	return NULL;
}

/* Where the next hook above gpa begins, at most `end`. */
static uint64_t next_hook(const struct vmm_nested *n, uint64_t gpa,
			  uint64_t end)
{
	for (unsigned i = 0; i < n->hook_count; i++)
		if (n->hooks[i].gpa > gpa)
			end = min_u64(end, n->hooks[i].gpa);
	return end;
}

/* Map [gpa, gpa+size), a part of the hook, of one type if that matters. */
static int map_hook(struct vmm_nested *n, const struct vmm_nested_hook *hook,
		    uint64_t gpa, uint64_t size, enum vmm_memtype mt)
{
	if (hook->same)
		return vmm_pt_map_same(&n->pt, gpa, hook->target, size,
				       hook->prot, VMM_MT_WB);
	return vmm_pt_map(&n->pt, gpa, hook->target + (gpa - hook->gpa), size,
			  hook->prot,
			  hook->target == hook->gpa ? mt : VMM_MT_WB);
}

/* There was no memory to split leaves, which happens at the ends of
 * [gpa, end) only: do leaf by leaf what can be done without.  A leaf that
 * must have two types becomes uncached, which is safe for all memory. */
static void map_without_memory(struct vmm_nested *n, uint64_t gpa, uint64_t end,
			       enum vmm_memtype mt)
{
	struct vmm_pt_leaf leaf;
	int error = 0;

	for (uint64_t at = gpa; at < end && !error; at = leaf.va + leaf.size) {
		if (!vmm_pt_lookup(&n->pt, at, &leaf))
			return;
		if (leaf.va >= gpa && leaf.va + leaf.size <= end)
			error = vmm_pt_map(&n->pt, leaf.va, leaf.va, leaf.size,
					   VMM_PT_RWX, mt);
		else if (leaf.mt != mt)
			error = vmm_pt_map(&n->pt, leaf.va, leaf.pa, leaf.size,
					   leaf.prot, VMM_MT_UC);
	}
}

/* Map a stretch of one type to itself. */
static int map_plain(struct vmm_nested *n, uint64_t gpa, uint64_t size,
		     enum vmm_memtype mt)
{
	int error = vmm_pt_map(&n->pt, gpa, gpa, size, VMM_PT_RWX, mt);

	if (error)
		map_without_memory(n, gpa, gpa + size, mt);
	return error;
}

/*
 * Make [gpa, end) what it should be.  Each piece gets its final state at once:
 * other CPUs may be walking, and a hooked page must not be open to them in
 * between.  Goes on after an error, which it returns.
 */
static int apply(struct vmm_nested *n, uint64_t gpa, uint64_t end)
{
	int error, result = 0;
	uint64_t size;

	for (; gpa < end; gpa += size) {
		const struct vmm_nested_hook *hook = hook_at(n, gpa);
		enum vmm_memtype mt;

		size = hook ? min_u64(hook->gpa + hook->size, end) - gpa :
			      next_hook(n, gpa, end) - gpa;
		if (!hook || !hook->same)
			size = vmm_mtrr_run(&n->mtrr, gpa, size, &mt);
		if (!n->leaf_types || (hook && hook->same))
			mt = VMM_MT_WB;
		error = hook ? map_hook(n, hook, gpa, size, mt) :
			       map_plain(n, gpa, size, mt);
		if (error)
			result = error;
	}
	return result;
}

/* After a failed change: the tables that the old state needs are there. */
static void restore(struct vmm_nested *n, uint64_t gpa, uint64_t end)
{
	int error = apply(n, gpa, end);

	(void)error;	/* at worst leaves are split less than they could be */
}

uint64_t vmm_nested_memory_end(uint64_t top)
{
	top = VMM_ROUND_UP(top, GIB);
	return top < FOUR_GIB ? FOUR_GIB : top;
}

static void set_limits(struct vmm_nested *n, unsigned max_leaf, uint64_t top)
{
	unsigned bits = n->phys_bits < MAX_BITS ? n->phys_bits : MAX_BITS;

	n->end = UINT64_C(1) << bits;
	n->memory_end = min_u64(vmm_nested_memory_end(top), n->end);
	n->limit = n->memory_end;
	if (max_leaf >= 3 && n->limit < CHEAP_END)
		n->limit = min_u64(n->end, CHEAP_END);
}

static int alloc_page(struct vmm_pagepool *pool, uint64_t **page)
{
	*page = vmm_pages_alloc(pool, 1);
	return *page ? 0 : VMM_ERROR(ENOMEM);
}

static int build(struct vmm_nested *n, const struct vmm_pt_format *fmt,
		 unsigned max_leaf)
{
	uint64_t *zero;
	int error;

	error = alloc_page(n->pool, &zero);
	if (error)
		return error;
	n->zero_page = (uintptr_t)zero;
	for (unsigned i = 0; i < VMM_ARRAY_SIZE(n->graves); i++) {
		error = alloc_page(n->pool, &n->graves[i]);
		if (error)
			return error;
	}
	error = vmm_pt_init(&n->pt, fmt, &vmm_pt_pool_mem, n->pool, max_leaf);
	return error ? error : apply(n, 0, n->limit);
}

int vmm_nested_init(struct vmm_nested *n, const struct vmm_pt_format *fmt,
		    struct vmm_pagepool *pool, const struct vmm_mtrr *mtrr,
		    bool leaf_types, unsigned max_leaf, unsigned phys_bits,
		    uint64_t top)
{
	int error;

	if (phys_bits < 32)
		return VMM_ERROR(EINVAL);
	*n = (struct vmm_nested){
		.lock = VMM_SPINLOCK_INIT,
		.pool = pool,
		.mtrr = *mtrr,
		.leaf_types = leaf_types,
		.phys_bits = phys_bits,
	};
	set_limits(n, max_leaf, top);
	error = build(n, fmt, max_leaf);
	if (error)
		vmm_nested_destroy(n);
	return error;
}

void vmm_nested_destroy(struct vmm_nested *n)
{
	if (n->pt.root) {
		vmm_pt_bury(&n->pt, n->graves);
		vmm_pt_destroy(&n->pt);
	}
	for (unsigned i = 0; i < VMM_ARRAY_SIZE(n->graves); i++)
		vmm_pages_free(n->pool, n->graves[i], 1);
	vmm_pages_free(n->pool, (void *)(uintptr_t)n->zero_page, 1);
	n->graves[0] = n->graves[1] = NULL;
	n->zero_page = 0;
}

/* Under the lock: the new entry of the list, NULL if that is full. */
static struct vmm_nested_hook *add_hook(struct vmm_nested *n)
{
	if (n->hook_count == VMM_NESTED_HOOKS)
		return NULL;
	return &n->hooks[n->hook_count++];
}

static void remove_hook(struct vmm_nested *n, struct vmm_nested_hook *hook)
{
	*hook = n->hooks[--n->hook_count];
}

/* 4 KiB multiples, not empty, below end. */
static bool pages_ok(uint64_t base, uint64_t size, uint64_t end)
{
	return !((base | size) & VMM_PAGE_MASK) && size && base < end &&
	       size <= end - base;
}

static int hide_locked(struct vmm_nested *n, uint64_t base, uint64_t size)
{
	struct vmm_nested_hook *hook;
	int error;

	if (n->hole_size)
		return VMM_ERROR(EEXIST);
	for (unsigned i = 0; i < n->hook_count; i++)
		if (overlap(base, size, n->hooks[i].gpa, n->hooks[i].size))
			return VMM_ERROR(EINVAL);
	hook = add_hook(n);
	if (!hook)
		return VMM_ERROR(ENOSPC);
	*hook = (struct vmm_nested_hook){ base, size, n->zero_page,
					  VMM_PT_R | VMM_PT_X, true };
	error = map_hook(n, hook, base, size, VMM_MT_WB);
	if (error) {
		remove_hook(n, hook);
		restore(n, base, base + size);
		return error;
	}
	n->hole_base = base;
	n->hole_size = size;
	return 0;
}

int vmm_nested_hide(struct vmm_nested *n, uint64_t base, uint64_t size)
{
	int error;

	if (!pages_ok(base, size, n->limit))
		return VMM_ERROR(EINVAL);
	vmm_spin_lock(&n->lock);
	error = hide_locked(n, base, size);
	n->generation++;
	vmm_spin_unlock(&n->lock);
	return error;
}

/* Drop all that was filled on demand.  The tables can be used anew when all
 * CPUs have flushed. */
static void drop(struct vmm_nested *n)
{
	n->to_bury = vmm_pt_detach(&n->pt, n->limit, n->graves);
	n->droppable = false;
	n->generation++;
}

/* Fill the gigabyte around gpa, which is above the limit. */
static int fill(struct vmm_nested *n, uint64_t gpa)
{
	uint64_t start = VMM_ROUND_DOWN(gpa, GIB);
	bool droppable = n->droppable;
	int error = apply(n, start, min_u64(start + GIB, n->end));

	n->droppable = true;
	if (error != -ENOMEM)
		return error;
	if (n->to_bury)		/* some comes back soon: try again then */
		return 0;
	drop(n);
	return droppable ? 0 : error;
}

/* The map never allows fetches but not reads, so a right to fetch shows that
 * an access which is no write is allowed, whichever it is. */
static int fault_locked(struct vmm_nested *n, uint64_t gpa, bool write)
{
	unsigned need = write ? VMM_PT_W : VMM_PT_X;
	struct vmm_nested_hook *hook;
	struct vmm_pt_leaf leaf;

	if (gpa >= n->end)
		return VMM_ERROR(EFAULT);
	if (vmm_pt_lookup(&n->pt, gpa, &leaf) && (leaf.prot & need))
		return 0;
	if (in_range(gpa, n->hole_base, n->hole_size))
		return VMM_ERROR(EACCES);
	hook = hook_at(n, gpa);
	if (hook && !(hook->prot & need))
		return VMM_ERROR(EPERM);
	return fill(n, gpa);
}

int vmm_nested_fault(struct vmm_nested *n, uint64_t gpa, bool write)
{
	int error;

	vmm_spin_lock(&n->lock);
	error = fault_locked(n, gpa, write);
	vmm_spin_unlock(&n->lock);
	return error;
}

/* The hook for exactly this range, a new one, or NULL with an error. */
static struct vmm_nested_hook *hook_for(struct vmm_nested *n, uint64_t gpa,
					uint64_t size, int *error)
{
	struct vmm_nested_hook *hook;

	for (unsigned i = 0; i < n->hook_count; i++) {
		hook = &n->hooks[i];
		if (!overlap(gpa, size, hook->gpa, hook->size))
			continue;
		if (hook->gpa == gpa && hook->size == size && !hook->same)
			return hook;
		*error = VMM_ERROR(EINVAL);
		return NULL;
	}
	hook = add_hook(n);
	if (hook)
		*hook = (struct vmm_nested_hook){ gpa, size, gpa, VMM_PT_RWX,
						  false };
	else
		*error = VMM_ERROR(ENOSPC);
	return hook;
}

static bool is_plain(const struct vmm_nested_hook *hook)
{
	return hook->prot == VMM_PT_RWX && hook->target == hook->gpa;
}

static int set_locked(struct vmm_nested *n, const struct vmm_nested_hook *want)
{
	uint64_t end = want->gpa + want->size;
	struct vmm_nested_hook *hook, old;
	int error = 0;

	hook = hook_for(n, want->gpa, want->size, &error);
	if (!hook)
		return error;
	old = *hook;
	*hook = *want;
	if (is_plain(hook))
		remove_hook(n, hook);
	n->droppable |= end > n->limit;
	error = apply(n, want->gpa, end);
	if (!error || is_plain(want))
		return error;
	*hook = old;
	if (is_plain(hook))
		remove_hook(n, hook);
	restore(n, want->gpa, end);
	return error;
}

int vmm_nested_set(struct vmm_nested *n, uint64_t gpa, uint64_t pages,
		   unsigned prot, uint64_t target)
{
	uint64_t size = pages * VMM_PAGE_SIZE;
	const struct vmm_nested_hook want = { gpa, size, target, prot, false };
	int error;

	if (pages > n->end / VMM_PAGE_SIZE || !pages_ok(gpa, size, n->end) ||
	    !pages_ok(target, size, n->end) || (prot & ~VMM_PT_RWX) ||
	    (prot && !(prot & VMM_PT_R)))
		return VMM_ERROR(EINVAL);
	vmm_spin_lock(&n->lock);
	error = set_locked(n, &want);
	n->generation++;
	vmm_spin_unlock(&n->lock);
	return error;
}

/* The gigabytes above the limit of which something is mapped. */
static int apply_filled(struct vmm_nested *n)
{
	struct vmm_pt_leaf leaf;
	uint64_t at = n->limit;
	int error, result = 0;

	while (vmm_pt_next(&n->pt, at, &leaf)) {
		at = VMM_ROUND_DOWN(leaf.va, GIB);
		error = apply(n, at, min_u64(at + GIB, n->end));
		if (error)
			result = error;
		at += GIB;
	}
	return result;
}

int vmm_nested_retype(struct vmm_nested *n, const struct vmm_mtrr *mtrr)
{
	int error, error_above;

	vmm_spin_lock(&n->lock);
	n->mtrr = *mtrr;
	error = apply(n, 0, n->limit);
	error_above = apply_filled(n);
	n->generation++;
	vmm_spin_unlock(&n->lock);
	return error ? error : error_above;
}

int vmm_nested_window_open(struct vmm_nested *n, uint64_t gpa, uint64_t junk)
{
	int error = -EINVAL;

	gpa = VMM_ROUND_DOWN(gpa, VMM_PAGE_SIZE);
	vmm_spin_lock(&n->lock);
	if (in_range(gpa, n->hole_base, n->hole_size))
		error = vmm_pt_map(&n->pt, gpa, junk, VMM_PAGE_SIZE,
				   VMM_PT_RWX, VMM_MT_WB);
	vmm_spin_unlock(&n->lock);
	return error;
}

void vmm_nested_window_close(struct vmm_nested *n, uint64_t gpa)
{
	gpa = VMM_ROUND_DOWN(gpa, VMM_PAGE_SIZE);
	vmm_spin_lock(&n->lock);
	if (in_range(gpa, n->hole_base, n->hole_size))
		restore(n, gpa, gpa + VMM_PAGE_SIZE);
	vmm_spin_unlock(&n->lock);
}

void vmm_nested_flushed(struct vmm_nested *n)
{
	vmm_spin_lock(&n->lock);
	if (n->to_bury)
		vmm_pt_bury(&n->pt, n->graves);
	n->to_bury = false;
	vmm_spin_unlock(&n->lock);
}
