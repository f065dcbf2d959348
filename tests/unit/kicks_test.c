/* SPDX-License-Identifier: BSD-3-Clause */
/* NICs that interrupt at once when they are asked to do so later. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "kicks.h"

#define SECOND 1000000u

/* As the network's service does it: the kick is seen wait later, and asks for
 * the next one.  How many came until the NIC was left alone; 0: all. */
static unsigned storm(struct kick_guard *g, uint64_t *now, uint64_t usec,
		      uint64_t wait, uint64_t frames_each)
{
	uint64_t frames = 7;
	unsigned i;

	for (i = 1; i <= 1000; i++) {
		assert_true(kick_guard_may(g, *now));
		kick_guard_set(g, *now, usec, frames);
		*now += wait;
		frames += frames_each;
		if (kick_guard_came(g, *now, frames))
			return i;
	}
	return 0;
}

static void test_nic_that_does_not_wait(void **state)
{
	struct kick_guard g = { 0 };
	uint64_t now = SECOND, off;

	(void)state;
	assert_in_range(storm(&g, &now, SECOND, 14, 0), 2, 100);
	off = now;
	assert_false(kick_guard_may(&g, off));
	assert_false(kick_guard_may(&g, off + SECOND - 1));
	now = off + SECOND;
	assert_in_range(storm(&g, &now, SECOND, 14, 0), 2, 100);
}

static void test_nic_that_waits(void **state)
{
	struct kick_guard g = { 0 };
	uint64_t now = SECOND;

	(void)state;
	assert_int_equal(storm(&g, &now, SECOND, 4000, 0), 0);
	/* work is due at once, so it comes at once */
	assert_int_equal(storm(&g, &now, 100, 14, 0), 0);
	/* a frame interrupted, and the kick's cause was there */
	assert_int_equal(storm(&g, &now, SECOND, 14, 1), 0);
	/* somebody else's NMIs, a thousand a second */
	assert_int_equal(storm(&g, &now, SECOND, 1000, 0), 0);
}

static void test_now_and_then_early(void **state)
{
	struct kick_guard g = { 0 };
	uint64_t now = SECOND;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		kick_guard_set(&g, now, SECOND, 0);
		now += i % 8 ? 14 : 4000;
		assert_false(kick_guard_came(&g, now, 0));
	}
}

static void test_seen_without_having_been_asked(void **state)
{
	struct kick_guard g = { 0 };

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		assert_false(kick_guard_came(&g, SECOND, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nic_that_does_not_wait),
		cmocka_unit_test(test_nic_that_waits),
		cmocka_unit_test(test_now_and_then_early),
		cmocka_unit_test(test_seen_without_having_been_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
