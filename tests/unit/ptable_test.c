/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Page-table engine.  The test is the hardware: it walks the tables with its
 * own knowledge of the formats, after every single store that the engine
 * makes to a table that a processor could be walking.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <vmm/paging.h>

/* The engine's source is part of this program, so that each of its atomic
 * stores comes by here; plain stores are found by comparing with a shadow. */
static void record_store(uint64_t *slot, uint64_t value);
#define __atomic_store_n(slot, value, order) record_store((slot), (value))
#include "mm/ptable.c"
#undef __atomic_store_n

#define K4	UINT64_C(0x1000)
#define M2	UINT64_C(0x200000)
#define G1	UINT64_C(0x40000000)
/* A window that crosses a boundary of the top-level table. */
#define WIN	(511 * G1)
#define WIN_PAGES (2 * G1 / K4)

/* --- memory for tables, at "physical" addresses above the host's --- */

#define ARENA_PAGES 2048
#define ARENA_PA UINT64_C(0x7000000000)
static uint64_t arena[ARENA_PAGES][512] __attribute__((aligned(4096)));
static uint64_t shadow[ARENA_PAGES][512];
static bool in_use[ARENA_PAGES], reachable[ARENA_PAGES];
static unsigned level_of[ARENA_PAGES];	/* of reachable ones */
static unsigned allocated, alloc_limit;

static void *arena_alloc(void *ctx)
{
	assert_ptr_equal(ctx, arena);
	if (allocated >= alloc_limit)
		return NULL;
	for (unsigned i = 0; i < ARENA_PAGES; i++) {
		if (in_use[i])
			continue;
		in_use[i] = true;
		allocated++;
		memset(arena[i], 0, K4);
		return arena[i];
	}
	return NULL;
}

static unsigned arena_index(const void *p)
{
	size_t offset = (const char *)p - (const char *)arena;

	assert_true(offset < sizeof(arena));
	return offset / K4;
}

static void arena_free(void *ctx, void *table)
{
	unsigned i = arena_index(table);

	(void)ctx;
	assert_true(in_use[i]);
	in_use[i] = false;
	reachable[i] = false;
	allocated--;
	memset(arena[i], 0xee, K4);
}

static uint64_t arena_to_pa(void *ctx, void *table)
{
	(void)ctx;
	return ARENA_PA + arena_index(table) * K4;
}

static void *arena_to_va(void *ctx, uint64_t pa)
{
	(void)ctx;
	assert_true(pa >= ARENA_PA && pa < ARENA_PA + sizeof(arena));
	assert_true(in_use[(pa - ARENA_PA) / K4]);
	return arena[(pa - ARENA_PA) / K4];
}

static const struct vmm_pt_mem mem = {
	arena_alloc, arena_free, arena_to_pa, arena_to_va
};

/* --- the processor's walk; a translation is pa | prot | mt << 3, 0 none --- */

enum kind { NPT, HOST, EPT, KINDS };
static const struct vmm_pt_format *const formats[KINDS] = {
	&vmm_pt_npt, &vmm_pt_host, &vmm_pt_ept
};
static enum kind kind;
static struct vmm_pt pt;

static uint64_t walk_ept(uint64_t va)
{
	uint64_t pa = ARENA_PA, entry = 0, rights = 7;
	int shift;

	for (shift = 39; ; shift -= 9) {
		entry = arena[(pa - ARENA_PA) / K4][va >> shift & 511];
		if (!(entry & 7))
			return 0;
		/* write or execute without read: misconfiguration */
		assert_true(entry & 1);
		rights &= entry;
		pa = entry & UINT64_C(0xffffffffff000);
		if (shift == 12 || (entry & 0x80))
			break;
		assert_int_equal(entry & 0xf8, 0);	/* reserved */
		assert_true(pa >= ARENA_PA);
	}
	assert_true(shift <= 30);
	assert_int_equal(entry & 0x40, 0);	/* the guest's PAT counts */
	assert_int_equal(entry >> 52, 0);
	assert_int_equal(pa & ((UINT64_C(1) << shift) - 1), 0);
	return pa | rights | (entry >> 3 & 7) << 3 |
	       (va & ((UINT64_C(1) << shift) - 1) & ~(K4 - 1));
}

