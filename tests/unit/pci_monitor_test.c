/* SPDX-License-Identifier: BSD-3-Clause */
/* What the options of the driver "monitor" mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <pci/monitor.h>

#define ALL UINT64_MAX

static const struct {
	const char *text;
	unsigned groups;	/* 0: refused */
	struct monitor_group last;
} specs[] = {
	{ "r", 1, { 0, ALL, true, false, false, false } },
	{ "w", 1, { 0, ALL, false, true, false, false } },
	{ " RW ", 1, { 0, ALL, true, true, true, true } },
	{ "wR", 1, { 0, ALL, true, true, true, false } },
	{ "r 0x10 4", 1, { 0x10, 4, true, false, false, false } },
	{ "r 0x10 4  W 256\t0x40", 2, { 256, 64, false, true, false, true } },
	{ "", 0, {} }, { "x", 0, {} }, { "rx", 0, {} }, { "r 0", 0, {} },
	{ "r 0 0", 0, {} }, { "r 0 4 w", 0, {} }, { "r w", 0, {} },
	{ "r 0x 4", 0, {} }, { "r 4294967296 4", 0, {} }, { "r 0 4x", 0, {} },
	{ "r -1 4", 0, {} }, { "0 4", 0, {} },
	{ "r 0 1 r 1 1 r 2 1 r 3 1 r 4 1 r 5 1 r 6 1 r 7 1", 8,
	  { 7, 1, true, false, false, false } },
	{ "r 0 1 r 1 1 r 2 1 r 3 1 r 4 1 r 5 1 r 6 1 r 7 1 r 8 1", 0, {} },
};

static void test_specs(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		const struct monitor_group *want = &specs[i].last, *got;
		struct monitor_spec spec;
		bool good = monitor_spec_parse(&spec, specs[i].text);

		assert_int_equal(good, specs[i].groups > 0);
		if (!good)
			continue;
		assert_int_equal(spec.groups, specs[i].groups);
		got = &spec.group[spec.groups - 1];
		assert_true(got->offset == want->offset &&
			    got->size == want->size);
		assert_int_equal(got->read, want->read);
		assert_int_equal(got->write, want->write);
		assert_int_equal(got->merge_reads, want->merge_reads);
		assert_int_equal(got->merge_writes, want->merge_writes);
	}
}

static const struct {
	uint64_t offset;
	unsigned len;
	bool write, wanted, merge;
} accesses[] = {
	{ 0x0f, 1, false, false, false }, { 0x10, 1, false, true, false },
	{ 0x0e, 4, false, true, false }, { 0x13, 1, false, true, false },
	{ 0x14, 4, false, false, false }, { 0x10, 4, true, false, false },
	{ 0x20, 4, true, true, true }, { 0x20, 4, false, false, false },
	{ 0x24, 8, true, false, false }, { 0x1c, 8, true, true, true },
};

static void test_accesses(void **state)
{
	struct monitor_spec spec;

	(void)state;
	assert_true(monitor_spec_parse(&spec, "r 0x10 4 W 0x20 4"));
	for (size_t i = 0; i < sizeof(accesses) / sizeof(accesses[0]); i++) {
		bool merge = false;

		assert_int_equal(monitor_wants(&spec, accesses[i].offset,
					       accesses[i].len,
					       accesses[i].write, &merge),
				 accesses[i].wanted);
		assert_int_equal(merge, accesses[i].merge);
	}
}

static void test_times(void **state)
{
	struct monitor_times times = { .count = 0 };

	(void)state;
	assert_true(monitor_is_on(&times, 0));
	assert_true(monitor_times_parse(&times, " 1 3 5"));
	assert_false(monitor_is_on(&times, 999999));
	assert_true(monitor_is_on(&times, 1000000));
	assert_false(monitor_is_on(&times, 3000000));
	assert_true(monitor_is_on(&times, 9000000));
	assert_false(monitor_times_parse(&times, ""));
	assert_false(monitor_times_parse(&times, "3 1"));
	assert_false(monitor_times_parse(&times, "3 3"));
	assert_false(monitor_times_parse(&times, "a"));
	assert_false(monitor_times_parse(&times,
					 "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15"
					 " 16 17"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_specs),
		cmocka_unit_test(test_accesses),
		cmocka_unit_test(test_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
