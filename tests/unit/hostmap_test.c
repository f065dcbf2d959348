/* SPDX-License-Identifier: BSD-3-Clause */
/* The VMM's own map: every leaf has the rights that its address should have,
 * and none can be both written and executed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#include <mm/hostmap.h>
#include <vmm/error.h>
#include <vmm/panic.h>

#define K4	UINT64_C(0x1000)
#define M2	UINT64_C(0x200000)
#define G1	UINT64_C(0x40000000)
#define PAGES	200
#define R	VMM_PT_R
#define RW	(VMM_PT_R | VMM_PT_W)
#define RX	(VMM_PT_R | VMM_PT_X)

static uint8_t *memory;
static struct vmm_pagepool pool;
static struct vmm_pt pt;

void vmm_assert_failed(const char *expr, const char *func, const char *file,
		       int line)
{
	(void)func;
	mock_assert(0, expr, file, line);
	abort();
}

static const struct vmm_hostmap_image image = {
	.text_start = 5 * G1 - 3 * K4, .text_end = 5 * G1 + M2 + 123,
	.rodata_start = 5 * G1 + M2 + K4, .rodata_end = 5 * G1 + M2 + 4 * K4,
	.data_start = 5 * G1 + 2 * M2, .data_end = 5 * G1 + 3 * M2 + 1,
};

/* [2 GiB, 4 GiB) uncached, VGA too, the rest WB */
static const struct vmm_mtrr types = {
	.cap = 0x508, .def_type = 0xc06, .phys_bits = 40,
	.fixed = { UINT64_C(0x0606060606060606), UINT64_C(0x0606060606060606) },
	.var = { { 2 * G1, UINT64_C(0xff80000800) } },
};

static void new_pool(unsigned pages)
{
	free(memory);
	memory = aligned_alloc(K4, (pages + 1) * K4);
	assert_int_equal(vmm_pagepool_init(&pool, memory, (pages + 1) * K4), 0);
}

static unsigned wanted(uint64_t va)
{
	if (va >= image.text_start && va < image.text_end)
		return RX;
	if (va >= image.rodata_start && va < image.rodata_end)
		return R;
	return RW;
}

/* Every page of [0, top) is mapped to itself with the wanted rights. */
static void check_all(uint64_t top, uint64_t guard)
{
	struct vmm_pt_leaf leaf;
	uint64_t at = 0;

	for (; vmm_pt_next(&pt, at, &leaf); at = leaf.va + leaf.size) {
		enum vmm_memtype mt;

		if (leaf.va > at) {
			assert_int_equal(at, guard);
			assert_int_equal(leaf.va, guard + K4);
		}
		assert_int_equal(leaf.pa, leaf.va);
		assert_int_equal(leaf.mt, VMM_MT_WB);
		assert_false((leaf.prot & VMM_PT_W) && (leaf.prot & VMM_PT_X));
		assert_int_equal(leaf.prot, wanted(leaf.va));
		for (uint64_t i = 0; i < leaf.size && leaf.size < G1; i += K4)
			assert_int_equal(leaf.prot, wanted(leaf.va + i));
		if (leaf.size == G1)
			assert_true(leaf.va + G1 <= image.text_start ||
				    leaf.va >= image.data_end);
		assert_int_equal(vmm_mtrr_run(&types, leaf.va, leaf.size, &mt),
				 leaf.size);
	}
	assert_int_equal(at, top);
}

static void rights_of_every_page(void **state)
{
	const uint64_t guard = 6 * G1 + 5 * K4;

	(void)state;
	new_pool(PAGES);
	for (unsigned max_leaf = 2; max_leaf <= 3; max_leaf++) {
		assert_int_equal(vmm_hostmap_build(&pt, &pool, &image, &types,
						   max_leaf, 8 * G1), 0);
		check_all(8 * G1, 0);
		assert_int_equal(vmm_hostmap_guard(&pt, guard), 0);
		check_all(8 * G1, guard);
		assert_int_equal(vmm_hostmap_guard(&pt, guard + 1), -EINVAL);
		vmm_pt_destroy(&pt);
		assert_int_equal(pool.free_pages, PAGES);
	}
}

static void memory_taken(void **state)
{
	(void)state;
	new_pool(PAGES);
	assert_int_equal(vmm_hostmap_build(&pt, &pool, &image, &types, 3,
					   8 * G1), 0);
	/* root, third level; two each for the first gigabyte and the end of
	 * the fifth; sixth: one and three of 4 KiB pages */
	assert_int_equal(PAGES - pool.free_pages, 2 + 2 + 2 + 1 + 2);
	vmm_pt_destroy(&pt);
}

static void out_of_memory(void **state)
{
	unsigned pages = 1;

	(void)state;
	for (; ; pages++) {
		int error;

		new_pool(pages);
		error = vmm_hostmap_build(&pt, &pool, &image, &types, 3,
					  8 * G1);
		if (!error)
			break;
		assert_int_equal(error, -ENOMEM);
		assert_int_equal(pool.free_pages, pages);
	}
	assert_int_equal(pages, 9);
	assert_int_equal(vmm_hostmap_guard(&pt, 7 * G1), -ENOMEM);
	check_all(8 * G1, 0);
	vmm_pt_destroy(&pt);
}

static void refused(const struct vmm_hostmap_image *img, uint64_t top)
{
	assert_int_equal(vmm_hostmap_build(&pt, &pool, img, &types, 3, top),
			 -EINVAL);
	assert_int_equal(pool.free_pages, PAGES);
}

static void bad_images(void **state)
{
	struct vmm_hostmap_image img = image;

	(void)state;
	new_pool(PAGES);
	refused(&img, 5 * G1);			/* above the top */
	refused(&img, 8 * G1 + 1);
	img.text_start++;
	refused(&img, 8 * G1);
	img = image;
	img.text_end += K4;			/* a page of rodata */
	refused(&img, 8 * G1);
	img = image;
	img.data_start = img.rodata_end - K4;
	refused(&img, 8 * G1);
	img = image;
	img.data_end = img.data_start - 2 * K4;
	refused(&img, 8 * G1);
	img = image;
	img.data_end = img.data_start;		/* empty is fine */
	assert_int_equal(vmm_hostmap_build(&pt, &pool, &img, &types, 3,
					   8 * G1), 0);
	vmm_pt_destroy(&pt);
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
		cmocka_unit_test(rights_of_every_page),
		cmocka_unit_test(memory_taken),
		cmocka_unit_test(out_of_memory),
		cmocka_unit_test(bad_images),
	};

	return cmocka_run_group_tests(tests, NULL, cleanup);
}
