/* SPDX-License-Identifier: BSD-3-Clause */
/* MTRRs: known register sets, and random ones against a model that looks at
 * one byte at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <vmm/compiler.h>
#include <vmm/mtrr.h>

#define K4	UINT64_C(0x1000)
#define M1	UINT64_C(0x100000)
#define G1	UINT64_C(0x40000000)
#define E	UINT64_C(0x800)
#define FE	UINT64_C(0x400)
#define V	UINT64_C(0x800)
#define MOD_EN	(UINT64_C(1) << 19)
#define TOM2	(UINT64_C(3) << 21)

/* What OVMF sets on a PC with 2 GiB: WB, [2 GiB, 4 GiB) UC, VGA UC. */
static struct vmm_mtrr pc(void)
{
	struct vmm_mtrr m = { .cap = 0x508, .def_type = E | FE | VMM_MT_WB,
			      .phys_bits = 40 };

	m.fixed[0] = m.fixed[1] = UINT64_C(0x0606060606060606);
	for (unsigned i = 3; i < VMM_MTRR_FIXED; i++)
		m.fixed[i] = UINT64_C(0x0505050505050505);
	m.var[0].base = 2 * G1 | VMM_MT_UC;
	m.var[0].mask = UINT64_C(0xff80000000) | V;
	return m;
}

static void types_of_a_pc(void **state)
{
	struct vmm_mtrr m = pc();
	enum vmm_memtype t;

	(void)state;
	assert_int_equal(vmm_mtrr_type(&m, 0), VMM_MT_WB);
	assert_int_equal(vmm_mtrr_type(&m, 0x9ffff), VMM_MT_WB);
	assert_int_equal(vmm_mtrr_type(&m, 0xa0000), VMM_MT_UC);
	assert_int_equal(vmm_mtrr_type(&m, 0xc0000), VMM_MT_WP);
	assert_int_equal(vmm_mtrr_type(&m, 2 * G1 - 1), VMM_MT_WB);
	assert_int_equal(vmm_mtrr_type(&m, 2 * G1), VMM_MT_UC);
	assert_int_equal(vmm_mtrr_type(&m, 4 * G1 - 1), VMM_MT_UC);
	assert_int_equal(vmm_mtrr_type(&m, 4 * G1), VMM_MT_WB);

	assert_int_equal(vmm_mtrr_run(&m, 0, 512 * G1, &t), 0xa0000);
	assert_int_equal(t, VMM_MT_WB);
	assert_int_equal(vmm_mtrr_run(&m, 0xa0000, 512 * G1, &t), 0x20000);
	assert_int_equal(t, VMM_MT_UC);
	assert_int_equal(vmm_mtrr_run(&m, M1, 512 * G1, &t), 2 * G1 - M1);
	assert_int_equal(vmm_mtrr_run(&m, 2 * G1, 512 * G1, &t), 2 * G1);
	assert_int_equal(vmm_mtrr_run(&m, 4 * G1, 512 * G1, &t), 512 * G1);
	assert_int_equal(vmm_mtrr_run(&m, 4 * G1, K4, &t), K4);
	assert_int_equal(t, VMM_MT_WB);
	assert_int_equal(vmm_mtrr_run(&m, -K4, 2 * K4, &t), K4);
}

static void enable_bits(void **state)
{
	struct vmm_mtrr m = pc();
	enum vmm_memtype t;

	(void)state;
	m.def_type = FE | VMM_MT_WB;
	assert_int_equal(vmm_mtrr_type(&m, 0), VMM_MT_UC);
	assert_int_equal(vmm_mtrr_type(&m, 4 * G1), VMM_MT_UC);
	assert_int_equal(vmm_mtrr_run(&m, 0, 512 * G1, &t), 512 * G1);
	assert_int_equal(t, VMM_MT_UC);
	m.def_type = E | VMM_MT_WT;
	assert_int_equal(vmm_mtrr_type(&m, 0xa0000), VMM_MT_WT);
	assert_int_equal(vmm_mtrr_run(&m, 0, 512 * G1, &t), 2 * G1);
	assert_int_equal(t, VMM_MT_WT);
	/* without fixed registers FE means nothing */
	m.def_type = E | FE | VMM_MT_WT;
	m.cap &= ~UINT64_C(0x100);
	assert_int_equal(vmm_mtrr_type(&m, 0xa0000), VMM_MT_WT);
	/* a range that is not valid, and one that the CPU does not have */
	m.var[0].mask &= ~V;
	assert_int_equal(vmm_mtrr_type(&m, 2 * G1), VMM_MT_WT);
	m.var[0].mask |= V;
	m.cap &= ~UINT64_C(0xff);
	assert_int_equal(vmm_mtrr_type(&m, 2 * G1), VMM_MT_WT);
}

