/* SPDX-License-Identifier: BSD-3-Clause */
/* Asking all processors for something: who is asked, and for how long one that
 * does not answer is waited for. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <core/core_priv.h>
#include <cpu/host.h>
#include <cpu/smp.h>
#include <mm/nested.h>
#include <vmm/smp.h>

#define CPUS	4
#define SECOND	1000000u

static uint64_t now;
static struct vmm_nested nested;
static struct vmm vmm;
static struct vmm_vcpu cpu[CPUS];
static bool deaf[CPUS];		/* does not answer */
static bool asks_too[CPUS];	/* at the same time */
static unsigned kicks[CPUS], flushed;

/* Time passes when somebody looks at it. */
uint64_t vmm_uptime_usec(void)
{
	return now += 10;
}

void vmm_delay_usec(uint64_t usec)
{
	now += usec;
}

/* The other one exits at once and does what it is asked for. */
void smp_kick(struct vmm_vcpu *v)
{
	unsigned n = (unsigned)(v - cpu);

	kicks[n]++;
	if (asks_too[n]) {
		asks_too[n] = false;
		smp_flush_all(v);
	}
	if (!deaf[n])
		v->attention = 0;
}

void vmm_nested_flushed(struct vmm_nested *n)
{
	assert_ptr_equal(n, &nested);
	flushed++;
}

void vmm_attend(struct vmm_vcpu *v)
{
	v->attention = 0;
}

struct vmm_vcpu *vmm_vcpu_current(void)
{
	return &cpu[0];
}

void smp_nmi_arrived(struct vmm_vcpu *v)
{
	vcpu_attention(v, VCPU_NMI);
}

VMM_NORETURN void vmm_panic_stopped(void)
{
	fail();
	__builtin_unreachable();
}

static int set_up(void **state)
{
	unsigned i;

	(void)state;
	now = flushed = 0;
	memset(&vmm, 0, sizeof(vmm));
	vmm.vcpu_count = CPUS;
	vmm.nested = &nested;
	for (i = 0; i < CPUS; i++) {
		cpu[i] = (struct vmm_vcpu){ .vmm = &vmm, .number = i,
					    .running = true };
		vmm.vcpu[i] = &cpu[i];
		deaf[i] = asks_too[i] = false;
		kicks[i] = 0;
	}
	return 0;
}

static void test_flush(void **state)
{
	(void)state;
	cpu[3].running = false;
	smp_flush_all(&cpu[0]);
	assert_int_equal(cpu[0].attention, VCPU_FLUSH);
	assert_int_equal(kicks[0], 0);
	assert_int_equal(kicks[1], 1);
	assert_int_equal(kicks[2], 1);
	assert_int_equal(kicks[3], 0);
	assert_int_equal(flushed, 1);
	assert_true(now < 1000);
}

/* What the others may still use is not given back; but they are not waited
 * for without end. */
static void test_flush_without_answer(void **state)
{
	(void)state;
	deaf[2] = true;
	smp_flush_all(&cpu[0]);
	assert_int_equal(flushed, 0);
	assert_true(now > SECOND && now < SECOND + 1000);
	assert_int_equal(cpu[2].attention, VCPU_FLUSH | VCPU_SYNC);
}

/* Nobody may wake it, and it flushes when it comes back. */
static void test_flush_of_one_that_left(void **state)
{
	(void)state;
	cpu[2].left = deaf[2] = true;
	smp_flush_all(&cpu[0]);
	assert_int_equal(kicks[2], 0);
	assert_int_equal(cpu[2].attention, VCPU_FLUSH | VCPU_SYNC);
	assert_int_equal(flushed, 1);
	assert_true(now < 1000);
}

/* Two at a time: neither waits for the other, who waits himself; both have
 * something to see to before they enter the guest. */
static void test_flush_at_the_same_time(void **state)
{
	(void)state;
	asks_too[1] = deaf[0] = deaf[1] = true;
	cpu[1].waits = true;
	smp_flush_all(&cpu[0]);
	assert_int_equal(flushed, 2);
	assert_true(now < 1000);
	assert_int_equal(cpu[0].attention, VCPU_FLUSH | VCPU_SYNC);
	assert_int_equal(cpu[1].attention, VCPU_FLUSH | VCPU_SYNC);
	assert_false(cpu[0].waits);
}

static void test_pause(void **state)
{
	int64_t usec;

	(void)state;
	usec = vmm_cpus_pause(&cpu[0]);
	assert_in_range(usec, 1, 1000);
	assert_int_equal(kicks[1] + kicks[2] + kicks[3], 3);
	vmm_cpus_resume(&cpu[0]);
	smp_stay_paused(&cpu[1]);	/* comes back: nothing is paused */
	assert_false(cpu[1].waits);
}

/* It fails, and nobody stays behind. */
static void test_pause_without_answer(void **state)
{
	(void)state;
	deaf[1] = true;
	assert_int_equal(vmm_cpus_pause(&cpu[0]), -ETIMEDOUT);
	assert_true(now > SECOND && now < SECOND + 1000);
	smp_stay_paused(&cpu[1]);
	deaf[1] = false;
	cpu[1].attention = 0;
	assert_true(vmm_cpus_pause(&cpu[0]) > 0);
	vmm_cpus_resume(&cpu[0]);
}

static void *stay(void *v)
{
	smp_stay_paused(v);
	return NULL;
}

/* Who is held flushes when it goes on; it is not waited for. */
static void test_flush_while_paused(void **state)
{
	pthread_t other;

	(void)state;
	assert_true(vmm_cpus_pause(&cpu[0]) > 0);
	assert_int_equal(pthread_create(&other, NULL, stay, &cpu[1]), 0);
	while (!__atomic_load_n(&cpu[1].waits, __ATOMIC_ACQUIRE))
		sched_yield();
	deaf[1] = true;
	now = 0;
	smp_flush_all(&cpu[0]);
	assert_int_equal(flushed, 1);
	assert_true(now < 1000);
	assert_int_equal(cpu[1].attention, VCPU_FLUSH | VCPU_SYNC);
	vmm_cpus_resume(&cpu[0]);
	assert_int_equal(pthread_join(other, NULL), 0);
	assert_false(cpu[1].waits);
}

/* For a panic all are stopped, also who halted for good. */
static void test_stop(void **state)
{
	(void)state;
	cpu[2].left = true;
	cpu[3].kicked = true;	/* and never answers */
	vmm_cpus_stop();
	assert_int_equal(kicks[1] + kicks[2] + kicks[3], 3);
	assert_true(now > SECOND && now < SECOND + 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_flush, set_up),
		cmocka_unit_test_setup(test_flush_without_answer, set_up),
		cmocka_unit_test_setup(test_flush_of_one_that_left, set_up),
		cmocka_unit_test_setup(test_flush_at_the_same_time, set_up),
		cmocka_unit_test_setup(test_pause, set_up),
		cmocka_unit_test_setup(test_pause_without_answer, set_up),
		cmocka_unit_test_setup(test_flush_while_paused, set_up),
		cmocka_unit_test_setup(test_stop, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