static uint64_t walk_amd64(uint64_t va)
{
	/* PAT after reset: WB WT UC- UC; UC- does not occur in our tables */
	static const uint64_t pat[4] = { 6, 4, 99, 0 };
	uint64_t pa = ARENA_PA, entry = 0;
	bool write = true, exec = true, user = true;
	int shift;

	for (shift = 39; ; shift -= 9) {
		entry = arena[(pa - ARENA_PA) / K4][va >> shift & 511];
		if (!(entry & 1))
			return 0;
		write = write && (entry & 2);
		user = user && (entry & 4);
		exec = exec && !(entry >> 63);
		assert_true(entry & 0x20);		/* accessed */
		pa = entry & UINT64_C(0xffffffffff000);
		if (shift == 12 || (entry & 0x80))
			break;
		assert_true(pa >= ARENA_PA);
	}
	assert_true(shift <= 30);
	assert_true(entry & 0x40);			/* dirty */
	assert_int_equal(entry & 0x100, 0);		/* not global */
	assert_true(shift == 12 ? !(entry & 0x80) : !(entry & 0x1000));
	assert_int_equal(user, kind == NPT);
	assert_int_equal(pa & ((UINT64_C(1) << shift) - 1), 0);
	return pa | 1 | (write ? 2 : 0) | (exec ? 4 : 0) |
	       pat[entry >> 3 & 3] << 3 |
	       (va & ((UINT64_C(1) << shift) - 1) & ~(K4 - 1));
}

static uint64_t walk(uint64_t va)
{
	return kind == EPT ? walk_ept(va) : walk_amd64(va);
}

/* --- the model: one translation a page of the window --- */

static uint64_t model[WIN_PAGES];

static uint64_t translation(uint64_t pa, unsigned prot, unsigned mt)
{
	if (!prot)
		return 0;
	if (kind != EPT && mt != VMM_MT_WB && mt != VMM_MT_WT)
		mt = VMM_MT_UC;
	return pa | prot | (uint64_t)mt << 3;
}

struct op {
	uint64_t va, pa, size;
	unsigned prot, mt;
	bool same;
};

static uint64_t op_result(const struct op *op, uint64_t va)
{
	return translation(op->same ? op->pa : op->pa + (va - op->va),
			   op->prot, op->mt);
}

static bool op_covers(const struct op *op, uint64_t va)
{
	return va >= op->va && va - op->va < op->size;
}

static void model_apply(const struct op *op)
{
	for (uint64_t va = op->va; va < op->va + op->size; va += K4)
		model[(va - WIN) / K4] = op_result(op, va);
}

/* --- the recorder --- */

#define PROBES 24
static struct {
	bool on, full;		/* full: look at every page of the window */
	struct op op;
	uint64_t probe[PROBES];
	unsigned live_stores;
} rec;

static void mark_reachable(uint64_t *table, unsigned level)
{
	unsigned n = arena_index(table);

	assert_false(reachable[n]);		/* a table has one parent */
	assert_true(in_use[n]);
	reachable[n] = true;
	level_of[n] = level;
	memcpy(shadow[n], table, K4);
	for (unsigned i = 0; i < 512 && level > 1; i++)
		if ((table[i] & 7) && !(table[i] & 0x80))
			mark_reachable(arena_to_va(arena, table[i] &
					UINT64_C(0xffffffffff000)), level - 1);
}

static void check_page(uint64_t va)
{
	uint64_t now = walk(va), before = model[(va - WIN) / K4];

	if (now == before)
		return;
	if (!op_covers(&rec.op, va))
		fail_msg("%s: outside of the request, %#lx became %#lx, was %#lx",
			 pt.fmt->name, va, now, before);
	if (now != op_result(&rec.op, va))
		fail_msg("%s: %#lx is %#lx: neither as before (%#lx) nor as asked",
			 pt.fmt->name, va, now, before);
}

