/* SPDX-License-Identifier: BSD-3-Clause */
/* Instructions whose exits a processor forces on, and the neutral policy for
 * control registers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <cpu/policy.h>
#include <vmx/vmx_priv.h>

#define TSC_AUX		0x1234u
#define COUNTER		UINT64_C(0x123456789a)

uint64_t fake_vmcs[FAKE_VMCS_FIELDS];
struct vmx_machine vmx;

static struct vmx_vcpu x;
static struct vmm_vcpu v;
static uint64_t regs[VMM_REG_IDTR_LIMIT + 1], dr[8], cr8;
static struct vmm_segment cs, ss;
static unsigned switches;

uint64_t fake_rdmsr(uint32_t msr)
{
	assert_int_equal(msr, MSR_TSC_AUX);
	return TSC_AUX;
}

uint64_t fake_read_dr(unsigned n)
{
	return dr[n];
}

void fake_write_dr(unsigned n, uint64_t value)
{
	dr[n] = value;
}

uint64_t fake_read_cr(unsigned cr)
{
	assert_int_equal(cr, 8);
	return cr8;
}

void fake_write_cr(unsigned cr, uint64_t value)
{
	assert_int_equal(cr, 8);
	cr8 = value;
}

bool x86_rdpmc_safe(uint32_t counter, uint64_t *value)
{
	*value = COUNTER;
	return counter < 4;
}

/* XCR0 bit 0 must be set, and that is all this one has. */
bool x86_xsetbv_safe(uint32_t index, uint64_t value)
{
	return index == 0 && value == 1;
}

uint64_t vmx_get(struct vmm_vcpu *vcpu, enum vmm_reg reg)
{
	(void)vcpu;
	return regs[reg];
}

void vmx_set(struct vmm_vcpu *vcpu, enum vmm_reg reg, uint64_t value)
{
	(void)vcpu;
	regs[reg] = value;
}

void vmx_get_seg(struct vmm_vcpu *vcpu, enum vmm_segreg seg,
		 struct vmm_segment *out)
{
	(void)vcpu;
	*out = seg == VMM_SEG_CS ? cs : ss;
}

enum vmm_verdict vmx_task_switch(struct vmm_vcpu *vcpu, struct vmm_exit *e)
{
	(void)vcpu;
	(void)e;
	switches++;
	return VMM_RETRY;
}

static const struct vmm_vendor_ops ops = {
	.get = vmx_get, .set = vmx_set, .get_seg = vmx_get_seg,
};
static struct vmm vmm = { .vendor = &ops };

/* 64-bit code in ring 0 */
static void begin(void)
{
	memset(fake_vmcs, 0, sizeof(fake_vmcs));
	memset(regs, 0, sizeof(regs));
	memset(dr, 0, sizeof(dr));
	x = (struct vmx_vcpu){ .loaded = true };
	v = (struct vmm_vcpu){ .vendor = &x, .vmm = &vmm };
	cs = (struct vmm_segment){ .attr = 0x29b };
	ss = (struct vmm_segment){ .attr = 0x493 };
	regs[VMM_REG_CR0] = X86_CR0_PE | X86_CR0_PG | X86_CR0_WP;
	regs[VMM_REG_CR4] = X86_CR4_PAE;
	regs[VMM_REG_EFER] = X86_EFER_LME | X86_EFER_LMA;
	vmx.msrs.misc = VMX_MISC_HLT;
}

static void expect_gp(const struct vmm_exit *e, enum vmm_verdict verdict)
{
	assert_int_equal(verdict, VMM_FAULT);
	assert_int_equal(e->fault.vector, X86_TRAP_GP);
	assert_true(e->fault.has_error);
	assert_int_equal(e->fault.error, 0);
}

static enum vmm_verdict forced(unsigned basic, struct vmm_exit *e)
{
	return vmx_forced_exit(&v, basic, e);
}

