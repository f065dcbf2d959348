/* SPDX-License-Identifier: BSD-3-Clause */
/* Exceptions during the delivery of exceptions: the rows of the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <cpu/event.h>

static const uint8_t contributory[] = { 0, 10, 11, 12, 13 };
#define COUNT (sizeof(contributory) / sizeof(contributory[0]))

static void contributory_pairs(void **state)
{
	size_t i, j;

	(void)state;
	for (i = 0; i < COUNT; i++) {
		for (j = 0; j < COUNT; j++)
			assert_int_equal(event_combine(contributory[i],
						       contributory[j]),
					 EVENT_DOUBLE_FAULT);
		assert_int_equal(event_combine(contributory[i], 14),
				 EVENT_SECOND);
		assert_int_equal(event_combine(14, contributory[i]),
				 EVENT_DOUBLE_FAULT);
	}
}

static void page_faults(void **state)
{
	(void)state;
	assert_int_equal(event_combine(14, 14), EVENT_DOUBLE_FAULT);
	assert_int_equal(event_combine(14, 6), EVENT_SECOND);
}

static void benign_first(void **state)
{
	static const uint8_t benign[] = { 1, 2, 3, 4, 5, 6, 7, 9, 16, 17, 18,
					  19 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(benign); i++) {
		assert_int_equal(event_combine(benign[i], 14), EVENT_SECOND);
		assert_int_equal(event_combine(benign[i], 13), EVENT_SECOND);
		assert_int_equal(event_combine(13, benign[i]), EVENT_SECOND);
	}
}

static void anything_during_a_double_fault(void **state)
{
	unsigned v;

	(void)state;
	for (v = 0; v < 32; v++)
		assert_int_equal(event_combine(8, (uint8_t)v), EVENT_SHUTDOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(contributory_pairs),
		cmocka_unit_test(page_faults),
		cmocka_unit_test(benign_first),
		cmocka_unit_test(anything_during_a_double_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
