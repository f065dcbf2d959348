/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The nested map: what it maps, what that costs, what happens when memory
 * runs out.  The page-table engine is part of this program, so that pages that
 * must stay closed can be watched through every store.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <vmm/panic.h>
#include <vmm/paging.h>

static void record_store(uint64_t *slot, uint64_t value);
#define __atomic_store_n(slot, value, order) record_store((slot), (value))
#include "mm/ptable.c"
#undef __atomic_store_n

#include <mm/nested.h>

#define K4	UINT64_C(0x1000)
#define M1	UINT64_C(0x100000)
#define M2	UINT64_C(0x200000)
#define G1	UINT64_C(0x40000000)
#define T1	UINT64_C(0x10000000000)
#define OWN_PAGES 3		/* zero page, two graves */
#define HOLE	(G1 + 3 * M2 + 5 * K4)
#define HOLE_SIZE (8 * M1)

static uint8_t *memory;
static struct vmm_pagepool pool;
static struct vmm_nested map;

/* Pages that must never have more than these rights. */
static struct { uint64_t gpa; unsigned prot; } watch[4];
static unsigned watched;
static uint64_t watched_stores;

void vmm_assert_failed(const char *expr, const char *func, const char *file,
		       int line)
{
	(void)func;
	mock_assert(0, expr, file, line);
	abort();
}

static void record_store(uint64_t *slot, uint64_t value)
{
	*slot = value;
	for (unsigned i = 0; i < watched; i++) {
		struct vmm_pt_leaf leaf;

		vmm_pt_lookup(&map.pt, watch[i].gpa, &leaf);
		assert_int_equal(leaf.prot & ~watch[i].prot, 0);
		watched_stores++;
	}
}

static void new_pool(unsigned pages)
{
	free(memory);
	memory = aligned_alloc(K4, (pages + 1) * K4);
	assert_int_equal(vmm_pagepool_init(&pool, memory, (pages + 1) * K4), 0);
	assert_int_equal(pool.free_pages, pages);
}

static uint64_t pages_used(void)
{
	return pool.pages - pool.free_pages;
}

/* As OVMF sets them on a PC: PCI hole and VGA uncached, the rest WB. */
static struct vmm_mtrr pc_types(void)
{
	struct vmm_mtrr m = { .cap = 0x508, .def_type = 0xc06,
			      .phys_bits = 40 };

	m.fixed[0] = m.fixed[1] = UINT64_C(0x0606060606060606);
	for (unsigned i = 3; i < VMM_MTRR_FIXED; i++)
		m.fixed[i] = UINT64_C(0x0505050505050505);
	m.var[0].base = 2 * G1;
	m.var[0].mask = UINT64_C(0xff80000800);
	return m;
}

static const struct vmm_pt_format *format(bool ept)
{
	return ept ? &vmm_pt_ept : &vmm_pt_npt;
}

static int build(bool ept, unsigned max_leaf, uint64_t top)
{
	struct vmm_mtrr m = pc_types();

	watched = 0;
	return vmm_nested_init(&map, format(ept), &pool, &m, ept, max_leaf,
			       m.phys_bits, top);
}

static void finish(void)
{
	watched = 0;
	vmm_nested_destroy(&map);
	assert_int_equal(pages_used(), 0);
}

/* --- what the map should be --- */

static const struct vmm_nested_hook *find_hook(uint64_t gpa)
{
	for (unsigned i = 0; i < map.hook_count; i++)
		if (gpa >= map.hooks[i].gpa &&
		    gpa - map.hooks[i].gpa < map.hooks[i].size)
			return &map.hooks[i];
	return NULL;
}

static unsigned wanted_type(uint64_t gpa)
{
	return map.leaf_types ? vmm_mtrr_type(&map.mtrr, gpa) : VMM_MT_WB;
}