static void test_waiting(void **state)
{
	struct vmm_exit e;

	(void)state;
	begin();
	assert_int_equal(forced(VMX_EXIT_HLT, &e), VMM_DONE);
	assert_int_equal(fake_vmcs[VMCS_GUEST_ACTIVITY], VMCS_HALTED);
	begin();
	vmx.msrs.misc = 0;	/* cannot be entered halted */
	assert_int_equal(forced(VMX_EXIT_HLT, &e), VMM_DONE);
	assert_int_equal(fake_vmcs[VMCS_GUEST_ACTIVITY], VMCS_ACTIVE);
	assert_int_equal(forced(VMX_EXIT_PAUSE, &e), VMM_DONE);
	assert_int_equal(forced(VMX_EXIT_MONITOR, &e), VMM_DONE);
	assert_int_equal(forced(VMX_EXIT_MWAIT, &e), VMM_DONE);
	assert_int_equal(forced(VMX_EXIT_INVLPG, &e), VMM_DONE);
	assert_true(x.flush_linear);
	assert_int_equal(forced(VMX_EXIT_TASK_SWITCH, &e), VMM_RETRY);
	assert_int_equal(switches, 1);
	assert_int_equal(forced(VMX_EXIT_EPT_MISCONFIG, &e), VMM_PASS);
}

static void test_counters(void **state)
{
	struct vmm_exit e;
	uint64_t before = x86_rdtsc(), tsc;

	(void)state;
	begin();
	v.regs.rcx = 3;
	assert_int_equal(forced(VMX_EXIT_RDPMC, &e), VMM_DONE);
	assert_int_equal(v.regs.rdx << 32 | v.regs.rax, COUNTER);
	v.regs.rcx = 4;
	expect_gp(&e, forced(VMX_EXIT_RDPMC, &e));
	v.regs.rax = v.regs.rdx = UINT64_MAX;
	assert_int_equal(forced(VMX_EXIT_RDTSC, &e), VMM_DONE);
	assert_int_equal(v.regs.rax >> 32 | v.regs.rdx >> 32, 0);
	tsc = v.regs.rdx << 32 | v.regs.rax;
	assert_true(tsc > before && tsc <= x86_rdtsc());
	assert_int_equal(v.regs.rcx, 4);
	assert_int_equal(forced(VMX_EXIT_RDTSCP, &e), VMM_DONE);
	assert_int_equal(v.regs.rcx, TSC_AUX);
}

/* MOV DR with RBX: register in bits 2:0, direction in 4, general in 11:8. */
static enum vmm_verdict move_dr(unsigned n, bool read, struct vmm_exit *e)
{
	fake_vmcs[VMCS_EXIT_QUALIFICATION] =
		n | (read ? 0x10u : 0) | VMM_REG_RBX << 8;
	return forced(VMX_EXIT_DR, e);
}

static void test_debug_registers(void **state)
{
	/* DR4 and DR5 are DR6 and DR7 (17.2.2) */
	static const unsigned target[] = { 0, 1, 2, 3, 6, 7, 6, 7 };
	struct vmm_exit e;

	(void)state;
	for (unsigned n = 0; n < 8; n++) {
		uint64_t *real = target[n] == 7 ? &fake_vmcs[VMCS_GUEST_DR7] :
			&dr[target[n]];

		begin();
		regs[VMM_REG_RBX] = 0xffff0ff0 + n;
		assert_int_equal(move_dr(n, false, &e), VMM_DONE);
		/* DR7: bit 10 is 1, bits 12, 14 and 15 are 0 */
		assert_int_equal(*real, target[n] == 7 ?
				 ((0xffff0ff0 + n) & 0xffff2fff) | 0x400 :
				 0xffff0ff0 + n);
		regs[VMM_REG_RBX] = 0;
		*real = 0x1234567;
		assert_int_equal(move_dr(n, true, &e), VMM_DONE);
		assert_int_equal(regs[VMM_REG_RBX], 0x1234567);
		regs[VMM_REG_RBX] = UINT64_C(1) << 32;
		if (target[n] >= 6)
			expect_gp(&e, move_dr(n, false, &e));
		else
			assert_int_equal(move_dr(n, false, &e), VMM_DONE);
	}
}

static enum vmm_verdict write_cr(unsigned cr, uint64_t value,
				 struct vmm_exit *e)
{
	*e = (struct vmm_exit){ .reason = VMM_EXIT_CR_WRITE };
	e->cr.cr = (uint8_t)cr;
	e->cr.value = value;
	return cr_write_exit(&v, e);
}

