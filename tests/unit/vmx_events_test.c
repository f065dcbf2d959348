/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What goes into the guest at the next VM entry: NMIs and machine checks, now
 * or when they are no longer blocked, and again what an exit interrupted the
 * delivery of (Intel SDM vol. 3, 25.4.2, 26.2, 27.6 and 28.2.4).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <vmm/panic.h>
#include <vmx/vmx_priv.h>
#include "exits_world.h"

#define PROC		(PROC_IO_BITMAPS | PROC_MSR_BITMAPS)
#define NMI		0x80000202u
#define MACHINE_CHECK	0x80000312u

static struct vmx_vcpu x;
static struct vmm_vcpu v;
static enum vmm_verdict answer;
static struct vmm_event fault;

enum vmm_verdict vmm_exit_dispatch(struct vmm_vcpu *vcpu, struct vmm_exit *e)
{
	(void)vcpu;
	e->fault = fault;
	return answer;
}

void vmm_attend(struct vmm_vcpu *vcpu)
{
	vcpu->attention = 0;
}

void vmm_guest_shutdown(struct vmm_vcpu *vcpu)
{
	(void)vcpu;
	fail_msg("shutdown");
	abort();
}

void vmm_panic(const char *fmt, ...)
{
	fail_msg("panic: %s", fmt);
	abort();
}

uint64_t vmx_get(struct vmm_vcpu *vcpu, enum vmm_reg reg)
{
	(void)vcpu;
	(void)reg;
	return 0;
}

/* In protected mode; allowed: controls beyond those in force. */
static void begin(uint32_t allowed, uint32_t blocked)
{
	memset(fake_vmcs, 0, sizeof(fake_vmcs));
	vmx.controls = (struct vmx_controls){
		.proc = PROC, .proc_allowed = PROC | allowed,
	};
	x = (struct vmx_vcpu){ .loaded = true, .proc_now = PROC };
	v = (struct vmm_vcpu){ .vendor = &x, .entered = true };
	answer = VMM_RETRY;
	fake_vmcs[VMCS_PROC] = PROC;
	fake_vmcs[VMCS_GUEST_CR0] = X86_CR0_PE | X86_CR0_PG;
	fake_vmcs[VMCS_GUEST_INTERRUPTIBILITY] = blocked;
	exits_world_privileged();
}

/* As the processor: the event of the last entry is delivered. */
static void exit_for(uint32_t reason)
{
	fake_vmcs[VMCS_ENTRY_EVENT] = 0;
	fake_vmcs[VMCS_EXIT_REASON] = reason;
	assert_true(vmx_vmexit(&v));
}

static void expect(uint64_t event, uint32_t controls, uint64_t blocked)
{
	assert_int_equal(fake_vmcs[VMCS_ENTRY_EVENT], event);
	assert_int_equal(fake_vmcs[VMCS_PROC], PROC | controls);
	assert_int_equal(fake_vmcs[VMCS_GUEST_INTERRUPTIBILITY], blocked);
}

static void test_nmi_at_once(void **state)
{
	(void)state;
	begin(PROC_NMI_WINDOW | PROC_MONITOR_TRAP, 0);
	vmx_nmi(&v);
	vmx_nmi(&v);	/* the second is lost, as in a processor */
	vmx_again(&v);
	expect(NMI, 0, 0);
	exit_for(VMX_EXIT_CPUID);
	expect(0, 0, 0);
}

static void test_nmi_in_nmi(void **state)
{
	(void)state;
	begin(PROC_NMI_WINDOW | PROC_MONITOR_TRAP, VMCS_BLOCK_NMI);
	vmx_nmi(&v);
	vmx_again(&v);
	expect(0, PROC_NMI_WINDOW, VMCS_BLOCK_NMI);
	exit_for(VMX_EXIT_CPUID);	/* still in the handler */
	expect(0, PROC_NMI_WINDOW, VMCS_BLOCK_NMI);
	fake_vmcs[VMCS_GUEST_INTERRUPTIBILITY] = 0;
	exit_for(VMX_EXIT_NMI_WINDOW);
	expect(NMI, 0, 0);
}