/* A leaf of plain memory; coarse: it may be UC for want of memory. */
static void check_plain(const struct vmm_pt_leaf *leaf, bool coarse)
{
	enum vmm_memtype mt;
	bool one = vmm_mtrr_run(&map.mtrr, leaf->va, leaf->size, &mt) ==
		   leaf->size;

	assert_int_equal(leaf->pa, leaf->va);
	assert_int_equal(leaf->prot, VMM_PT_RWX);
	for (unsigned i = 0; i < map.hook_count; i++)
		assert_false(leaf->va < map.hooks[i].gpa &&
			     leaf->va + leaf->size > map.hooks[i].gpa);
	if (!coarse)
		assert_true(one);
	if (one || !map.leaf_types)
		assert_int_equal(leaf->mt, wanted_type(leaf->va));
	else
		assert_int_equal(leaf->mt, VMM_MT_UC);
}

static void check_hook(const struct vmm_pt_leaf *leaf,
		       const struct vmm_nested_hook *hook)
{
	assert_true(leaf->va >= hook->gpa &&
		    leaf->va + leaf->size <= hook->gpa + hook->size);
	assert_int_equal(leaf->prot, hook->prot);
	assert_int_equal(leaf->pa, hook->same ? hook->target :
			 hook->target + (leaf->va - hook->gpa));
	if (hook->target == hook->gpa)
		assert_int_equal(leaf->mt, wanted_type(leaf->va));
	else
		assert_int_equal(leaf->mt, VMM_MT_WB);
}

/* Everything up to the limit is mapped and right, and what there is above. */
static void check_all(bool coarse)
{
	struct vmm_pt_leaf leaf;
	uint64_t at = 0;

	while (vmm_pt_next(&map.pt, at, &leaf)) {
		const struct vmm_nested_hook *hook = find_hook(leaf.va);

		while (leaf.va > at && at < map.limit) {
			const struct vmm_nested_hook *gap = find_hook(at);

			assert_non_null(gap);
			assert_int_equal(gap->prot, 0);
			at = gap->gpa + gap->size;
		}
		if (hook)
			check_hook(&leaf, hook);
		else
			check_plain(&leaf, coarse);
		at = leaf.va + leaf.size;
	}
	assert_true(at >= map.limit);
	assert_true(at <= map.end);
}

/* --- tests --- */

static void pages_taken(void **state)
{
	static const struct {
		unsigned max_leaf;
		uint64_t top, limit, tables;
	} cases[] = {
		/* root, two for the terabyte, two for the first gigabyte */
		{ 3, 2 * G1, T1, 1 + 2 + 1 + 1 },
		{ 3, 8 * G1, T1, 1 + 2 + 1 + 1 },
		{ 3, 512 * G1, T1, 1 + 2 + 1 + 1 },
		/* root, third level, one a gigabyte, first 2 MiB */
		{ 2, 2 * G1, 4 * G1, 1 + 1 + 4 + 1 },
		{ 2, 8 * G1 - 5 * M1, 8 * G1, 1 + 1 + 8 + 1 },
		{ 2, 512 * G1, 512 * G1, 1 + 1 + 512 + 1 },
	};

	(void)state;
	for (unsigned i = 0; i < 2 * VMM_ARRAY_SIZE(cases); i++) {
		unsigned c = i / 2;

		new_pool(1000);
		assert_int_equal(build(i % 2, cases[c].max_leaf, cases[c].top),
				 0);
		assert_int_equal(map.limit, cases[c].limit);
		assert_int_equal(map.end, T1);
		assert_int_equal(pages_used(), cases[c].tables + OWN_PAGES);
		check_all(false);
		/* 8 MiB across five tables of 4 KiB pages */
		assert_int_equal(vmm_nested_hide(&map, HOLE, HOLE_SIZE), 0);
		assert_int_equal(pages_used(), cases[c].tables + OWN_PAGES + 5 +
				 (cases[c].max_leaf == 3));
		check_all(false);
		finish();
	}
}