static void test_cr0(void **state)
{
	const uint64_t good = X86_CR0_PE | X86_CR0_PG | X86_CR0_WP;
	struct vmm_exit e;

	(void)state;
	begin();
	assert_int_equal(write_cr(0, good | X86_CR0_NE, &e), VMM_PASS);
	assert_int_equal(write_cr(0, good | X86_CR0_CD | X86_CR0_NW, &e),
			 VMM_PASS);
	expect_gp(&e, write_cr(0, good | X86_CR0_NW, &e));
	expect_gp(&e, write_cr(0, good | UINT64_C(1) << 32, &e));
	expect_gp(&e, write_cr(0, good & ~X86_CR0_PE, &e));
	expect_gp(&e, write_cr(0, good & ~X86_CR0_PG, &e));
	cs.attr = 0x49b;	/* from 32-bit code, paging may go */
	assert_int_equal(write_cr(0, good & ~X86_CR0_PG, &e), VMM_PASS);
	regs[VMM_REG_CR4] |= X86_CR4_PCIDE;
	expect_gp(&e, write_cr(0, good & ~X86_CR0_PG, &e));
	regs[VMM_REG_CR4] = X86_CR4_PAE | X86_CR4_CET;
	expect_gp(&e, write_cr(0, good & ~X86_CR0_WP, &e));
}

/* Into long mode: with PAE, and not from a code segment with L. */
static void test_paging_on(void **state)
{
	const uint64_t on = X86_CR0_PE | X86_CR0_PG;
	struct vmm_exit e;

	(void)state;
	begin();
	regs[VMM_REG_CR0] = X86_CR0_PE;
	regs[VMM_REG_EFER] = X86_EFER_LME;
	cs.attr = 0x49b;
	assert_int_equal(write_cr(0, on, &e), VMM_PASS);
	cs.attr = 0x29b;
	expect_gp(&e, write_cr(0, on, &e));
	cs.attr = 0x49b;
	regs[VMM_REG_CR4] = 0;
	expect_gp(&e, write_cr(0, on, &e));
	regs[VMM_REG_EFER] = 0;
	assert_int_equal(write_cr(0, on, &e), VMM_PASS);
}

static void test_cr4_cr8(void **state)
{
	struct vmm_exit e;

	(void)state;
	begin();
	assert_int_equal(write_cr(4, X86_CR4_PAE | X86_CR4_SMEP, &e),
			 VMM_PASS);
	expect_gp(&e, write_cr(4, X86_CR4_PAE | X86_CR4_VMXE, &e));
	expect_gp(&e, write_cr(4, X86_CR4_PAE | X86_CR4_SMXE, &e));
	assert_int_equal(write_cr(3, 0x1000, &e), VMM_PASS);
	assert_int_equal(write_cr(8, 15, &e), VMM_DONE);
	assert_int_equal(cr8, 15);
	expect_gp(&e, write_cr(8, 16, &e));
	assert_int_equal(cr8, 15);
	e.cr.cr = 8;
	e.cr.gpr = VMM_REG_R9;
	assert_int_equal(cr_read_exit(&v, &e), VMM_DONE);
	assert_int_equal(regs[VMM_REG_R9], 15);
	e.cr.cr = 3;
	assert_int_equal(cr_read_exit(&v, &e), VMM_PASS);
}

static void test_xsetbv(void **state)
{
	struct vmm_exit e = { .reason = VMM_EXIT_XSETBV };

	(void)state;
	begin();
	e.xsetbv.value = 1;
	assert_int_equal(xsetbv_exit(&v, &e), VMM_DONE);
	ss.attr = 0x4f3;	/* ring 3 */
	expect_gp(&e, xsetbv_exit(&v, &e));
	begin();
	e.xsetbv.value = 2;
	expect_gp(&e, xsetbv_exit(&v, &e));
	e.xsetbv.value = 1;
	e.xsetbv.index = 1;
	expect_gp(&e, xsetbv_exit(&v, &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waiting),
		cmocka_unit_test(test_counters),
		cmocka_unit_test(test_debug_registers),
		cmocka_unit_test(test_cr0),
		cmocka_unit_test(test_paging_on),
		cmocka_unit_test(test_cr4_cr8),
		cmocka_unit_test(test_xsetbv),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