static void each_fixed_range(void **state)
{
	static const unsigned types[] = { 0, 1, 4, 5, 6 };
	struct vmm_mtrr m = pc();
	uint64_t pa = 0, size;

	(void)state;
	for (unsigned i = 0; i < 88; i++) {
		size = i < 8 ? 0x10000 : i < 24 ? 0x4000 : 0x1000;
		for (unsigned k = 0; k < 5; k++) {
			m.fixed[i / 8] &= ~(UINT64_C(0xff) << i % 8 * 8);
			m.fixed[i / 8] |= (uint64_t)types[k] << i % 8 * 8;
			assert_int_equal(vmm_mtrr_type(&m, pa), types[k]);
			assert_int_equal(vmm_mtrr_type(&m, pa + size - 1),
					 types[k]);
		}
		pa += size;
	}
	assert_int_equal(pa, M1);
}

/* SDM vol. 3, 12.11.4.1 */
static void overlaps(void **state)
{
	static const struct { unsigned a, b, result; } cases[] = {
		{ 6, 6, 6 }, { 0, 6, 0 }, { 6, 0, 0 }, { 0, 0, 0 },
		{ 4, 6, 4 }, { 6, 4, 4 }, { 4, 4, 4 }, { 1, 1, 1 },
		{ 0, 4, 0 }, { 1, 0, 0 }, { 5, 5, 5 },
		/* undefined ones are UC here */
		{ 1, 6, 0 }, { 5, 6, 0 }, { 1, 4, 0 }, { 5, 4, 0 }, { 1, 5, 0 },
	};
	struct vmm_mtrr m = pc();

	(void)state;
	for (unsigned i = 0; i < VMM_ARRAY_SIZE(cases); i++) {
		m.var[3].base = 8 * G1 | cases[i].a;
		m.var[3].mask = UINT64_C(0xffc0000000) | V;
		m.var[5].base = 8 * G1 | cases[i].b;
		m.var[5].mask = UINT64_C(0xfff0000000) | V;
		assert_int_equal(vmm_mtrr_type(&m, 8 * G1), cases[i].result);
		assert_int_equal(vmm_mtrr_type(&m, 9 * G1 - 1), cases[i].a);
	}
}

static void reserved_types_are_uncached(void **state)
{
	struct vmm_mtrr m = pc();

	(void)state;
	m.fixed[0] = UINT64_C(0x00ff860702030606);
	for (unsigned i = 2; i < 8; i++)
		assert_int_equal(vmm_mtrr_type(&m, i * 0x10000), VMM_MT_UC);
	m.var[0].base = 2 * G1 | 3;
	assert_int_equal(vmm_mtrr_type(&m, 2 * G1), VMM_MT_UC);
	m.def_type = E | 7;
	assert_int_equal(vmm_mtrr_type(&m, 0), VMM_MT_UC);
	/* WC where MTRRCAP does not have it */
	m.var[0].base = 2 * G1 | VMM_MT_WC;
	assert_int_equal(vmm_mtrr_type(&m, 2 * G1), VMM_MT_WC);
	m.cap &= ~UINT64_C(0x400);
	assert_int_equal(vmm_mtrr_type(&m, 2 * G1), VMM_MT_UC);
}

/* A mask with holes makes several pieces. */
static void discontiguous_masks(void **state)
{
	struct vmm_mtrr m = pc();
	enum vmm_memtype t;

	(void)state;
	/* bits 30 and 28 free: 8G, 8G + 256M, 9G, 9G + 256M */
	m.var[0].base = 8 * G1 | VMM_MT_UC;
	m.var[0].mask = (UINT64_C(0xfff0000000) & ~(G1 | G1 / 4)) | V;
	assert_int_equal(vmm_mtrr_run(&m, M1, 99 * G1, &t), 8 * G1 - M1);
	assert_int_equal(vmm_mtrr_run(&m, 8 * G1, 99 * G1, &t), G1 / 2);
	assert_int_equal(t, VMM_MT_UC);
	assert_int_equal(vmm_mtrr_run(&m, 8 * G1 + G1 / 2, 99 * G1, &t),
			 G1 / 2);
	assert_int_equal(t, VMM_MT_WB);
	assert_int_equal(vmm_mtrr_run(&m, 9 * G1, 99 * G1, &t), G1 / 2);
	assert_int_equal(vmm_mtrr_run(&m, 9 * G1 + G1 / 2, 9 * G1, &t), 9 * G1);
	/* no mask bits at all: everything */
	m.var[0].mask = V;
	assert_int_equal(vmm_mtrr_run(&m, M1, 99 * G1, &t), 99 * G1);
	assert_int_equal(t, VMM_MT_UC);
}