static void address_space_sizes(void **state)
{
	struct vmm_mtrr m = pc_types();

	(void)state;
	new_pool(600);
	m.phys_bits = 52;
	assert_int_equal(vmm_nested_init(&map, &vmm_pt_npt, &pool, &m, false,
					 3, 52, 8 * G1), 0);
	assert_int_equal(map.end, T1 * 256);
	assert_int_equal(map.limit, T1 * 4);
	assert_int_equal(vmm_nested_fault(&map, T1 * 256 - 1, true), 0);
	assert_int_equal(vmm_nested_fault(&map, T1 * 256, false), -EFAULT);
	assert_int_equal(vmm_nested_fault(&map, UINT64_MAX, true), -EFAULT);
	check_all(false);
	finish();
	/* memory above what is cheap */
	assert_int_equal(vmm_nested_init(&map, &vmm_pt_npt, &pool, &m, false,
					 3, 48, 6 * T1), 0);
	assert_int_equal(map.limit, T1 * 6);
	finish();
	assert_int_equal(vmm_nested_init(&map, &vmm_pt_npt, &pool, &m, false,
					 2, 36, 2 * G1), 0);
	assert_int_equal(map.end, 64 * G1);
	assert_int_equal(map.limit, 4 * G1);
	assert_int_equal(map.memory_end, 4 * G1);
	finish();
	assert_int_equal(vmm_nested_init(&map, &vmm_pt_npt, &pool, &m, false,
					 2, 20, 2 * G1), -EINVAL);
	assert_int_equal(vmm_nested_init(&map, &vmm_pt_npt, &pool, &m, false,
					 4, 40, 2 * G1), -EINVAL);
	assert_int_equal(pages_used(), 0);
}

static void types_as_the_mtrrs(void **state)
{
	struct vmm_pt_leaf leaf;

	(void)state;
	new_pool(100);
	assert_int_equal(build(true, 3, 2 * G1), 0);
	assert_true(vmm_pt_lookup(&map.pt, 0xa0000, &leaf));
	assert_int_equal(leaf.size, K4);
	assert_int_equal(leaf.mt, VMM_MT_UC);
	assert_true(vmm_pt_lookup(&map.pt, 0xfffff, &leaf));
	assert_int_equal(leaf.mt, VMM_MT_WP);
	assert_true(vmm_pt_lookup(&map.pt, M2, &leaf));
	assert_int_equal(leaf.size, M2);
	assert_true(vmm_pt_lookup(&map.pt, G1, &leaf));
	assert_int_equal(leaf.size, G1);
	assert_int_equal(leaf.mt, VMM_MT_WB);
	assert_true(vmm_pt_lookup(&map.pt, 3 * G1, &leaf));
	assert_int_equal(leaf.size, G1);
	assert_int_equal(leaf.mt, VMM_MT_UC);
	finish();
	/* nested paging: the same leaves, all WB */
	assert_int_equal(build(false, 3, 2 * G1), 0);
	assert_true(vmm_pt_lookup(&map.pt, 0xa0000, &leaf));
	assert_int_equal(leaf.size, K4);
	assert_int_equal(leaf.mt, VMM_MT_WB);
	finish();
}

static void hidden_memory(void **state)
{
	const uint64_t last = HOLE + HOLE_SIZE - 1;
	struct vmm_pt_leaf leaf;

	(void)state;
	for (unsigned ept = 0; ept < 2; ept++) {
		new_pool(100);
		assert_int_equal(build(ept, 3, 2 * G1), 0);
		assert_int_equal(vmm_nested_hide(&map, HOLE + 1, K4), -EINVAL);
		assert_int_equal(vmm_nested_hide(&map, HOLE, 0), -EINVAL);
		assert_int_equal(vmm_nested_hide(&map, T1 - K4, 2 * K4),
				 -EINVAL);
		assert_int_equal(map.generation, 0);
		assert_int_equal(vmm_nested_hide(&map, HOLE, HOLE_SIZE), 0);
		assert_int_equal(map.generation, 1);
		assert_int_equal(vmm_nested_hide(&map, HOLE, HOLE_SIZE),
				 -EEXIST);
		assert_int_equal(vmm_nested_fault(&map, HOLE, true), -EACCES);
		assert_int_equal(vmm_nested_fault(&map, last, true), -EACCES);
		assert_int_equal(vmm_nested_fault(&map, last, false), 0);
		assert_int_equal(vmm_nested_fault(&map, HOLE - 1, true), 0);
		assert_int_equal(vmm_nested_fault(&map, last + 1, true), 0);
		assert_true(vmm_pt_lookup(&map.pt, last, &leaf));
		assert_int_equal(leaf.pa, map.zero_page);
		assert_int_equal(leaf.prot, VMM_PT_R | VMM_PT_X);
		check_all(false);
		finish();
	}
}