static void check_shadow(void)
{
	for (unsigned i = 0; i < ARENA_PAGES; i++)
		if (reachable[i] && memcmp(arena[i], shadow[i], K4))
			fail_msg("table %u changed by an unordered store", i);
}

static void check_state(void)
{
	if (rec.full) {
		for (uint64_t i = 0; i < WIN_PAGES; i++)
			check_page(WIN + i * K4);
		return;
	}
	for (unsigned i = 0; i < PROBES; i++)
		check_page(rec.probe[i]);
}

static void record_store(uint64_t *slot, uint64_t value)
{
	unsigned n = arena_index(slot), level = level_of[n];
	bool sample;

	assert_int_equal((uintptr_t)slot % 8, 0);
	if (!rec.on || !reachable[n]) {
		*slot = value;
		return;
	}
	sample = rec.live_stores < 16 || rec.live_stores % 4096 == 0;
	rec.live_stores++;
	if (sample)
		check_shadow();
	*slot = value;
	shadow[n][slot - arena[n]] = value;
	if (level > 1 && (value & 7) && !(value & 0x80))
		mark_reachable(arena_to_va(arena, value &
				UINT64_C(0xffffffffff000)), level - 1);
	if (sample)
		check_state();
}

static uint64_t clamp_page(uint64_t va)
{
	if (va < WIN)
		return WIN;
	return va < WIN + 2 * G1 ? va : WIN + 2 * G1 - K4;
}

static uint64_t random64(void)
{
	return (uint64_t)rand() << 40 ^ (uint64_t)rand() << 20 ^ rand();
}

/* The edges of the request, those of the larger pages around them, and some
 * pages anywhere. */
static void choose_probes(const struct op *op)
{
	uint64_t end = op->va + op->size;
	uint64_t at[] = {
		op->va, op->va - K4, end, end - K4,
		op->va & ~(M2 - 1), (op->va & ~(M2 - 1)) - K4,
		op->va & ~(G1 - 1), (op->va & ~(G1 - 1)) - K4,
		(end | (M2 - 1)) + 1 - K4, (end | (M2 - 1)) + 1,
		(end | (G1 - 1)) + 1 - K4, (end | (G1 - 1)) + 1,
		op->va + op->size / 2 / K4 * K4,
	};
	unsigned i;

	for (i = 0; i < VMM_ARRAY_SIZE(at); i++)
		rec.probe[i] = clamp_page(at[i]);
	for (; i < PROBES; i++)
		rec.probe[i] = WIN + random64() % WIN_PAGES * K4;
}

static int call(const struct op *op)
{
	return (op->same ? vmm_pt_map_same : vmm_pt_map)
		(&pt, op->va, op->pa, op->size, op->prot, op->mt);
}

/* Run op under observation; on success the model follows. */
static int run(const struct op *op)
{
	int error;

	rec.op = *op;
	rec.live_stores = 0;
	choose_probes(op);
	rec.on = true;
	error = call(op);
	rec.on = false;
	check_shadow();
	check_state();
	if (!error)
		model_apply(op);
	return error;
}

static void compare_all(void)
{
	for (uint64_t i = 0; i < WIN_PAGES; i++)
		if (walk(WIN + i * K4) != model[i])
			fail_msg("%s: %#lx is %#lx, model has %#lx",
				 pt.fmt->name, (unsigned long)(WIN + i * K4),
				 walk(WIN + i * K4), model[i]);
}

static void begin(enum kind k, unsigned max_leaf)
{
	kind = k;
	alloc_limit = ARENA_PAGES;
	allocated = 0;
	memset(in_use, 0, sizeof(in_use));
	memset(reachable, 0, sizeof(reachable));
	memset(model, 0, sizeof(model));
	memset(&rec, 0, sizeof(rec));
	assert_int_equal(vmm_pt_init(&pt, formats[k], &mem, arena,
				     max_leaf), 0);
	assert_int_equal(vmm_pt_root_pa(&pt), ARENA_PA);
	mark_reachable(pt.root, 4);
}

