/* SPDX-License-Identifier: BSD-3-Clause */
/* The stages of a panic, with panics inside them. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "fake_vcpu.h"
/* Itself, since a machine panics only once. */
#include <core/panic.c>

struct config_data config;
struct vmm vmm_machine;

static struct vmm_vcpu vcpu;
static struct vmm_vcpu *current;
static char trace[16384];
static uint64_t delayed;
static uint32_t apic_id;
static jmp_buf ended;

static void note(const char *fmt, ...)
{
	size_t used = strlen(trace);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(trace + used, sizeof(trace) - used, fmt, ap);
	va_end(ap);
}

/* The place that panics, in addition to the first panic; 0: none. */
enum place {
	STOP = 1, ENTER, CONTROL, BACKTRACE, GUEST, UNITS, DELAY, SHUTDOWN,
	RESET, PLACES
};
static enum place bad_place;
static bool bad_every_time;

static void reach(enum place place)
{
	if (place != bad_place)
		return;
	if (!bad_every_time)
		bad_place = 0;
	vmm_panic("in place %d", place);
}

void vmm_log(enum vmm_log_level level, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	assert_int_equal(level, VMM_LOG_ERR);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	note("%s", text);
}

uint64_t vmm_log_enter_panic(void)
{
	reach(ENTER);
	return 7 + state.depth;
}

void vmm_cpus_stop(void)
{
	note("(stop)\n");
	reach(STOP);
}

void vmm_host_dump_control(void)
{
	reach(CONTROL);
	note("(control)\n");
}

void vmm_backtrace_log(const struct bv_handoff *handoff, uint64_t rip,
		       uint64_t rbp)
{
	(void)handoff;
	reach(BACKTRACE);
	assert_int_not_equal(rbp, 0);
	note("(backtrace %lx)\n", rip);
}

void vmm_dump_guest(struct vmm_vcpu *v, enum vmm_log_level level)
{
	assert_int_equal(level, VMM_LOG_ERR);
	reach(GUEST);
	note("(guest %u)\n", v->number);
}

void vmm_units_panic_dump(struct vmm *vmm)
{
	assert_ptr_equal(vmm, &vmm_machine);
	reach(UNITS);
	note("(units)\n");
}

void vmm_units_shutdown(struct vmm *vmm)
{
	assert_ptr_equal(vmm, &vmm_machine);
	reach(SHUTDOWN);
	note("(shutdown)\n");
}

void vmm_delay_usec(uint64_t usec)
{
	delayed += usec;
	reach(DELAY);
}

void vmm_reset_machine(void)
{
	reach(RESET);
	note("(reset)\n");
	longjmp(ended, 1);
}

void vmm_host_halt(void)
{
	note("(halt)\n");
	longjmp(ended, 1);
}

void vmm_host_interrupts_off(void)
{
}

uint32_t vmm_host_apic_id(void)
{
	return apic_id;
}

struct vmm_vcpu *vmm_vcpu_current(void)
{
	return current;
}

static int setup(void **unused)
{
	(void)unused;
	memset(&state, 0, sizeof(state));
	state.first_line = UINT64_MAX;
	config.vmm.panic_reboot = 0;
	*trace = '\0';
	delayed = 0;
	apic_id = 0;
	bad_place = 0;
	bad_every_time = false;
	fake_vcpu_init(&vcpu);
	vcpu.number = 3;
	current = &vcpu;
	return 0;
}

/* Apart, so that no variable of a test lives across setjmp. */
static void panic_first(void)
{
	if (!setjmp(ended))
		vmm_panic("first");
}

static void test_halt(void **unused)
{
	(void)unused;
	assert_int_equal(vmm_panic_first_line(), UINT64_MAX);
	if (!setjmp(ended))
		vmm_panic("%s %d", "message", 5);
	assert_string_equal(trace,
			    "(stop)\n"
			    "panic(CPU3): message 5\n"
			    "CPU3:\n"
			    "(control)\n"
			    "(backtrace 0)\n"
			    "(guest 3)\n"
			    "(units)\n"
			    "panic(CPU3): message 5\n"
			    "Unrecoverable error.\n"
			    "(halt)\n");
	assert_int_equal(vmm_panic_first_line(), 8);
}

static void test_reboot(void **unused)
{
	(void)unused;
	config.vmm.panic_reboot = 1;
	current = NULL;
	if (!setjmp(ended))
		vmm_panic("early");
	assert_string_equal(trace,
			    "(stop)\n"
			    "panic: early\n"
			    "CPU0:\n"
			    "(control)\n"
			    "(backtrace 0)\n"
			    "(units)\n"
			    "panic: early\n"
			    "Reboot in 5 seconds...\n"
			    "Rebooting...\n"
			    "(shutdown)\n"
			    "(reset)\n");
	assert_int_equal(delayed, 5000000);
}

