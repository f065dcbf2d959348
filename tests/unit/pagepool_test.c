/* SPDX-License-Identifier: BSD-3-Clause */
/* Page pool: no page handed out twice, all zeroed, misuse stopped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <vmm/error.h>
#include <vmm/pagepool.h>
#include <vmm/panic.h>

#define PAGES 700u		/* not a multiple of a bitmap word */

static uint8_t *memory;
static struct vmm_pagepool pool;

void vmm_assert_failed(const char *expr, const char *func, const char *file,
		       int line)
{
	(void)func;
	mock_assert(0, expr, file, line);
	abort();
}

static int setup(void **state)
{
	(void)state;
	memory = aligned_alloc(VMM_PAGE_SIZE, PAGES * VMM_PAGE_SIZE);
	memset(memory, 0xa5, PAGES * VMM_PAGE_SIZE);
	return vmm_pagepool_init(&pool, memory, PAGES * VMM_PAGE_SIZE);
}

static int teardown(void **state)
{
	(void)state;
	free(memory);
	return 0;
}

static void init_refuses_bad_ranges(void **state)
{
	struct vmm_pagepool p;

	(void)state;
	assert_int_equal(vmm_pagepool_init(&p, memory, 0), -EINVAL);
	assert_int_equal(vmm_pagepool_init(&p, memory, 4096), -EINVAL);
	assert_int_equal(vmm_pagepool_init(&p, memory + 8, 65536), -EINVAL);
	assert_int_equal(vmm_pagepool_init(&p, memory, 65536 + 8), -EINVAL);
	assert_int_equal(vmm_pagepool_init(&p, memory, 8192), 0);
	assert_int_equal(p.pages, 1);
}

static void all_pages_once_and_zeroed(void **state)
{
	static const uint8_t zero[4096];
	uint8_t *last = memory;

	(void)state;
	assert_int_equal(pool.pages, PAGES - 1);
	for (unsigned i = 0; i < PAGES - 1; i++) {
		uint8_t *p = vmm_pages_alloc(&pool, 1);

		assert_true(p > last && p < memory + PAGES * 4096);
		assert_int_equal((p - memory) % 4096, 0);
		assert_memory_equal(p, zero, 4096);
		memset(p, 0xff, 4096);
		last = p;
	}
	assert_int_equal(pool.free_pages, 0);
	assert_null(vmm_pages_alloc(&pool, 1));
	vmm_pages_free(&pool, memory + 5 * 4096, 1);
	last = vmm_pages_alloc(&pool, 1);
	assert_ptr_equal(last, memory + 5 * 4096);
	assert_memory_equal(last, zero, 4096);
	assert_int_equal(pool.low_water, 0);
}

static void contiguous_runs(void **state)
{
	void *a, *b, *c;

	(void)state;
	a = vmm_pages_alloc(&pool, 300);
	b = vmm_pages_alloc(&pool, 300);
	assert_non_null(a);
	assert_non_null(b);
	assert_null(vmm_pages_alloc(&pool, 100));
	assert_null(vmm_pages_alloc(&pool, 0));
	assert_null(vmm_pages_alloc(&pool, UINT64_MAX));
	c = vmm_pages_alloc(&pool, 99);
	assert_non_null(c);
	vmm_pages_free(&pool, b, 300);
	assert_null(vmm_pages_alloc(&pool, 301));
	assert_ptr_equal(vmm_pages_alloc(&pool, 300), b);
	vmm_pages_free(&pool, NULL, 7);
	vmm_pages_free(&pool, a, 300);
	vmm_pages_free(&pool, b, 300);
	vmm_pages_free(&pool, c, 99);
	assert_int_equal(pool.free_pages, PAGES - 1);
	assert_int_equal(pool.low_water, 0);
	assert_non_null(vmm_pages_alloc(&pool, PAGES - 1));
}

static void free_of_what_is_not_allocated(void **state)
{
	uint8_t *p = vmm_pages_alloc(&pool, 4);

	(void)state;
	expect_assert_failure(vmm_pages_free(&pool, p + 16, 1));
	assert_int_equal(vmm_pagepool_init(&pool, memory, 65536), 0);
	p = vmm_pages_alloc(&pool, 4);
	expect_assert_failure(vmm_pages_free(&pool, p, 5));
	assert_int_equal(vmm_pagepool_init(&pool, memory, 65536), 0);
	expect_assert_failure(vmm_pages_free(&pool, memory, 1));
	assert_int_equal(vmm_pagepool_init(&pool, memory, 65536), 0);
	expect_assert_failure(vmm_pages_free(&pool, memory + 65536, 1));
	assert_int_equal(vmm_pagepool_init(&pool, memory, 65536), 0);
	p = vmm_pages_alloc(&pool, 1);
	vmm_pages_free(&pool, p, 1);
	expect_assert_failure(vmm_pages_free(&pool, p, 1));
}

/* Random allocations and frees against an owner per page. */
static void random_against_owners(void **state)
{
	static uint8_t owner[PAGES];
	struct { uint8_t *p; unsigned n; } held[200] = { { NULL, 0 } };
	uint64_t used = 0;

	(void)state;
	memset(owner, 0, sizeof(owner));
	srand(1);
	for (unsigned i = 0; i < 20000; i++) {
		unsigned k = rand() % 200, n = 1 + rand() % 8;
		unsigned first, longest = 0, run = 0;

		if (held[k].p) {
			first = (held[k].p - memory) / 4096;
			memset(owner + first, 0, held[k].n);
			vmm_pages_free(&pool, held[k].p, held[k].n);
			used -= held[k].n;
			held[k].p = NULL;
			continue;
		}
		held[k].p = vmm_pages_alloc(&pool, n);
		held[k].n = n;
		if (!held[k].p) {
			for (unsigned j = 1; j < PAGES; j++) {
				run = owner[j] ? 0 : run + 1;
				longest = run > longest ? run : longest;
			}
			assert_true(longest < n);
			continue;
		}
		first = (held[k].p - memory) / 4096;
		for (unsigned j = first; j < first + n; j++)
			assert_false(owner[j]++);
		used += n;
		assert_int_equal(pool.free_pages, PAGES - 1 - used);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(init_refuses_bad_ranges, setup,
						teardown),
		cmocka_unit_test_setup_teardown(all_pages_once_and_zeroed,
						setup, teardown),
		cmocka_unit_test_setup_teardown(contiguous_runs, setup,
						teardown),
		cmocka_unit_test_setup_teardown(free_of_what_is_not_allocated,
						setup, teardown),
		cmocka_unit_test_setup_teardown(random_against_owners, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