static void write_windows(void **state)
{
	const uint64_t junk = 0x5000;
	struct vmm_pt_leaf leaf;
	uint64_t used;

	(void)state;
	new_pool(100);
	assert_int_equal(build(false, 3, 2 * G1), 0);
	assert_int_equal(vmm_nested_hide(&map, HOLE, HOLE_SIZE), 0);
	used = pages_used();
	assert_int_equal(vmm_nested_window_open(&map, HOLE - 1, junk), -EINVAL);
	assert_int_equal(vmm_nested_window_open(&map, HOLE + HOLE_SIZE, junk),
			 -EINVAL);
	assert_int_equal(vmm_nested_window_open(&map, HOLE + 0x123, junk), 0);
	assert_int_equal(vmm_nested_window_open(&map, HOLE + 9 * K4, junk), 0);
	assert_true(vmm_pt_lookup(&map.pt, HOLE, &leaf));
	assert_int_equal(leaf.pa, junk);
	assert_int_equal(leaf.size, K4);
	assert_int_equal(leaf.prot, VMM_PT_RWX);
	assert_int_equal(vmm_nested_fault(&map, HOLE + 5, true), 0);
	assert_int_equal(vmm_nested_fault(&map, HOLE + K4, true), -EACCES);
	vmm_nested_window_close(&map, HOLE + 0x123);
	vmm_nested_window_close(&map, HOLE + 9 * K4);
	vmm_nested_window_close(&map, HOLE - 1);	/* none there */
	assert_int_equal(vmm_nested_fault(&map, HOLE + 5, true), -EACCES);
	assert_int_equal(pages_used(), used);
	check_all(false);
	finish();
}

static void filled_on_demand(void **state)
{
	struct vmm_pt_leaf leaf;

	(void)state;
	for (unsigned ept = 0; ept < 2; ept++) {
		new_pool(100);
		assert_int_equal(build(ept, 2, 2 * G1), 0);
		assert_false(vmm_pt_lookup(&map.pt, 100 * G1, &leaf));
		assert_int_equal(vmm_nested_fault(&map, 100 * G1 + 12345, true),
				 0);
		assert_true(vmm_pt_lookup(&map.pt, 101 * G1 - 1, &leaf));
		assert_int_equal(leaf.size, M2);
		assert_false(vmm_pt_lookup(&map.pt, 101 * G1, &leaf));
		assert_int_equal(map.generation, 0);	/* nothing to flush */
		assert_int_equal(vmm_nested_fault(&map, T1 - 1, false), 0);
		assert_int_equal(vmm_nested_fault(&map, T1, false), -EFAULT);
		check_all(false);
		finish();
	}
}