static void top_mem2(void **state)
{
	struct vmm_mtrr m = pc();
	enum vmm_memtype t;

	(void)state;
	m.def_type = E | VMM_MT_UC;
	m.var[1].base = 5 * G1 | VMM_MT_WT;
	m.var[1].mask = UINT64_C(0xffc0000000) | V;
	m.syscfg = TOM2;
	m.top_mem2 = 8 * G1 | 0x7fffff;		/* low bits do not count */
	assert_int_equal(vmm_mtrr_type(&m, 4 * G1 - 1), VMM_MT_UC);
	assert_int_equal(vmm_mtrr_type(&m, 4 * G1), VMM_MT_WB);
	assert_int_equal(vmm_mtrr_type(&m, 5 * G1), VMM_MT_WT);
	assert_int_equal(vmm_mtrr_type(&m, 8 * G1 - 1), VMM_MT_WB);
	assert_int_equal(vmm_mtrr_type(&m, 8 * G1), VMM_MT_UC);
	assert_int_equal(vmm_mtrr_run(&m, 6 * G1, 99 * G1, &t), 2 * G1);
	m.syscfg = TOM2 & (TOM2 << 1);		/* one of the two bits */
	assert_int_equal(vmm_mtrr_type(&m, 4 * G1), VMM_MT_UC);
	m.syscfg = TOM2 & (TOM2 >> 1);
	assert_int_equal(vmm_mtrr_type(&m, 4 * G1), VMM_MT_UC);
	m.syscfg = TOM2;
	m.def_type = VMM_MT_WB;			/* E is off */
	assert_int_equal(vmm_mtrr_type(&m, 4 * G1), VMM_MT_UC);
}

/* --- the model --- */

static unsigned model_valid(const struct vmm_mtrr *m, unsigned t)
{
	if (t == 1)
		return m->cap >> 10 & 1;
	return t == 0 || t == 4 || t == 5 || t == 6;
}

static unsigned model_type(const struct vmm_mtrr *m, uint64_t pa)
{
	uint64_t phys = (UINT64_C(1) << m->phys_bits) - 1;
	bool seen[256] = { false };
	unsigned n = 0, only = 0, t;

	if (!(m->def_type >> 11 & 1))
		return 0;
	if (pa < M1 && (m->def_type >> 10 & 1) && (m->cap >> 8 & 1)) {
		if (pa < 0x80000)
			t = m->fixed[0] >> (pa >> 16) * 8;
		else if (pa < 0xc0000)
			t = m->fixed[1 + (pa - 0x80000 >= 0x20000)] >>
			    (pa >> 14 & 7) * 8;
		else
			t = m->fixed[3 + ((pa - 0xc0000) >> 15)] >>
			    (pa >> 12 & 7) * 8;
		t &= m->syscfg & MOD_EN ? 0xe7 : 0xff;
		return model_valid(m, t) ? t : 0;
	}
	for (unsigned i = 0; i < (m->cap & 255) && i < 32; i++) {
		uint64_t mask = m->var[i].mask & phys & ~(K4 - 1);

		if (!(m->var[i].mask & V) ||
		    (pa & mask) != (m->var[i].base & mask))
			continue;
		t = m->var[i].base & 255;
		t = model_valid(m, t) ? t : 0;
		n += !seen[t];
		seen[t] = true;
		only = t;
	}
	if (n == 1)
		return only;
	if (n == 2 && seen[VMM_MT_WB] && seen[VMM_MT_WT])
		return VMM_MT_WT;
	if (n)
		return 0;
	if ((m->syscfg & TOM2) == TOM2 && pa >= 4 * G1 &&
	    pa < m->top_mem2 / (8 * M1) * (8 * M1))
		return 6;
	return model_valid(m, m->def_type & 255) ? m->def_type & 255 : 0;
}

static uint64_t random64(void)
{
	return (uint64_t)rand() << 40 ^ (uint64_t)rand() << 20 ^ rand();
}

static unsigned random_type(void)
{
	static const unsigned types[] = { 0, 1, 4, 5, 6, 6, 6, 4, 0 };

	return rand() % 40 ? types[rand() % 9] : (unsigned)rand() % 256;
}