static void test_exception(void **unused)
{
	const struct vmm_host_frame frame = {
		.vector = 14, .error = 2, .rip = 0x1234, .rbp = 8, .rax = 0xa,
		.r15 = 0xf15, .rsp = 0x5590, .cs = 8, .rflags = 0x10046,
	};

	(void)unused;
	if (!setjmp(ended))
		vmm_panic_regs(&frame);
	assert_non_null(strstr(trace,
			       "(stop)\n"
			       "Error: An exception in VMM!\n"
			       "Interrupt number: 0x0E #PF\n"
			       "panic(CPU3): int_fatal 0x0E #PF at 0x1234\n"
			       "CPU3:\n"
			       "(control)\n"
			       "RAX 0000000A    RCX 00000000"));
	assert_non_null(strstr(trace, "R15 00000F15\n"));
	assert_non_null(strstr(trace, "RIP 00001234    RFLAGS 00010046    "
			       "CS 0008    SS 0000    error code 00000002\n"
			       "(backtrace 1234)\n"));
	assert_non_null(strstr(trace, "Unrecoverable error.\n(halt)\n"));
}

static void test_assertion(void **unused)
{
	(void)unused;
	if (!setjmp(ended))
		VMM_ASSERT(1 + 1 == 3);
	assert_non_null(strstr(trace, "assertion failed in test_assertion "
			       "(panic_test.c:"));
	assert_non_null(strstr(trace, "): 1 + 1 == 3\n"));
}

/* A panic at any place costs the rest of that stage only. */
static void test_nested_once(void **unused)
{
	for (unsigned place = STOP; place < PLACES; place++) {
		char message[32];

		setup(unused);
		config.vmm.panic_reboot = 1;
		bad_place = place;
		panic_first();
		sprintf(message, "panic(CPU3): in place %u\n", place);
		assert_non_null(strstr(trace, message));
		assert_int_equal(strstr(trace, "(control)\n") != NULL,
				 place != CONTROL);
		assert_int_equal(strstr(trace, "(backtrace 0)\n") != NULL,
				 place != BACKTRACE);
		assert_int_equal(strstr(trace, "(guest 3)\n") != NULL,
				 place != GUEST);
		assert_int_equal(strstr(trace, "(units)\n") != NULL,
				 place != UNITS);
		assert_int_equal(strstr(trace, "(shutdown)\n") != NULL,
				 place != SHUTDOWN);
		assert_int_equal(strstr(trace, "Rebooting...\n") != NULL,
				 place != DELAY);
		assert_int_equal(strstr(trace, "(reset)\n") != NULL,
				 place != RESET);
		/* The first one's message, if it could be said at all. */
		if (place != STOP && place != ENTER)
			assert_non_null(strstr(trace, "panic(CPU3): first\n"));
	}
}

/* What panics again and again still comes to an end. */
static void test_nested_for_ever(void **unused)
{
	for (unsigned place = STOP; place < PLACES; place++) {
		setup(unused);
		config.vmm.panic_reboot = 1;
		bad_place = place;
		bad_every_time = true;
		panic_first();
		/* With a reboot, if only that works. */
		assert_non_null(strstr(trace, place == RESET ? "(halt)\n" :
							       "(reset)\n"));
		assert_true(state.depth <= MAX_DEPTH + 2);
	}
}

/* A second CPU that panics keeps quiet about it, and dumps its guest. */
static void test_other_cpu(void **unused)
{
	(void)unused;
	state.owner = 1;	/* APIC ID 0 */
	state.may_dump = true;
	apic_id = 1;
	if (!setjmp(ended))
		vmm_panic("too late");
	assert_string_equal(trace, "(guest 3)\n(halt)\n");
	assert_int_equal(state.dumped, 1);
	/* One without a vCPU just ends. */
	*trace = '\0';
	current = NULL;
	if (!setjmp(ended))
		vmm_panic("too late");
	assert_string_equal(trace, "(halt)\n");
}

/* Stopped processors that never dump are waited for in vain, not for ever. */
static void test_deaf_cpu(void **unused)
{
	(void)unused;
	state.stopped = 2;
	state.dumped = 1;
	if (!setjmp(ended))
		vmm_panic("message");
	assert_int_equal(delayed, WAIT_STEPS * WAIT_STEP_USEC);
	assert_non_null(strstr(trace, "(units)\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_halt, setup),
		cmocka_unit_test_setup(test_reboot, setup),
		cmocka_unit_test_setup(test_exception, setup),
		cmocka_unit_test_setup(test_assertion, setup),
		cmocka_unit_test_setup(test_nested_once, setup),
		cmocka_unit_test_setup(test_nested_for_ever, setup),
		cmocka_unit_test_setup(test_other_cpu, setup),
		cmocka_unit_test_setup(test_deaf_cpu, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