static void hooks(void **state)
{
	const uint64_t apic = 0xfee00000, bar = 700 * G1 + 7 * K4;
	struct vmm_pt_leaf leaf;

	(void)state;
	for (unsigned ept = 0; ept < 2; ept++) {
		new_pool(100);
		assert_int_equal(build(ept, 2, 2 * G1), 0);
		assert_int_equal(vmm_nested_set(&map, apic, 1, 0, apic), 0);
		assert_int_equal(vmm_nested_fault(&map, apic, false), -EPERM);
		assert_int_equal(vmm_nested_fault(&map, apic + K4, true), 0);
		assert_int_equal(vmm_nested_set(&map, apic, 1, VMM_PT_R, apic),
				 0);
		assert_int_equal(vmm_nested_fault(&map, apic, true), -EPERM);
		check_all(false);
		/* the same page, other memory */
		assert_int_equal(vmm_nested_set(&map, apic, 1, VMM_PT_RWX,
						0x7000), 0);
		assert_int_equal(vmm_nested_fault(&map, apic, true), 0);
		check_all(false);
		/* above the filled part; the gigabyte around it comes later */
		assert_int_equal(vmm_nested_set(&map, bar, 4, VMM_PT_R, bar),
				 0);
		assert_int_equal(vmm_nested_fault(&map, bar, true), -EPERM);
		assert_false(vmm_pt_lookup(&map.pt, bar - K4, &leaf));
		assert_int_equal(vmm_nested_fault(&map, bar - 1, true), 0);
		assert_int_equal(vmm_nested_fault(&map, bar, true), -EPERM);
		check_all(false);
		assert_int_equal(map.hook_count, 2);
		assert_int_equal(vmm_nested_set(&map, bar, 4, VMM_PT_RWX, bar),
				 0);
		assert_int_equal(vmm_nested_set(&map, apic, 1, VMM_PT_RWX,
						apic), 0);
		assert_int_equal(map.hook_count, 0);
		assert_int_equal(map.generation, 6);
		check_all(false);
		finish();
	}
}

static void hooks_refused(void **state)
{
	const uint64_t at = 3 * G1;

	(void)state;
	new_pool(200);
	assert_int_equal(build(false, 3, 2 * G1), 0);
	assert_int_equal(vmm_nested_hide(&map, HOLE, HOLE_SIZE), 0);
	assert_int_equal(vmm_nested_set(&map, at + 1, 1, 0, at + 1), -EINVAL);
	assert_int_equal(vmm_nested_set(&map, at, 0, 0, at), -EINVAL);
	assert_int_equal(vmm_nested_set(&map, at, 1, VMM_PT_W, at), -EINVAL);
	assert_int_equal(vmm_nested_set(&map, at, 1, 8, at), -EINVAL);
	assert_int_equal(vmm_nested_set(&map, at, 1, 0, at + 1), -EINVAL);
	assert_int_equal(vmm_nested_set(&map, T1, 1, 0, at), -EINVAL);
	assert_int_equal(vmm_nested_set(&map, at, UINT64_MAX / K4, 0, at),
			 -EINVAL);
	assert_int_equal(vmm_nested_set(&map, at, UINT64_MAX, 0, at), -EINVAL);
	assert_int_equal(vmm_nested_set(&map, HOLE, HOLE_SIZE / K4, 0, HOLE),
			 -EINVAL);
	assert_int_equal(vmm_nested_set(&map, HOLE - K4, 2, 0, at), -EINVAL);
	assert_int_equal(vmm_nested_set(&map, at, 4, 0, at), 0);
	assert_int_equal(vmm_nested_set(&map, at, 3, 0, at), -EINVAL);
	assert_int_equal(vmm_nested_set(&map, at + K4, 4, 0, at), -EINVAL);
	for (unsigned i = 2; i < VMM_NESTED_HOOKS; i++)
		assert_int_equal(vmm_nested_set(&map, at + i * M2, 1, 0, at),
				 0);
	assert_int_equal(vmm_nested_set(&map, at + M2, 1, 0, at), -ENOSPC);
	check_all(false);
	finish();
	/* not the memory of a hook either */
	assert_int_equal(build(false, 3, 2 * G1), 0);
	assert_int_equal(vmm_nested_set(&map, HOLE, 1, 0, HOLE), 0);
	assert_int_equal(vmm_nested_hide(&map, HOLE, HOLE_SIZE), -EINVAL);
	finish();
}

static void no_memory_to_start(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		unsigned failures = 0;

		for (unsigned pages = 1; ; pages++) {
			int error;

			new_pool(pages);
			error = build(i % 2, 2 + i / 2, 8 * G1);
			if (!error)
				error = vmm_nested_hide(&map, HOLE, HOLE_SIZE);
			if (!error)
				break;
			failures++;
			assert_int_equal(error, -ENOMEM);
			if (map.pt.root)
				check_all(false);
			finish();
		}
		check_all(false);
		assert_int_equal(failures, pages_used() - 1);
		finish();
	}
}