static void end(void)
{
	vmm_pt_destroy(&pt);
	assert_null(pt.root);
	assert_int_equal(allocated, 0);
	vmm_pt_destroy(&pt);	/* nothing left: does nothing */
}

/* --- tests --- */

/* The bits as the manuals have them. */
static void entries_as_in_the_manuals(void **state)
{
	(void)state;
	/* 2 MiB, user, writable, NX, dirty, accessed, WB */
	assert_true(vmm_pt_npt.leaf(0x40000000, 2, VMM_PT_R | VMM_PT_W,
				    VMM_MT_WB) == UINT64_C(0x80000000400000e7));
	assert_true(vmm_pt_npt.leaf(0x1000, 1, VMM_PT_R | VMM_PT_X,
				    VMM_MT_WB) == UINT64_C(0x1065));
	assert_true(vmm_pt_npt.leaf(0x1000, 1, VMM_PT_R | VMM_PT_X,
				    VMM_MT_UC) == UINT64_C(0x107d));
	assert_true(vmm_pt_npt.table(0x5000) == UINT64_C(0x5027));
	assert_true(vmm_pt_host.leaf(0x1000, 1, VMM_PT_R | VMM_PT_W,
				     VMM_MT_WT) ==
		    UINT64_C(0x800000000000106b));
	assert_true(vmm_pt_host.leaf(0x80000000, 3, VMM_PT_R, VMM_MT_WC) ==
		    UINT64_C(0x80000000800000f9));
	assert_true(vmm_pt_host.table(0x5000) == UINT64_C(0x5023));
	assert_true(vmm_pt_ept.leaf(0x40000000, 3, VMM_PT_RWX, VMM_MT_WB) ==
		    UINT64_C(0x400000b7));
	assert_true(vmm_pt_ept.leaf(0x1000, 1, VMM_PT_R | VMM_PT_X,
				    VMM_MT_WP) == UINT64_C(0x102d));
	assert_true(vmm_pt_ept.leaf(0x1000, 1, VMM_PT_R, VMM_MT_UC) ==
		    UINT64_C(0x1001));
	assert_true(vmm_pt_ept.table(0x5000) == UINT64_C(0x5007));
}

static const struct op whole = { WIN, WIN, 2 * G1, VMM_PT_RWX, VMM_MT_WB, 0 };

/* One page out of a 1 GiB leaf: two tables, three live stores, and no page of
 * the window ever missing. */
static void split_of_1g_leaf(void **state)
{
	const struct op page = { WIN + G1 / 2 + 5 * K4, 0x1000, K4, VMM_PT_R,
				 VMM_MT_WB, false };

	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		begin(k, 3);
		assert_int_equal(run(&whole), 0);
		assert_int_equal(allocated, 3);
		assert_int_equal(rec.live_stores, 4);
		rec.full = true;
		assert_int_equal(run(&page), 0);
		assert_int_equal(allocated, 5);
		assert_int_equal(rec.live_stores, 3);
		compare_all();
		end();
	}
}

static void split_of_2m_leaf(void **state)
{
	const struct op hole = { WIN + M2 + K4, 0, 7 * K4, 0, VMM_MT_WB, false };

	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		begin(k, 2);
		assert_int_equal(run(&whole), 0);
		assert_int_equal(allocated, 5);
		rec.full = true;
		assert_int_equal(run(&hole), 0);
		assert_int_equal(allocated, 6);
		assert_int_equal(rec.live_stores, 8);
		compare_all();
		end();
	}
}

