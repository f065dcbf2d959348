/* SPDX-License-Identifier: BSD-3-Clause */
/* Order and unwinding of units. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <core/core_priv.h>
#include <vmm/error.h>
#include <vmm/vmm.h>

static char trace[256];
static struct vmm vmm;
static int b_result;

static void note(const char *what)
{
	strcat(trace, what);
	strcat(trace, " ");
}

/* The log, as far as a test wants to know. */
static char logged[256];

void vmm_log(enum vmm_log_level level, const char *fmt, ...)
{
	va_list ap;

	assert_int_equal(level, VMM_LOG_ERR);
	va_start(ap, fmt);
	vsnprintf(logged, sizeof(logged), fmt, ap);
	va_end(ap);
}

#define UNIT(n, result)							\
static int n##_init(struct vmm *m)					\
{									\
	assert_ptr_equal(m, &vmm);					\
	note(#n "+");							\
	return result;							\
}									\
static void n##_cpu(struct vmm *m, struct vmm_vcpu *v)			\
{									\
	assert_ptr_equal(m, &vmm);					\
	assert_ptr_equal(v, (void *)&trace);				\
	note(#n "c");							\
}									\
static void n##_suspend(struct vmm *m) { (void)m; note(#n "s"); }	\
static void n##_resume(struct vmm *m) { (void)m; note(#n "r"); }	\
static void n##_dump(struct vmm *m) { (void)m; note(#n "d"); }		\
static void n##_shutdown(struct vmm *m) { (void)m; note(#n "-"); }	\
static const struct vmm_unit unit_##n = {				\
	.name = "unit " #n, .init = n##_init, .cpu_init = n##_cpu,	\
	.suspend = n##_suspend, .resume = n##_resume,			\
	.panic_dump = n##_dump, .shutdown = n##_shutdown,		\
};

UNIT(a, 0)
UNIT(b, b_result)
UNIT(c, 0)
static const struct vmm_unit unit_empty = { .name = "empty" };

static const struct vmm_unit *const units[] = {
	&unit_a, &unit_empty, &unit_b, &unit_c, NULL
};

static int setup(void **state)
{
	(void)state;
	memset(&vmm, 0, sizeof(vmm));
	vmm.units = units;
	*trace = *logged = '\0';
	b_result = 0;
	return 0;
}

static void test_order(void **state)
{
	(void)state;
	assert_int_equal(vmm_units_init(&vmm, false), 0);
	vmm_units_cpu_init(&vmm, (struct vmm_vcpu *)(void *)&trace);
	vmm_units_suspend(&vmm);
	vmm_units_resume(&vmm);
	vmm_units_panic_dump(&vmm);
	vmm_units_shutdown(&vmm);
	assert_string_equal(trace, "a+ b+ c+ ac bc cc cs bs as ar br cr "
			    "ad bd cd c- b- a- ");
	assert_string_equal(logged, "");
	/* All is undone: nothing more to do. */
	*trace = '\0';
	vmm_units_shutdown(&vmm);
	vmm_units_panic_dump(&vmm);
	assert_string_equal(trace, "");
}

/* The leading early units first, the rest when all are asked for. */
static void test_early(void **state)
{
	static const struct vmm_unit early = {
		.name = "early", .early = true, .init = c_init,
	};
	static const struct vmm_unit *const list[] = {
		&early, &unit_a, &early, NULL
	};

	(void)state;
	vmm.units = list;
	assert_int_equal(vmm_units_init(&vmm, true), 0);
	assert_string_equal(trace, "c+ ");
	assert_int_equal(vmm_units_init(&vmm, false), 0);
	assert_string_equal(trace, "c+ a+ c+ ");
	assert_int_equal(vmm.units_started, 3);
}

static void test_failure_unwinds(void **state)
{
	(void)state;
	b_result = -ENODEV;
	assert_int_equal(vmm_units_init(&vmm, false), -ENODEV);
	assert_string_equal(trace, "a+ b+ a- ");
	assert_int_equal(vmm.units_started, 0);
	assert_string_equal(logged, "unit b: init failed: ENODEV\n");
}

static void test_failure_names_origin(void **state)
{
	char expect[128];
	int line = __LINE__ + 3;

	(void)state;
	b_result = VMM_ERROR(EBUSY);
	assert_int_equal(vmm_units_init(&vmm, false), -EBUSY);
	snprintf(expect, sizeof(expect),
		 "unit b: init failed: EBUSY (unit_test.c:%d)\n", line);
	assert_string_equal(logged, expect);
}

/* A panic in the middle of init asks those that were initialised. */
static void test_dump_half_way(void **state)
{
	(void)state;
	vmm.units_started = 2;
	vmm_units_panic_dump(&vmm);
	assert_string_equal(trace, "ad ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_order, setup),
		cmocka_unit_test_setup(test_early, setup),
		cmocka_unit_test_setup(test_failure_unwinds, setup),
		cmocka_unit_test_setup(test_failure_names_origin, setup),
		cmocka_unit_test_setup(test_dump_half_way, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