/* The guest walks over all addresses with memory for a few tables: each
 * access succeeds at the latest when the caller has flushed. */
static void demand_without_memory(void **state)
{
	const uint64_t bar = 9 * G1 + 5 * K4;
	unsigned drops = 0;

	(void)state;
	for (unsigned ept = 0; ept < 2; ept++) {
		new_pool(7 + OWN_PAGES + 6);
		assert_int_equal(build(ept, 2, 2 * G1), 0);
		assert_int_equal(vmm_nested_set(&map, bar, 2, VMM_PT_R, bar),
				 0);
		watch[0].gpa = bar + K4;
		watch[0].prot = VMM_PT_R;
		watched = 1;
		for (uint64_t gpa = 4 * G1; gpa < T1; gpa += G1 / 2) {
			uint64_t seen = map.generation;
			struct vmm_pt_leaf leaf;

			assert_int_equal(vmm_nested_fault(&map, gpa, true), 0);
			if (map.generation != seen) {
				drops++;
				vmm_nested_flushed(&map);
				assert_int_equal(vmm_nested_fault(&map, gpa,
								  true), 0);
				assert_int_equal(map.generation, seen + 1);
			}
			assert_true(vmm_pt_lookup(&map.pt, gpa, &leaf));
			assert_int_equal(vmm_nested_fault(&map, bar, true),
					 -EPERM);
			if (gpa % (64 * G1) == 0)
				check_all(false);
		}
		check_all(false);
		finish();
	}
	assert_in_range(drops, 300, 1000);
	assert_true(watched_stores > 10000);
}

/* Before the flush another CPU only waits. */
static void demand_while_others_flush(void **state)
{
	uint64_t gpa = 4 * G1;

	(void)state;
	new_pool(7 + OWN_PAGES + 3);
	assert_int_equal(build(false, 2, 2 * G1), 0);
	for (; map.generation == 0; gpa += G1)
		assert_int_equal(vmm_nested_fault(&map, gpa, true), 0);
	assert_true(map.to_bury);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(vmm_nested_fault(&map, gpa, true), 0);
	assert_int_equal(map.generation, 1);
	assert_int_equal(pool.free_pages, 0);
	vmm_nested_flushed(&map);
	vmm_nested_flushed(&map);
	assert_int_equal(vmm_nested_fault(&map, gpa, true), 0);
	check_all(false);
	finish();
}

/* If dropping all does not help, say so instead of trying for ever. */
static void demand_without_any_memory(void **state)
{
	(void)state;
	for (unsigned spare = 0; spare < 2; spare++) {
		new_pool(7 + OWN_PAGES + spare);
		assert_int_equal(build(true, 2, 2 * G1), 0);
		for (unsigned i = 0; i < 3; i++) {
			assert_int_equal(vmm_nested_fault(&map, 600 * G1, true),
					 -ENOMEM);
			vmm_nested_flushed(&map);
		}
		assert_int_equal(pool.free_pages, spare);
		check_all(false);
		finish();
	}
}

static void hook_without_memory(void **state)
{
	const uint64_t at = G1 + 7 * M2 - K4;

	(void)state;
	for (unsigned ept = 0; ept < 2; ept++)
		for (unsigned spare = 0; spare < 4; spare++) {
			int want = spare < 3 ? -ENOMEM : 0;

			new_pool(5 + OWN_PAGES + spare);
			assert_int_equal(build(ept, 3, 2 * G1), 0);
			assert_int_equal(vmm_nested_set(&map, at, 2, VMM_PT_R,
							at), want);
			assert_int_equal(map.hook_count, want == 0);
			check_all(false);
			finish();
		}
}

/* --- types that change --- */

static uint64_t random64(void)
{
	return (uint64_t)rand() << 40 ^ (uint64_t)rand() << 20 ^ rand();
}

/* A few ranges of sizes from 4 KiB to 2 GiB anywhere in 16 GiB. */
static struct vmm_mtrr random_types(void)
{
	static const unsigned types[] = { 0, 1, 4, 5, 6, 6 };
	struct vmm_mtrr m = pc_types();