/* Unmapping what is not mapped takes no memory and no store. */
static void nothing_to_do(void **state)
{
	struct op op = whole;

	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		begin(k, 3);
		op.prot = 0;
		assert_int_equal(run(&op), 0);
		assert_int_equal(allocated, 1);
		assert_int_equal(rec.live_stores, 0);
		end();
	}
}

/* No leaf crosses the ends of a range that was mapped, even if the
 * translation is the same on both sides. */
static void ends_are_ends_of_leaves(void **state)
{
	const struct op part = { WIN + 3 * M2, WIN + 3 * M2, M2 + K4,
				 VMM_PT_RWX, VMM_MT_WB, false };
	struct vmm_pt_leaf leaf;

	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		begin(k, 3);
		assert_int_equal(run(&whole), 0);
		assert_int_equal(run(&part), 0);
		compare_all();
		assert_true(vmm_pt_lookup(&pt, part.va, &leaf));
		assert_int_equal(leaf.va, part.va);
		assert_int_equal(leaf.size, M2);
		assert_true(vmm_pt_lookup(&pt, part.va + part.size, &leaf));
		assert_int_equal(leaf.va, part.va + part.size);
		end();
	}
}

/* Everything above an address goes, tables and all, nothing below it. */
static void detach_and_bury(void **state)
{
	static const struct { uint64_t at; unsigned tables_left; } cases[] = {
		{ 0, 2 }, { G1, 3 }, { 2 * G1, 6 }, { 3 * G1, 6 },
	};
	const struct op page = { WIN + G1 + 7 * K4, 0x7000, K4, VMM_PT_R,
				 VMM_MT_WB, false };

	(void)state;
	for (unsigned i = 0; i < 4 * KINDS; i++) {
		uint64_t *const graves[2] = { calloc(1, K4), calloc(1, K4) };
		struct op gone = { WIN + cases[i / KINDS].at, 0, 0, 0, 0, 0 };

		begin(i % KINDS, 2);
		assert_int_equal(run(&whole), 0);
		assert_int_equal(run(&page), 0);
		assert_int_equal(allocated, 6);
		gone.size = WIN + 2 * G1 < gone.va ? 0 :
			    WIN + 2 * G1 - gone.va;
		rec.op = gone;
		rec.full = rec.on = true;
		rec.live_stores = 0;
		assert_int_equal(vmm_pt_detach(&pt, gone.va, graves),
				 cases[i / KINDS].tables_left < 6);
		rec.on = false;
		check_shadow();
		check_state();
		model_apply(&gone);
		compare_all();
		assert_int_equal(allocated, 6);		/* not yet */
		vmm_pt_bury(&pt, graves);
		compare_all();
		assert_int_equal(allocated, cases[i / KINDS].tables_left);
		vmm_pt_bury(&pt, graves);		/* nothing left */
		assert_false(vmm_pt_detach(&pt, gone.va, graves));
		assert_int_equal(run(&whole), 0);
		compare_all();
		end();
		free(graves[0]);
		free(graves[1]);
	}
}

/* One page in many places, as the VMM's memory shows to the guest. */
static void all_to_one_page(void **state)
{
	const struct op same = { WIN + G1 + 3 * K4, 0x9000, 3 * M2,
				 VMM_PT_R | VMM_PT_X, VMM_MT_WB, true };

	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		begin(k, 3);
		assert_int_equal(run(&whole), 0);
		assert_int_equal(run(&same), 0);
		assert_int_equal(allocated, 3 + 1 + 4);
		compare_all();
		end();
	}
}