/* Ranges in and around [window, window + 16 MiB), some with odd masks. */
static struct vmm_mtrr random_registers(uint64_t window)
{
	struct vmm_mtrr m = { .phys_bits = 33 + rand() % 8 };
	uint64_t phys = (UINT64_C(1) << m.phys_bits) - 1;

	m.cap = rand() % 12 | (rand() % 4 ? 0x500 : (uint64_t)rand() % 8 << 8);
	if (rand() % 16 == 0)
		m.cap |= 0xff;
	m.def_type = random_type() | (rand() % 8 ? E | FE :
				      (uint64_t)rand() % 4 << 10);
	for (unsigned i = 0; i < VMM_MTRR_FIXED; i++)
		for (unsigned k = 0; k < 8; k++)
			m.fixed[i] |= (uint64_t)(random_type() |
				(rand() % 8 ? 0 : 0x18)) << 8 * k;
	for (unsigned i = 0; i < VMM_MTRR_MAX_VARIABLE; i++) {
		unsigned bits = 12 + rand() % 14;

		m.var[i].base = ((window + random64() % (16 * M1)) &
				 ~(K4 - 1) & phys) | random_type();
		m.var[i].mask = phys & ~((UINT64_C(1) << bits) - 1);
		if (rand() % 3 == 0)
			m.var[i].mask &= ~(random64() & random64());
		m.var[i].mask &= ~(K4 - 1);
		m.var[i].mask |= rand() % 5 ? V : 0;
	}
	m.syscfg = rand() % 2 ? 0 : (TOM2 | MOD_EN) & random64();
	m.top_mem2 = 4 * G1 + random64() % (16 * M1);
	return m;
}

static void run_equals_a_scan(void **state)
{
	static const uint64_t windows[] = { 0, 0, 4 * G1 - 8 * M1, 5 * G1 };

	(void)state;
	srand(3);
	for (unsigned round = 0; round < 4000; round++) {
		uint64_t window = windows[rand() % 4];
		uint64_t size = 16 * M1, at = 0, run;
		struct vmm_mtrr m = random_registers(window);
		enum vmm_memtype t;

		for (; at < size; at += run) {
			run = vmm_mtrr_run(&m, window + at, size - at, &t);
			assert_in_range(run, K4, size - at);
			assert_int_equal(run % K4, 0);
			for (uint64_t i = 0; i < run; i += K4)
				assert_int_equal(model_type(&m, window + at + i),
						 t);
			if (at + run < size)
				assert_int_not_equal(t, model_type(&m,
							window + at + run));
		}
		for (unsigned i = 0; i < 500; i++) {
			at = window + random64() % size;
			assert_int_equal(vmm_mtrr_type(&m, at),
					 model_type(&m, at));
		}
	}
}

/* Far beyond any window: the end of a run is where the type changes, and
 * samples inside have the one type. */
static void run_over_all_memory(void **state)
{
	(void)state;
	srand(4);
	for (unsigned round = 0; round < 300; round++) {
		struct vmm_mtrr m = random_registers(0);
		uint64_t limit = UINT64_C(1) << 41, at = 0, run;
		enum vmm_memtype t;

		for (unsigned n = 0; n < 200 && at < limit; n++, at += run) {
			run = vmm_mtrr_run(&m, at, limit - at, &t);
			assert_int_equal(model_type(&m, at), t);
			assert_int_equal(model_type(&m, at + run - 1), t);
			for (unsigned i = 0; i < 20; i++)
				assert_int_equal(model_type(&m, at +
						 random64() % run), t);
			if (at + run < limit)
				assert_int_not_equal(model_type(&m, at + run),
						     t);
		}
	}
}

