/* SPDX-License-Identifier: BSD-3-Clause */
/* Whom an IPI reaches: all destination modes and shorthands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <cpu/apic.h>

#define INIT		(ICR_MODE_INIT << 8 | ICR_ASSERT)
#define SHORTHAND(n)	((uint32_t)(n) << 18)
#define FLAT		UINT32_MAX
#define CLUSTER		0x0fffffffu

static bool reaches(uint32_t low, uint32_t dest, bool x2, struct ipi_target t)
{
	struct ipi ipi = { .low = INIT | low, .dest = dest, .x2 = x2 };

	t.x2 = x2;
	return ipi_reaches(&ipi, &t);
}

static void shorthands_ignore_the_destination(void **state)
{
	struct ipi_target self = { .id = 1, .self = true }, other = { .id = 2 };

	(void)state;
	assert_true(reaches(SHORTHAND(ICR_TO_SELF), 2, false, self));
	assert_false(reaches(SHORTHAND(ICR_TO_SELF), 2, false, other));
	assert_true(reaches(SHORTHAND(ICR_TO_ALL), 7, false, self));
	assert_true(reaches(SHORTHAND(ICR_TO_ALL), 7, true, other));
	assert_false(reaches(SHORTHAND(ICR_TO_OTHERS), 1, true, self));
	assert_true(reaches(SHORTHAND(ICR_TO_OTHERS), 1, false, other));
}

static void physical_destinations(void **state)
{
	struct ipi_target t = { .id = 5 }, far = { .id = 0x105 };

	(void)state;
	assert_true(reaches(0, 5, false, t));
	assert_false(reaches(0, 4, false, t));
	assert_true(reaches(0, 0xff, false, t));
	/* in x2APIC mode 0xff is an ID like any other */
	assert_false(reaches(0, 0xff, true, t));
	assert_true(reaches(0, UINT32_MAX, true, t));
	assert_true(reaches(0, 0x105, true, far));
	assert_false(reaches(0, 0x5, true, far));
}

static void logical_flat(void **state)
{
	struct ipi_target t = { .id = 9, .ldr = 0x04000000, .dfr = FLAT };

	(void)state;
	assert_true(reaches(ICR_LOGICAL, 0x04, false, t));
	assert_true(reaches(ICR_LOGICAL, 0x0c, false, t));
	assert_false(reaches(ICR_LOGICAL, 0x0b, false, t));
	assert_true(reaches(ICR_LOGICAL, 0xff, false, t));
}

static void logical_cluster(void **state)
{
	struct ipi_target t = { .ldr = 0x32000000, .dfr = CLUSTER };

	(void)state;
	assert_true(reaches(ICR_LOGICAL, 0x32, false, t));
	assert_true(reaches(ICR_LOGICAL, 0x3f, false, t));
	assert_false(reaches(ICR_LOGICAL, 0x31, false, t));
	assert_false(reaches(ICR_LOGICAL, 0x22, false, t));
	assert_true(reaches(ICR_LOGICAL, 0xff, false, t));
}

static void logical_x2apic(void **state)
{
	struct ipi_target t = { .id = 0x23 };	/* cluster 2, bit 3 */

	(void)state;
	assert_true(reaches(ICR_LOGICAL, 0x00020008, true, t));
	assert_true(reaches(ICR_LOGICAL, 0x0002ffff, true, t));
	assert_false(reaches(ICR_LOGICAL, 0x00020004, true, t));
	assert_false(reaches(ICR_LOGICAL, 0x00010008, true, t));
	assert_true(reaches(ICR_LOGICAL, UINT32_MAX, true, t));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shorthands_ignore_the_destination),
		cmocka_unit_test(physical_destinations),
		cmocka_unit_test(logical_flat),
		cmocka_unit_test(logical_cluster),
		cmocka_unit_test(logical_x2apic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