static void lookup_tells_the_leaf(void **state)
{
	struct vmm_pt_leaf leaf;
	const struct op page = { WIN + M2 + K4, 0x7000, K4, VMM_PT_R,
				 VMM_MT_UC, false };
	const struct op hole = { WIN + 8 * M2, 0, 2 * M2, 0, 0, false };

	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		begin(k, 3);
		assert_int_equal(run(&whole), 0);
		assert_true(vmm_pt_lookup(&pt, WIN + 0x123456, &leaf));
		assert_int_equal(leaf.va, WIN);
		assert_int_equal(leaf.pa, WIN);
		assert_int_equal(leaf.size, G1);
		assert_int_equal(run(&page), 0);
		assert_int_equal(run(&hole), 0);
		assert_true(vmm_pt_lookup(&pt, WIN + M2 + K4 + 5, &leaf));
		assert_int_equal(leaf.va, WIN + M2 + K4);
		assert_int_equal(leaf.pa, 0x7000);
		assert_int_equal(leaf.size, K4);
		assert_int_equal(leaf.prot, VMM_PT_R);
		assert_int_equal(leaf.mt, VMM_MT_UC);
		assert_true(vmm_pt_lookup(&pt, WIN + 2 * M2, &leaf));
		assert_int_equal(leaf.size, M2);
		assert_int_equal(leaf.prot, VMM_PT_RWX);
		assert_int_equal(leaf.mt, VMM_MT_WB);
		assert_false(vmm_pt_lookup(&pt, WIN + 9 * M2, &leaf));
		assert_int_equal(leaf.size, 0);
		assert_false(vmm_pt_lookup(&pt, 0, &leaf));
		assert_false(vmm_pt_lookup(&pt, UINT64_C(1) << 48, &leaf));
		assert_false(vmm_pt_lookup(&pt, UINT64_MAX, &leaf));
		end();
	}
}

static void bad_arguments(void **state)
{
	static const struct op bad[] = {
		{ WIN + 1, WIN, K4, 7, 6, 0 },
		{ WIN, WIN + 0x10, K4, 7, 6, 0 },
		{ WIN, WIN, K4 + 1, 7, 6, 0 },
		{ WIN, WIN, K4, 8, 6, 0 },
		{ WIN, WIN, K4, VMM_PT_W, 6, 0 },
		{ WIN, WIN, K4, VMM_PT_X, 6, 0 },
		{ UINT64_C(1) << 48, 0, K4, 7, 6, 0 },
		{ (UINT64_C(1) << 48) - K4, 0, 2 * K4, 7, 6, 0 },
		{ K4, 0, -K4, 7, 6, 0 },
		{ -K4, 0, K4, 7, 6, 0 },
		{ WIN, UINT64_C(1) << 52, K4, 7, 6, 0 },
		{ WIN, (UINT64_C(1) << 52) - K4, 2 * K4, 7, 6, 0 },
		{ WIN, UINT64_C(1) << 52, 2 * K4, 7, 6, 1 },
	};
	const struct op last = { (UINT64_C(1) << 48) - K4,
				 (UINT64_C(1) << 52) - K4, K4, 7, 6, 0 };
	struct vmm_pt other;

	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		begin(k, 3);
		for (unsigned i = 0; i < VMM_ARRAY_SIZE(bad); i++)
			assert_int_equal(call(&bad[i]), -EINVAL);
		assert_int_equal(allocated, 1);
		assert_int_equal(call(&last), 0);
		assert_true(walk(last.va) == translation(last.pa, 7, 6));
		assert_int_equal(vmm_pt_init(&other, formats[k], &mem, arena,
					     0),
				 -EINVAL);
		assert_int_equal(vmm_pt_init(&other, formats[k], &mem, arena,
					     4),
				 -EINVAL);
		alloc_limit = allocated;
		assert_int_equal(vmm_pt_init(&other, formats[k], &mem, arena,
					     3),
				 -ENOMEM);
		end();
	}
}

/* The part of the range before some point is as asked, the rest as before. */
static void check_prefix(const struct op *op)
{
	bool done = true;

	for (uint64_t va = op->va; va < op->va + op->size; va += K4) {
		uint64_t now = walk(va);

		if (done && now != op_result(op, va))
			done = false;
		if (!done)
			assert_int_equal(now, model[(va - WIN) / K4]);
	}
}