/* The monitor trap comes after the one instruction of the shadow. */
static void test_nmi_in_a_shadow(void **state)
{
	static const uint32_t shadows[] = {
		VMCS_BLOCK_STI, VMCS_BLOCK_MOV_SS,
	};

	(void)state;
	for (unsigned i = 0; i < VMM_ARRAY_SIZE(shadows); i++) {
		begin(PROC_NMI_WINDOW | PROC_MONITOR_TRAP, shadows[i]);
		vmx_nmi(&v);
		vmx_again(&v);
		expect(0, PROC_MONITOR_TRAP, shadows[i]);
		fake_vmcs[VMCS_GUEST_INTERRUPTIBILITY] = 0;
		exit_for(VMX_EXIT_MONITOR_TRAP);
		expect(NMI, 0, 0);
	}
}

/* An entry with an NMI and blocking by STI or MOV SS may fail (27.3.1.5). */
static void test_no_monitor_trap(void **state)
{
	(void)state;
	begin(PROC_NMI_WINDOW, VMCS_BLOCK_STI);
	vmx_nmi(&v);
	vmx_again(&v);
	expect(NMI, 0, 0);
	begin(PROC_NMI_WINDOW, VMCS_BLOCK_MOV_SS);
	vmx_nmi(&v);
	vmx_again(&v);
	expect(0, PROC_NMI_WINDOW, VMCS_BLOCK_MOV_SS);
}

struct delivery {
	uint32_t vectoring, error, length;
	uint32_t event;		/* expected */
};

/* Interrupted by an EPT violation: again, with all that belongs to it. */
static void test_again(void **state)
{
	static const struct delivery cases[] = {
		{ 0x80000031, 0, 0, 0x80000031 },	/* interrupt */
		{ 0x80000202, 0, 0, 0x80000202 },	/* NMI */
		{ 0x80000b0e, 2, 0, 0x80000b0e },	/* #PF */
		{ 0x80000306, 0, 0, 0x80000306 },	/* #UD */
		{ 0x80000480, 0, 2, 0x80000480 },	/* INT n */
		{ 0x80000501, 0, 1, 0x80000501 },	/* INT1 */
		{ 0x80000603, 0, 1, 0x80000603 },	/* INT3 */
		{ 0x00000b0e, 2, 0, 0 },		/* nothing */
	};

	(void)state;
	for (unsigned i = 0; i < VMM_ARRAY_SIZE(cases); i++) {
		const struct delivery *c = &cases[i];
		bool nmi = (c->event >> 8 & 7) == VMM_EVENT_NMI;

		begin(PROC_NMI_WINDOW, nmi ? VMCS_BLOCK_NMI : 0);
		fake_vmcs[VMCS_VECTORING_EVENT] = c->vectoring;
		fake_vmcs[VMCS_VECTORING_ERROR] = c->error;
		fake_vmcs[VMCS_EXIT_INSN_LEN] = c->length;
		exit_for(VMX_EXIT_EPT_VIOLATION);
		/* the delivery of an NMI had blocked them */
		expect(c->event, 0, 0);
		assert_int_equal(fake_vmcs[VMCS_ENTRY_ERROR],
				 c->event ? c->error : 0);
		assert_int_equal(fake_vmcs[VMCS_ENTRY_INSN_LEN], c->length);
	}
}

/* The NMI comes behind what is delivered again. */
static void test_nmi_waits(void **state)
{
	(void)state;
	begin(PROC_NMI_WINDOW, 0);
	vmx_nmi(&v);
	fake_vmcs[VMCS_VECTORING_EVENT] = 0x80000031;
	exit_for(VMX_EXIT_EPT_VIOLATION);
	expect(0x80000031, PROC_NMI_WINDOW, 0);
	fake_vmcs[VMCS_VECTORING_EVENT] = 0;
	exit_for(VMX_EXIT_NMI_WINDOW);
	expect(NMI, 0, 0);
}

/* IRET has ended the blocking, then its memory access exits: it will be
 * executed again, so it has not ended it. */
static void test_iret(void **state)
{
	(void)state;
	begin(PROC_NMI_WINDOW, 0);
	fake_vmcs[VMCS_EXIT_QUALIFICATION] = VMX_EPT_NMI_UNBLOCKED;
	exit_for(VMX_EXIT_EPT_VIOLATION);
	expect(0, 0, VMCS_BLOCK_NMI);
	begin(PROC_NMI_WINDOW, 0);
	fake_vmcs[VMCS_EXIT_QUALIFICATION] = VMX_EPT_NMI_UNBLOCKED;
	fake_vmcs[VMCS_VECTORING_EVENT] = 0x80000031;
	exit_for(VMX_EXIT_EPT_VIOLATION);
	expect(0x80000031, 0, 0);
	begin(PROC_NMI_WINDOW, 0);
	fake_vmcs[VMCS_EXIT_EVENT] = 0x80000b0d | VMCS_EVENT_NMI_UNBLOCKED;
	exit_for(VMX_EXIT_EXCEPTION_NMI);
	expect(0, 0, VMCS_BLOCK_NMI);
	begin(PROC_NMI_WINDOW, 0);	/* undefined for #DF (28.2.3) */
	fake_vmcs[VMCS_EXIT_EVENT] = 0x80000b08 | VMCS_EVENT_NMI_UNBLOCKED;
	exit_for(VMX_EXIT_EXCEPTION_NMI);
	expect(0, 0, 0);
}