	if (rand() % 8 == 0)
		m.def_type = 0xc00 | types[rand() % 6];
	if (rand() % 8 == 0)
		m.fixed[rand() % VMM_MTRR_FIXED] = 0;
	for (unsigned i = 1 + rand() % 4; i < 8; i++) {
		uint64_t size = K4 << rand() % 20;

		m.var[i].base = (random64() % (16 * G1) & -size) |
				types[rand() % 6];
		m.var[i].mask = (UINT64_C(0xffffffffff) & -size) | 0x800;
		if (rand() % 8 == 0)
			m.var[i].mask &= ~(G1 << rand() % 4);
	}
	return m;
}

static void follow_types(void **state)
{
	(void)state;
	srand(5);
	for (unsigned i = 0; i < 120; i++) {
		bool ept = i % 2;

		new_pool(3000);
		assert_int_equal(build(ept, 2 + i / 2 % 2, 3 * G1), 0);
		assert_int_equal(vmm_nested_hide(&map, HOLE, HOLE_SIZE), 0);
		assert_int_equal(vmm_nested_set(&map, 3 * G1, 512, VMM_PT_R,
						3 * G1), 0);
		assert_int_equal(vmm_nested_set(&map, 5 * G1 + K4, 5, 0,
						5 * G1 + K4), 0);
		watch[0].gpa = HOLE + K4;
		watch[0].prot = VMM_PT_R | VMM_PT_X;
		watch[1].gpa = 3 * G1 + M1;
		watch[1].prot = VMM_PT_R;
		watch[2].gpa = 5 * G1 + 3 * K4;
		watch[2].prot = 0;
		watched = 3;
		assert_int_equal(vmm_nested_fault(&map, 5 * G1, true), 0);
		assert_int_equal(vmm_nested_fault(&map, 900 * G1, true), 0);
		for (unsigned k = 0; k < 4; k++) {
			struct vmm_mtrr m = random_types();
			uint64_t seen = map.generation;

			assert_int_equal(vmm_nested_retype(&map, &m), 0);
			assert_int_equal(map.generation, seen + 1);
			check_all(false);
		}
		finish();
	}
}

static void follow_types_without_memory(void **state)
{
	unsigned failures = 0;

	(void)state;
	srand(6);
	for (unsigned i = 0; i < 300; i++) {
		unsigned spare = rand() % 12;
		struct vmm_mtrr m;

		new_pool(5 + OWN_PAGES + 6 + spare);
		assert_int_equal(build(i % 2, 3, 3 * G1), 0);
		assert_int_equal(vmm_nested_hide(&map, HOLE, HOLE_SIZE), 0);
		for (unsigned k = 0; k < 3; k++) {
			int error;

			m = random_types();
			error = vmm_nested_retype(&map, &m);
			assert_true(error == 0 || error == -ENOMEM);
			check_all(error != 0);
			failures += error != 0;
		}
		/* better when there is memory again: the old types need less */
		m = pc_types();
		if (vmm_nested_retype(&map, &m) == 0)
			check_all(false);
		finish();
	}
	assert_in_range(failures, 100, 900);
}

static int cleanup(void **state)
{
	(void)state;
	free(memory);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_taken),
		cmocka_unit_test(address_space_sizes),
		cmocka_unit_test(types_as_the_mtrrs),
		cmocka_unit_test(hidden_memory),
		cmocka_unit_test(write_windows),
		cmocka_unit_test(filled_on_demand),
		cmocka_unit_test(hooks),
		cmocka_unit_test(hooks_refused),
		cmocka_unit_test(no_memory_to_start),
		cmocka_unit_test(demand_without_memory),
		cmocka_unit_test(demand_while_others_flush),
		cmocka_unit_test(demand_without_any_memory),
		cmocka_unit_test(hook_without_memory),
		cmocka_unit_test(follow_types),
		cmocka_unit_test(follow_types_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, cleanup);
}
