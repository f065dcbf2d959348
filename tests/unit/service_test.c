/* SPDX-License-Identifier: BSD-3-Clause */
/* Whose NMI it is. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <cpu/apic.h>
#include <cpu/smp.h>
#include <vmm/service.h>

static uint64_t now;
static struct vmm_vcpu boot_cpu, other_cpu, *current;
static struct vmm vmm;
static unsigned kicks;

uint64_t vmm_uptime_usec(void)
{
	return now;
}

uint32_t apic_id(void)
{
	return 3;
}

struct vmm_vcpu *vmm_vcpu_current(void)
{
	return current;
}

void smp_kick(struct vmm_vcpu *v)
{
	assert_ptr_equal(v, &boot_cpu);
	kicks++;
}

struct device {
	bool interrupts;
	unsigned runs;
};

static bool device_run(void *ctx)
{
	struct device *d = ctx;
	bool had = d->interrupts;

	d->runs++;
	d->interrupts = false;
	return had;
}

static struct device a, b;
static const struct vmm_service service_a = { "a", device_run, &a },
	service_b = { "b", device_run, &b };

static int setup(void **state)
{
	(void)state;
	now += 10000000;	/* no echo of the test before */
	a = b = (struct device){ 0 };
	assert_int_equal(vmm_service_register(&vmm, &service_a), 0);
	assert_int_equal(vmm_service_register(&vmm, &service_b), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	vmm_service_unregister(&vmm, &service_a);
	assert_non_null(vmm.serve);
	vmm_service_unregister(&vmm, &service_b);
	assert_null(vmm.serve);
	return 0;
}

static void guests_nmi(void **state)
{
	(void)state;
	assert_true(vmm.serve(true));
	assert_false(vmm.serve(false));	/* a kick: none at all */
	assert_int_equal(a.runs, 2);
}

static void devices_nmi(void **state)
{
	(void)state;
	b.interrupts = true;
	assert_false(vmm.serve(true));
	assert_int_equal(a.runs, 1);
	assert_int_equal(b.runs, 1);
}

/* One echo, and not for long. */
static void echo(void **state)
{
	(void)state;
	a.interrupts = true;
	assert_false(vmm.serve(true));
	now += 999000;
	assert_false(vmm.serve(true));
	assert_true(vmm.serve(true));
	a.interrupts = true;
	assert_false(vmm.serve(true));
	now += 1001000;
	assert_true(vmm.serve(true));
}

/* As many as there were causes, but of several in a row four: what comes then is
 * the guest's. */
static void echoes_in_a_row(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < 3; i++) {
		a.interrupts = true;
		assert_false(vmm.serve(true));
	}
	for (i = 0; i < 3; i++)
		assert_false(vmm.serve(true));
	assert_true(vmm.serve(true));
	for (i = 0; i < 100; i++) {
		a.interrupts = true;
		assert_false(vmm.serve(true));
	}
	for (i = 0; i < 4; i++)
		assert_false(vmm.serve(true));
	assert_true(vmm.serve(true));
}

/* What a device acknowledges elsewhere than in its run, until the latest time
 * that anybody said; then nothing is left of it. */
static void expected_nmis(void **state)
{
	(void)state;
	vmm_service_expect_nmi(now + 100);
	vmm_service_expect_nmi(now + 50000);
	vmm_service_expect_nmi(now + 10);
	assert_false(vmm.serve(false));	/* no NMI: uses none up */
	now += 49999;
	assert_false(vmm.serve(true));
	assert_false(vmm.serve(true));
	now++;
	assert_true(vmm.serve(true));
	vmm_service_expect_nmi(now + 10);
	assert_false(vmm.serve(true));
	assert_true(vmm.serve(true));
}

/* One count for all: of a device's and of a run's together four. */
static void expected_in_all(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < 3; i++)
		vmm_service_expect_nmi(now + 1000);
	a.interrupts = true;
	assert_false(vmm.serve(true));
	vmm_service_expect_nmi(now + 1000);
	for (i = 0; i < 4; i++)
		assert_false(vmm.serve(true));
	assert_true(vmm.serve(true));
}

static void too_many(void **state)
{
	static struct vmm_service more[3] = {
		{ "c", device_run, &a }, { "d", device_run, &a },
		{ "e", device_run, &a },
	};

	(void)state;
	assert_int_equal(vmm_service_register(&vmm, &more[0]), 0);
	assert_int_equal(vmm_service_register(&vmm, &more[1]), 0);
	assert_int_equal(vmm_service_register(&vmm, &more[2]), -ENOSPC);
	vmm_service_unregister(&vmm, &more[0]);
	vmm_service_unregister(&vmm, &more[1]);
}

static void message(void **state)
{
	uint64_t address;
	uint32_t data;

	(void)state;
	vmm_service_message(&vmm, &address, &data);
	assert_int_equal(address, 0xfee03000);
	assert_int_equal(data, 0x400);
	boot_cpu.apic_id = 7;
	vmm.vcpu[0] = &boot_cpu;
	vmm_service_message(&vmm, &address, &data);
	assert_int_equal(address, 0xfee07000);
}

static void wake(void **state)
{
	(void)state;
	vmm.vcpu[0] = &boot_cpu;
	current = &boot_cpu;
	vmm_service_wake(&vmm);
	assert_int_equal(boot_cpu.attention, VCPU_SERVICE);
	assert_int_equal(kicks, 0);
	current = &other_cpu;
	vmm_service_wake(&vmm);
	assert_int_equal(kicks, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(guests_nmi, setup, teardown),
		cmocka_unit_test_setup_teardown(devices_nmi, setup, teardown),
		cmocka_unit_test_setup_teardown(echo, setup, teardown),
		cmocka_unit_test_setup_teardown(echoes_in_a_row, setup,
						teardown),
		cmocka_unit_test_setup_teardown(expected_nmis, setup,
						teardown),
		cmocka_unit_test_setup_teardown(expected_in_all, setup,
						teardown),
		cmocka_unit_test_setup_teardown(too_many, setup, teardown),
		cmocka_unit_test_setup_teardown(message, setup, teardown),
		cmocka_unit_test_setup_teardown(wake, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