static void test_machine_check(void **state)
{
	(void)state;
	begin(PROC_NMI_WINDOW | PROC_MONITOR_TRAP, VMCS_BLOCK_NMI);
	vmx_machine_check(&v);
	vmx_nmi(&v);
	vmx_again(&v);
	expect(MACHINE_CHECK, PROC_NMI_WINDOW, VMCS_BLOCK_NMI);
	exit_for(VMX_EXIT_CPUID);
	expect(0, PROC_NMI_WINDOW, VMCS_BLOCK_NMI);
	/* behind what is delivered again */
	begin(PROC_NMI_WINDOW | PROC_MONITOR_TRAP, 0);
	vmx_machine_check(&v);
	fake_vmcs[VMCS_VECTORING_EVENT] = 0x80000031;
	exit_for(VMX_EXIT_EPT_VIOLATION);
	expect(0x80000031, PROC_MONITOR_TRAP, 0);
	fake_vmcs[VMCS_VECTORING_EVENT] = 0;
	exit_for(VMX_EXIT_MONITOR_TRAP);
	expect(MACHINE_CHECK, 0, 0);
}

/* An entry that ends by a machine check (27.9) is no failure of ours. */
static void test_machine_check_at_entry(void **state)
{
	(void)state;
	begin(PROC_NMI_WINDOW | PROC_MONITOR_TRAP, 0);
	exit_for(VMCS_REASON_ENTRY_FAILURE | VMX_EXIT_MACHINE_CHECK);
	expect(MACHINE_CHECK, 0, 0);
	/* with an event, which has not been delivered and stays */
	begin(PROC_NMI_WINDOW | PROC_MONITOR_TRAP, 0);
	fake_vmcs[VMCS_ENTRY_EVENT] = 0x80000031;
	fake_vmcs[VMCS_EXIT_REASON] =
		VMCS_REASON_ENTRY_FAILURE | VMX_EXIT_MACHINE_CHECK;
	assert_true(vmx_vmexit(&v));
	expect(0x80000031, PROC_MONITOR_TRAP, 0);
}

/* Real mode has no error codes (27.2.1.3). */
static void test_real_mode(void **state)
{
	(void)state;
	begin(0, 0);
	answer = VMM_FAULT;
	fault = (struct vmm_event){
		.vector = X86_TRAP_GP, .type = VMM_EVENT_EXCEPTION,
		.has_error = true,
	};
	exit_for(VMX_EXIT_RDMSR);
	expect(0x80000b0d, 0, 0);
	fake_vmcs[VMCS_GUEST_CR0] = 0;
	exit_for(VMX_EXIT_RDMSR);
	expect(0x8000030d, 0, 0);
}

/* An instruction that the VMM has carried out ends like any other. */
static void test_single_step(void **state)
{
	(void)state;
	begin(0, VMCS_BLOCK_MOV_SS);
	answer = VMM_DONE;
	fake_vmcs[VMCS_EXIT_INSN_LEN] = 2;
	fake_vmcs[VMCS_GUEST_RFLAGS] = X86_RFLAGS_TF;
	exit_for(VMX_EXIT_CPUID);
	expect(0, 0, 0);
	assert_int_equal(fake_vmcs[VMCS_GUEST_RIP], 2);
	assert_int_equal(fake_vmcs[VMCS_GUEST_PENDING_DEBUG],
			 VMCS_PENDING_BS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nmi_at_once),
		cmocka_unit_test(test_nmi_in_nmi),
		cmocka_unit_test(test_nmi_in_a_shadow),
		cmocka_unit_test(test_no_monitor_trap),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_nmi_waits),
		cmocka_unit_test(test_iret),
		cmocka_unit_test(test_machine_check),
		cmocka_unit_test(test_machine_check_at_entry),
		cmocka_unit_test(test_real_mode),
		cmocka_unit_test(test_single_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