static void out_of_memory_anywhere(void **state)
{
	static const struct op ops[] = {
		{ WIN + G1 - 3 * M2 - K4, 0x200000, 6 * M2, VMM_PT_R, 6, 0 },
		{ WIN + 5 * K4, 0x1000, 2 * M2, VMM_PT_RWX, 0, 0 },
		{ WIN + G1 - M2, 0x3000, 2 * M2, VMM_PT_R, 6, 1 },
		{ WIN + G1 + K4, 0, G1 - 2 * K4, 0, 6, 0 },
	};
	unsigned failures = 0;

	(void)state;
	for (unsigned k = 0; k < KINDS; k++)
	for (unsigned i = 0; i < VMM_ARRAY_SIZE(ops); i++) {
		int error = -ENOMEM;

		for (unsigned extra = 0; error; extra++) {
			begin(k, 3);
			assert_int_equal(run(&whole), 0);
			alloc_limit = allocated + extra;
			error = run(&ops[i]);
			if (!error)
				break;
			assert_int_equal(error, -ENOMEM);
			failures++;
			check_prefix(&ops[i]);
			alloc_limit = ARENA_PAGES;
			assert_int_equal(run(&ops[i]), 0); /* picks it up */
			compare_all();
			end();
		}
		end();
	}
	assert_int_equal(failures, KINDS * (9 + 4 + 4 + 3));
}

static struct op random_op(void)
{
	static const uint64_t grain[] = { K4, K4, M2, M2, G1 };
	static const unsigned types[] = { 0, 1, 4, 5, 6, 6, 6 };
	static const unsigned prots[] = { 0, 1, 3, 5, 7, 7, 7 };
	uint64_t g = grain[rand() % 5], room;
	struct op op = { 0 };

	op.va = WIN + random64() % (2 * G1) / g * g;
	room = (WIN + 2 * G1 - op.va) / g;
	op.size = (1 + random64() % (room < 20 ? room : 20)) * g;
	op.pa = rand() % 2 ? op.va : random64() % (UINT64_C(1) << 45) / K4 * K4;
	if (rand() % 3 == 0)
		op.pa = op.pa / g * g;
	op.prot = prots[rand() % 7];
	op.mt = types[rand() % 7];
	op.same = op.size <= 40 * M2 && rand() % 8 == 0;
	return op;
}

static void lookup_agrees(void)
{
	for (unsigned i = 0; i < 1000; i++) {
		uint64_t va = WIN + random64() % (2 * G1), want = walk(va);
		struct vmm_pt_leaf leaf;
		bool found = vmm_pt_lookup(&pt, va, &leaf);

		assert_int_equal(found, want != 0);
		if (found)
			assert_int_equal((leaf.pa + (va - leaf.va)) / K4 * K4 |
					 leaf.prot | leaf.mt << 3, want);
	}
}

static void random_against_flat_model(void **state)
{
	(void)state;
	srand(7);
	for (unsigned round = 0; round < 18; round++) {
		begin(round % KINDS, 1 + round / KINDS % 3);
		for (unsigned i = 0; i < 30; i++) {
			struct op op = random_op();
			int error;

			alloc_limit = rand() % 6 ? ARENA_PAGES :
				      allocated + rand() % 4;
			error = run(&op);
			if (error) {
				assert_int_equal(error, -ENOMEM);
				check_prefix(&op);
				alloc_limit = ARENA_PAGES;
				assert_int_equal(run(&op), 0);
			}
		}
		compare_all();
		lookup_agrees();
		end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_as_in_the_manuals),
		cmocka_unit_test(split_of_1g_leaf),
		cmocka_unit_test(split_of_2m_leaf),
		cmocka_unit_test(nothing_to_do),
		cmocka_unit_test(ends_are_ends_of_leaves),
		cmocka_unit_test(detach_and_bury),
		cmocka_unit_test(all_to_one_page),
		cmocka_unit_test(lookup_tells_the_leaf),
		cmocka_unit_test(bad_arguments),
		cmocka_unit_test(out_of_memory_anywhere),
		cmocka_unit_test(random_against_flat_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