static void registers_by_number(void **state)
{
	struct vmm_mtrr m = pc();
	unsigned count = 0;

	(void)state;
	for (uint32_t msr = 0; msr < 0x1000; msr++)
		count += vmm_mtrr_is_msr(msr);
	assert_int_equal(count, 2 + 11 + 2 * VMM_MTRR_MAX_VARIABLE);
	assert_false(vmm_mtrr_is_msr(0xc0010010));
	assert_false(vmm_mtrr_is_msr(0x277));
	assert_ptr_equal(vmm_mtrr_reg(&m, 0xfe), &m.cap);
	assert_ptr_equal(vmm_mtrr_reg(&m, 0x2ff), &m.def_type);
	assert_ptr_equal(vmm_mtrr_reg(&m, 0x200), &m.var[0].base);
	assert_ptr_equal(vmm_mtrr_reg(&m, 0x20f), &m.var[7].mask);
	assert_null(vmm_mtrr_reg(&m, 0x210));	/* VCNT is 8 */
	assert_ptr_equal(vmm_mtrr_reg(&m, 0x250), &m.fixed[0]);
	assert_ptr_equal(vmm_mtrr_reg(&m, 0x258), &m.fixed[1]);
	assert_ptr_equal(vmm_mtrr_reg(&m, 0x259), &m.fixed[2]);
	assert_ptr_equal(vmm_mtrr_reg(&m, 0x268), &m.fixed[3]);
	assert_ptr_equal(vmm_mtrr_reg(&m, 0x26f), &m.fixed[10]);
	assert_null(vmm_mtrr_reg(&m, 0x251));
	assert_null(vmm_mtrr_reg(&m, 0x1ff));
	m.cap = 0xff;				/* more than we have room for */
	assert_ptr_equal(vmm_mtrr_reg(&m, 0x23f), &m.var[31].mask);
	assert_null(vmm_mtrr_reg(&m, 0x240));
	assert_null(vmm_mtrr_reg(&m, 0x250));	/* FIX is clear */
}

static void what_may_be_written(void **state)
{
	struct vmm_mtrr m = pc();	/* 40 bits, VCNT 8, FIX, WC */

	(void)state;
	assert_false(vmm_mtrr_write_ok(&m, 0xfe, 0x508));
	assert_false(vmm_mtrr_write_ok(&m, 0x277, 0));
	assert_true(vmm_mtrr_write_ok(&m, 0x2ff, 0xc06));
	assert_true(vmm_mtrr_write_ok(&m, 0x2ff, 0));
	assert_false(vmm_mtrr_write_ok(&m, 0x2ff, 0xc02));
	assert_false(vmm_mtrr_write_ok(&m, 0x2ff, 0xd06));
	assert_false(vmm_mtrr_write_ok(&m, 0x2ff, 0x1c06));
	assert_false(vmm_mtrr_write_ok(&m, 0x2ff, UINT64_C(1) << 63));

	assert_true(vmm_mtrr_write_ok(&m, 0x200, UINT64_C(0xfffffff001)));
	assert_false(vmm_mtrr_write_ok(&m, 0x200, UINT64_C(0xfffffff007)));
	assert_false(vmm_mtrr_write_ok(&m, 0x200, UINT64_C(0x10000000006)));
	assert_false(vmm_mtrr_write_ok(&m, 0x200, 0x106));
	assert_true(vmm_mtrr_write_ok(&m, 0x201, UINT64_C(0xfffffff800)));
	assert_true(vmm_mtrr_write_ok(&m, 0x201, 0));
	assert_false(vmm_mtrr_write_ok(&m, 0x201, UINT64_C(0xfffffff801)));
	assert_false(vmm_mtrr_write_ok(&m, 0x201, UINT64_C(0x1fffffff800)));
	assert_true(vmm_mtrr_write_ok(&m, 0x20f, 0x800));
	assert_false(vmm_mtrr_write_ok(&m, 0x210, 6));

	assert_true(vmm_mtrr_write_ok(&m, 0x26f, UINT64_C(0x0001040506060606)));
	assert_false(vmm_mtrr_write_ok(&m, 0x26f,
				       UINT64_C(0x0201040506060606)));
	assert_false(vmm_mtrr_write_ok(&m, 0x250, 0x1e));
	assert_false(vmm_mtrr_write_ok(&m, 0x251, 0));
	m.syscfg = MOD_EN;
	assert_true(vmm_mtrr_write_ok(&m, 0x250, 0x1e));
	assert_false(vmm_mtrr_write_ok(&m, 0x250, 0x2e));
	m.cap = 8;
	assert_false(vmm_mtrr_write_ok(&m, 0x250, 6));
	assert_false(vmm_mtrr_write_ok(&m, 0x200, VMM_MT_WC));
	m.phys_bits = 52;
	assert_true(vmm_mtrr_write_ok(&m, 0x200, UINT64_C(0xffffffffff006)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types_of_a_pc),
		cmocka_unit_test(enable_bits),
		cmocka_unit_test(each_fixed_range),
		cmocka_unit_test(overlaps),
		cmocka_unit_test(reserved_types_are_uncached),
		cmocka_unit_test(discontiguous_masks),
		cmocka_unit_test(top_mem2),
		cmocka_unit_test(run_equals_a_scan),
		cmocka_unit_test(run_over_all_memory),
		cmocka_unit_test(registers_by_number),
		cmocka_unit_test(what_may_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
