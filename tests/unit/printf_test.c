/* SPDX-License-Identifier: BSD-3-Clause */
/* vmm_snprintf against the C library's snprintf. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <limits.h>
#include <vmm/printf.h>

/* Through pointers that the compiler cannot see through: the formats are made
 * here, and some are wrong on purpose. */
static int (*volatile ours)(char *, size_t, const char *, ...) = vmm_snprintf;
static int (*volatile theirs)(char *, size_t, const char *, ...) = snprintf;

static unsigned compared;

#define SAME(size, ...) do {						\
	char a[512], b[512];						\
	int m, n;							\
									\
	memset(a, 'Z', sizeof(a));					\
	memset(b, 'Z', sizeof(b));					\
	m = ours(a, size, __VA_ARGS__);					\
	n = theirs(b, size, __VA_ARGS__);				\
	if (m != n || memcmp(a, b, sizeof(a)))				\
		fail_msg("format \"%s\": %d \"%.200s\", expected "	\
			 "%d \"%.200s\"", fmt, m, a, n, b);		\
	compared++;							\
} while (0)

/* All flag sets, and a choice of widths and precisions. */
static const char *const widths[] = { "", "1", "2", "7", "19", "40" };
static const char *const precisions[] = {
	"", ".", ".0", ".1", ".5", ".23", ".40"
};
static const int64_t numbers[] = {
	0, 1, -1, 7, 8, 9, 10, -10, 42, 127, 128, -128, 255, 256, 32767, 32768,
	65535, 65536, 1000000, INT32_MAX, INT32_MIN, UINT32_MAX,
	INT64_C(0x123456789abcdef), INT64_MAX, INT64_MIN,
};

static void make_flags(unsigned set, char flags[6])
{
	static const char all[] = "-+ #0";
	unsigned n = 0;

	for (unsigned i = 0; i < 5; i++)
		if (set & 1u << i)
			flags[n++] = all[i];
	flags[n] = '\0';
}

static void compare_number(const char *spec, const char *length, char letter)
{
	char fmt[64];

	snprintf(fmt, sizeof(fmt), "<%s%s%c>", spec, length, letter);
	for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		int64_t v = numbers[i];

		if (*length == '\0' || *length == 'h')
			SAME(128, fmt, (int)v);
		else
			SAME(128, fmt, v);
	}
}

static void compare_lengths(const char *spec)
{
	static const char *const lengths[] = {
		"", "hh", "h", "l", "ll", "z", "j", "t"
	};

	for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		for (const char *c = "diuoxX"; *c; c++)
			compare_number(spec, lengths[i], *c);
}

static void for_all_specs(void (*fn)(const char *spec))
{
	char flags[6], spec[32];

	for (unsigned f = 0; f < 32; f++) {
		make_flags(f, flags);
		for (unsigned w = 0; w < 6; w++) {
			for (unsigned p = 0; p < 7; p++) {
				snprintf(spec, sizeof(spec), "%%%s%s%s", flags,
					 widths[w], precisions[p]);
				fn(spec);
			}
		}
	}
}

static void test_numbers(void **state)
{
	(void)state;
	for_all_specs(compare_lengths);
	assert_true(compared > 100000);
}

static void compare_text(const char *spec)
{
	static const char *const texts[] = {
		"", "a", "hello", "a text longer than most widths"
	};
	char fmt[64];

	/* Flags but '-' are undefined for %s and %c, as is a precision for
	 * %c and %p. */
	if (strpbrk(spec, "+ #") || (spec[1] == '0') || strstr(spec, "-0"))
		return;
	snprintf(fmt, sizeof(fmt), "<%ss>", spec);
	for (unsigned i = 0; i < 4; i++)
		SAME(128, fmt, texts[i]);
	SAME(128, fmt, (const char *)NULL);
	if (strchr(spec, '.'))
		return;
	snprintf(fmt, sizeof(fmt), "<%sc>", spec);
	SAME(128, fmt, 'x');
	SAME(128, fmt, 0);
	snprintf(fmt, sizeof(fmt), "<%sp>", spec);
	SAME(128, fmt, (void *)(uintptr_t)0x12ab);
	SAME(128, fmt, (void *)UINTPTR_MAX);
	SAME(128, fmt, NULL);
}

static void test_texts(void **state)
{
	(void)state;
	compared = 0;
	for_all_specs(compare_text);
	assert_true(compared > 300);
}

static void test_stars(void **state)
{
	(void)state;
	for (int w = -30; w <= 30; w++) {
		for (int p = -3; p <= 30; p++) {
			const char *fmt = "<%*.*d>";

			SAME(128, fmt, w, p, 12345);
			fmt = "<%0*d|%-*d>";
			SAME(128, fmt, w, p, w, p);
			fmt = "<%*s|%.*s>";
			SAME(128, fmt, w, "text", p, "other");
		}
	}
}

static void test_mixed(void **state)
{
	const char *fmt = "%s: %d%% of 0x%08llx, %c%-4u|%+5d|%zu %hhx %p\n";

	(void)state;
	SAME(256, fmt, "load", 50, 0xfeedULL, 'x', 7u, 3, sizeof(int), 0x1ff,
	     (void *)&numbers);
	fmt = "";
	SAME(16, fmt, 0);
	/* More arguments than there are registers, of both sizes. */
	fmt = "%d %lx %d %lx %d %lx %d %lx %s";
	SAME(256, fmt, 1, 2ul, 3, 4ul, 5, 6ul, 7, UINT64_MAX, "end");
}

/* Every size up to beyond the whole text: same bytes, same result. */
static void test_cut(void **state)
{
	(void)state;
	for (size_t size = 0; size < 40; size++) {
		const char *fmt = "%s is %5d or %#x";

		SAME(size, fmt, "a number", -42, 0xabcu);
	}
}

static void test_no_buffer(void **state)
{
	(void)state;
	assert_int_equal(vmm_snprintf(NULL, 0, "%d%s", 123, "abc"), 6);
}

/* What C leaves undefined must at least be harmless. */
static void test_unknown(void **state)
{
	char buf[64];
	int n;

	(void)state;
	n = ours(buf, sizeof(buf), "a %y %d", 1);
	assert_string_equal(buf, "a %y %d");
	assert_int_equal(n, 7);
	n = ours(buf, sizeof(buf), "end %");
	assert_string_equal(buf, "end %");
	assert_int_equal(n, 5);
	n = ours(buf, sizeof(buf), "%f", 1.5);
	assert_string_equal(buf, "%f");
	n = ours(buf, sizeof(buf), "%-");
	assert_string_equal(buf, "%-");
	assert_int_equal(n, 2);
	/* Fields are limited, not refused. */
	n = ours(buf, sizeof(buf), "%99999999999d|", 5);
	assert_int_equal(n, 4097);
	n = ours(buf, sizeof(buf), "%*d|", INT_MIN, 5);
	assert_int_equal(n, 4097);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_stars),
		cmocka_unit_test(test_mixed),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_no_buffer),
		cmocka_unit_test(test_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
