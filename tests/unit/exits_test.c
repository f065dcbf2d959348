/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The same exit as SVM and as VMX record it: both vendors' code must make one
 * and the same struct vmm_exit of it, and both must do the same with a
 * verdict.  CPUID, MSRs, the APIC's page, NMI and INIT are as QEMU's log of
 * exits shows them for starts.efi; what the emulated guests do not make, and
 * VMX's side of it, is written by the manuals' tables (APM vol. 2, appendix C
 * and 15.10, 15.20, 15.25; SDM vol. 3, 28.2).
 *
 * Neutral policy sees nothing but struct vmm_exit and the registers, so what
 * is equal here is decided equally.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <mm/nested.h>
#include <svm/svm_priv.h>
#include <vmx/vmx_decode.h>
#include <vmx/vmx_priv.h>
#include <vmm/panic.h>
#include "exits_world.h"

#define RIP		UINT64_C(0x7df91bcf)
#define ATTR_CODE64	0x29bu
#define ATTR_CODE32	0x49bu
#define PF_ERROR	UINT64_C(0x2)

/* --- what the vendors' code calls --- */

static struct vmm_exit seen;		/* what policy was asked */
static unsigned asked;
static enum vmm_verdict answer;		/* and says */

enum vmm_verdict vmm_exit_dispatch(struct vmm_vcpu *v, struct vmm_exit *e)
{
	(void)v;
	asked++;
	if (answer == VMM_FAULT)
		(void)vmm_fault_error(e, X86_TRAP_GP, 0);
	seen = *e;
	return answer;
}

void vmm_guest_shutdown(struct vmm_vcpu *v)
{
	(void)v;
	fail_msg("shutdown");
	abort();
}

void vmm_guest_refused(struct vmm_vcpu *v, const char *why)
{
	(void)v;
	fail_msg("refused: %s", why);
	abort();
}

void vmm_attend(struct vmm_vcpu *v)
{
	v->attention = 0;
}

void vmm_panic(const char *fmt, ...)
{
	fail_msg("panic: %s", fmt);
	abort();
}

/* Those that test_cr0_change has. */
uint64_t svm_get(struct vmm_vcpu *v, enum vmm_reg reg)
{
	return reg == VMM_REG_R8 ? v->regs.r8 :
		reg == VMM_REG_RDI ? v->regs.rdi : 0;
}

static const uint8_t *at_rip;	/* NULL: it cannot be read */

unsigned vmm_insn_fetch(struct vmm_vcpu *v, uint8_t *buf, unsigned n,
			unsigned *mode)
{
	(void)v;
	*mode = 64;
	if (at_rip)
		memcpy(buf, at_rip, n);
	return at_rip ? n : 0;
}

unsigned vmm_insn_len(struct vmm_vcpu *v, const uint8_t *opcode, unsigned n)
{
	(void)v;
	(void)opcode;
	return n;
}

uint64_t vmx_get(struct vmm_vcpu *v, enum vmm_reg reg)
{
	(void)reg;
	return v->regs.rax;
}

const uint8_t *vmm_nested_code(const struct vmm_nested *n, uint64_t cr3,
			       uint64_t cr4, uint64_t linear)
{
	(void)n;
	(void)cr3;
	(void)cr4;
	(void)linear;
	return NULL;
}

/* --- the rows --- */

struct row {
	const char *name;
	/* EXITCODE, EXITINFO1, EXITINFO2, length by nRIP, EXITINTINFO */
	struct {
		uint64_t code, info1, info2;
		unsigned length;
		uint64_t intinfo;
	} svm;
	/* reason, qualification, guest-physical address, length; interruption
	 * information and its error code, IDT-vectoring of both */
	struct {
		uint32_t reason;
		uint64_t qualification, gpa;
		unsigned length;
		uint32_t event, error, vectoring, vectoring_error;
	} vmx;
	enum vmm_exit_reason reason;
	uint64_t rax, rcx, rdx;
};

static const struct row rows[] = {
	{ "cpuid", { 0x72, 0, 0, 2, 0 }, { 10, 0, 0, 2, 0, 0, 0, 0 },
	  VMM_EXIT_CPUID, 1, 0, 0 },
	{ "rdmsr", { 0x7c, 0, 0, 2, 0 }, { 31, 0, 0, 2, 0, 0, 0, 0 },
	  VMM_EXIT_MSR_READ, 0, 0xc0000080, 0 },
	{ "rdmsr of an unknown one", { 0x7c, 0, 0, 2, 0 },
	  { 31, 0, 0, 2, 0, 0, 0, 0 }, VMM_EXIT_MSR_READ, 0, 0x12345678, 0 },
	{ "wrmsr", { 0x7c, 1, 0, 2, 0 }, { 32, 0, 0, 2, 0, 0, 0, 0 },
	  VMM_EXIT_MSR_WRITE, 0x500, 0xc0000080, 0x11 },
	{ "in al, 60h", { 0x7b, 0x600211, RIP + 2, 0, 0 },
	  { 30, 0x600048, 0, 2, 0, 0, 0, 0 }, VMM_EXIT_IO, 0, 0, 0x60 },
	{ "out dx, eax", { 0x7b, 0xcf80240, RIP + 1, 0, 0 },
	  { 30, 0xcf80003, 0, 1, 0, 0, 0, 0 }, VMM_EXIT_IO, 1, 0, 0xcf8 },
	{ "rep outsb", { 0x7b, 0x3f8021c, RIP + 2, 0, 0 },
	  { 30, 0x3f80030, 0, 2, 0, 0, 0, 0 }, VMM_EXIT_IO, 1, 5, 0x3f8 },
	{ "write to the page of the APIC",
	  { 0x400, 0x100000007, 0xfee00300, 0, 0 },
	  { 48, 0x18a, 0xfee00300, 0, 0, 0, 0, 0 }, VMM_EXIT_MEM, 0, 0, 0 },
	{ "read of what is not mapped",
	  { 0x400, 0x100000004, 0x8000001000, 0, 0 },
	  { 48, 0x181, 0x8000001000, 0, 0, 0, 0, 0 }, VMM_EXIT_MEM, 0, 0, 0 },
	{ "fetch", { 0x400, 0x100000014, 0x8000002000, 0, 0 },
	  { 48, 0x184, 0x8000002000, 0, 0, 0, 0, 0 }, VMM_EXIT_MEM, 0, 0, 0 },
	{ "page walk", { 0x400, 0x200000006, 0x3df24ff8, 0, 0 },
	  { 48, 0x8a, 0x3df24ff8, 0, 0, 0, 0, 0 }, VMM_EXIT_MEM, 0, 0, 0 },
	{ "write while an interrupt is delivered",
	  { 0x400, 0x100000007, 0x3df24ff8, 0, 0x80000031 },
	  { 48, 0x18a, 0x3df24ff8, 0, 0, 0, 0x80000031, 0 },
	  VMM_EXIT_MEM, 0, 0, 0 },
	{ "write while a page fault is delivered",
	  { 0x400, 0x100000007, 0x3df24ff8, 0, PF_ERROR << 32 | 0x80000b0e },
	  { 48, 0x18a, 0x3df24ff8, 0, 0, 0, 0x80000b0e, PF_ERROR },
	  VMM_EXIT_MEM, 0, 0, 0 },
	{ "write while an NMI is delivered",
	  { 0x400, 0x100000007, 0x3df24ff8, 0, 0x80000202 },
	  { 48, 0x18a, 0x3df24ff8, 0, 0, 0, 0x80000202, 0 },
	  VMM_EXIT_MEM, 0, 0, 0 },
	{ "vmmcall, vmcall", { 0x81, 0, 0, 3, 0 },
	  { 18, 0, 0, 3, 0, 0, 0, 0 }, VMM_EXIT_HYPERCALL, 0, 0, 0 },
	{ "vmrun, vmlaunch", { 0x80, 0, 0, 0, 0 },
	  { 20, 0, 0, 3, 0, 0, 0, 0 }, VMM_EXIT_VIRT_INSN, 0, 0, 0 },
	{ "vmload, vmptrld", { 0x82, 0, 0, 0, 0 },
	  { 21, 0, 0, 4, 0, 0, 0, 0 }, VMM_EXIT_VIRT_INSN, 0, 0, 0 },
	{ "stgi, vmxon", { 0x84, 0, 0, 0, 0 },
	  { 27, 0, 0, 4, 0, 0, 0, 0 }, VMM_EXIT_VIRT_INSN, 0, 0, 0 },
	{ "invlpga, invept", { 0x7a, 0, 0, 0, 0 },
	  { 50, 0, 0, 5, 0, 0, 0, 0 }, VMM_EXIT_VIRT_INSN, 0, 0, 0 },
	{ "skinit, getsec", { 0x86, 0, 0, 0, 0 },
	  { 11, 0, 0, 2, 0, 0, 0, 0 }, VMM_EXIT_VIRT_INSN, 0, 0, 0 },
	{ "invd", { 0x76, 0, 0, 2, 0 }, { 13, 0, 0, 2, 0, 0, 0, 0 },
	  VMM_EXIT_INVD, 0, 0, 0 },
	{ "wbinvd", { 0x89, 0, 0, 2, 0 }, { 54, 0, 0, 2, 0, 0, 0, 0 },
	  VMM_EXIT_WBINVD, 0, 0, 0 },
	{ "nmi", { 0x61, 0, 0, 0, 0 }, { 0, 0, 0, 0, 0x80000202, 0, 0, 0 },
	  VMM_EXIT_NMI, 0, 0, 0 },
	{ "init", { 0x63, 0, 0, 0, 0 }, { 3, 0, 0, 0, 0, 0, 0, 0 },
	  VMM_EXIT_INIT, 0, 0, 0 },
	{ "triple fault", { 0x7f, 0, 0, 0, 0 }, { 2, 0, 0, 0, 0, 0, 0, 0 },
	  VMM_EXIT_SHUTDOWN, 0, 0, 0 },
	{ "general protection", { 0x4d, 0x18, 0, 0, 0 },
	  { 0, 0, 0, 2, 0x80000b0d, 0x18, 0, 0 },
	  VMM_EXIT_EXCEPTION, 0, 0, 0 },
	{ "its second one", { 0x4d, 0x18, 0, 0, UINT64_C(0x1880000b0d) },
	  { 0, 0, 0, 2, 0x80000b0d, 0x18, 0x80000b0d, 0x18 },
	  VMM_EXIT_EXCEPTION, 0, 0, 0 },
	{ "undefined opcode", { 0x46, 0, 0, 0, 0 },
	  { 0, 0, 0, 2, 0x80000306, 0, 0, 0 }, VMM_EXIT_EXCEPTION, 0, 0, 0 },
};

/* --- running them --- */

struct outcome {
	struct vmm_exit exit;
	unsigned asked;
	uint64_t rip, event, shadow;
};

static struct outcome run_svm(const struct row *r, enum vmm_verdict verdict,
			      uint32_t attr)
{
	static struct vmcb c;
	struct svm_vcpu s = { .vmcb = &c, .nrips = true };
	struct vmm_vcpu v = { .vendor = &s };

	memset(&c, 0, sizeof(c));
	c.exitcode = r->svm.code;
	c.exitinfo1 = r->svm.info1;
	c.exitinfo2 = r->svm.info2;
	c.exitintinfo = r->svm.intinfo;
	c.rip = RIP;
	c.nrip = r->svm.length ? RIP + r->svm.length : 0;
	c.cs.attr = (uint16_t)attr;
	c.efer = X86_EFER_LMA | X86_EFER_LME;
	c.rax = r->rax;
	c.interrupt_shadow = VMCB_SHADOW;
	v.regs.rcx = r->rcx;
	v.regs.rdx = r->rdx;
	answer = verdict;
	asked = 0;
	memset(&seen, 0, sizeof(seen));
	assert_true(svm_vmexit(&v));
	return (struct outcome){ seen, asked, c.rip, c.eventinj,
				 c.interrupt_shadow & VMCB_SHADOW };
}

static void load_vmcs(const struct row *r, uint32_t attr)
{
	memset(fake_vmcs, 0, sizeof(fake_vmcs));
	fake_vmcs[VMCS_EXIT_REASON] = r->vmx.reason;
	fake_vmcs[VMCS_EXIT_QUALIFICATION] = r->vmx.qualification;
	fake_vmcs[VMCS_GUEST_PHYSICAL] = r->vmx.gpa;
	fake_vmcs[VMCS_EXIT_INSN_LEN] = r->vmx.length;
	fake_vmcs[VMCS_EXIT_INSN_INFO] = 2 << 7;	/* 64-bit address */
	fake_vmcs[VMCS_EXIT_EVENT] = r->vmx.event;
	fake_vmcs[VMCS_EXIT_ERROR] = r->vmx.error;
	fake_vmcs[VMCS_VECTORING_EVENT] = r->vmx.vectoring;
	fake_vmcs[VMCS_VECTORING_ERROR] = r->vmx.vectoring_error;
	fake_vmcs[VMCS_GUEST_RIP] = RIP;
	fake_vmcs[VMCS_GUEST_CR0] = X86_CR0_PE | X86_CR0_PG;
	fake_vmcs[VMCS_GUEST_EFER] = X86_EFER_LMA | X86_EFER_LME;
	fake_vmcs[VMCS_GUEST_AR + 2 * VMM_SEG_CS] = vmx_ar_of_attr(attr);
	fake_vmcs[VMCS_GUEST_INTERRUPTIBILITY] = VMCS_BLOCK_STI;
}

static struct outcome run_vmx(const struct row *r, enum vmm_verdict verdict,
			      uint32_t attr)
{
	struct vmx_vcpu x = { .loaded = true };
	struct vmm_vcpu v = { .vendor = &x };
	uint64_t event;

	vmx.controls.io_info = true;
	load_vmcs(r, attr);
	v.regs.rax = r->rax;
	v.regs.rcx = r->rcx;
	v.regs.rdx = r->rdx;
	answer = verdict;
	asked = 0;
	memset(&seen, 0, sizeof(seen));
	assert_true(vmx_vmexit(&v));
	event = fake_vmcs[VMCS_ENTRY_EVENT];
	if (event & VMCS_EVENT_ERROR)
		event |= fake_vmcs[VMCS_ENTRY_ERROR] << 32;
	return (struct outcome){
		seen, asked, fake_vmcs[VMCS_GUEST_RIP], event,
		fake_vmcs[VMCS_GUEST_INTERRUPTIBILITY] & VMCS_BLOCK_STI,
	};
}

/* What policy may look at of this reason. */
static void compare_exits(const struct row *r, const struct vmm_exit *s,
			  const struct vmm_exit *x)
{
	if (s->reason != r->reason || x->reason != r->reason)
		fail_msg("%s: reason %d on SVM, %d on VMX", r->name,
			 s->reason, x->reason);
	switch (r->reason) {
	case VMM_EXIT_MSR_READ:
	case VMM_EXIT_MSR_WRITE:
		assert_int_equal(s->msr.index, r->rcx);
		assert_int_equal(s->msr.index, x->msr.index);
		assert_int_equal(s->msr.value, x->msr.value);
		break;
	case VMM_EXIT_IO:
		assert_int_equal(s->io.port, r->rdx);
		assert_int_equal(s->io.port, x->io.port);
		assert_int_equal(s->io.width, x->io.width);
		assert_int_equal(s->io.in, x->io.in);
		assert_int_equal(s->io.string, x->io.string);
		assert_int_equal(s->io.rep, x->io.rep);
		break;
	case VMM_EXIT_MEM:
		assert_int_equal(s->mem.gpa, x->mem.gpa);
		assert_int_equal(s->mem.read, x->mem.read);
		assert_int_equal(s->mem.write, x->mem.write);
		assert_int_equal(s->mem.exec, x->mem.exec);
		assert_int_equal(s->mem.table_walk, x->mem.table_walk);
		break;
	case VMM_EXIT_EXCEPTION:
		assert_int_equal(s->exception.vector, x->exception.vector);
		assert_int_equal(s->exception.type, x->exception.type);
		assert_int_equal(s->exception.has_error,
				 x->exception.has_error);
		if (s->exception.has_error)
			assert_int_equal(s->exception.error,
					 x->exception.error);
		break;
	default:
		break;
	}
	if (r->svm.length || r->reason == VMM_EXIT_IO)
		assert_int_equal(s->insn_len, x->insn_len);
}

static void compare(const struct row *r, enum vmm_verdict verdict,
		    uint32_t attr)
{
	struct outcome s = run_svm(r, verdict, attr);
	struct outcome x = run_vmx(r, verdict, attr);

	assert_int_equal(s.asked, 1);
	assert_int_equal(x.asked, 1);
	compare_exits(r, &s.exit, &x.exit);
	if (s.rip != x.rip || s.event != x.event || !s.shadow != !x.shadow)
		fail_msg("%s, verdict %d: SVM goes on at %#llx with event"
			 " %#llx, VMX at %#llx with %#llx", r->name, verdict,
			 (unsigned long long)s.rip,
			 (unsigned long long)s.event,
			 (unsigned long long)x.rip,
			 (unsigned long long)x.event);
	if (verdict == VMM_DONE)
		assert_int_equal(s.rip, RIP + s.exit.insn_len);
	else
		assert_int_equal(s.rip, RIP);
}

static bool has_length(const struct row *r)
{
	return r->svm.length || r->reason == VMM_EXIT_IO;
}

static void test_done(void **state)
{
	unsigned i;

	(void)state;
	exits_world_privileged();
	for (i = 0; i < VMM_ARRAY_SIZE(rows); i++)
		if (has_length(&rows[i])) {
			compare(&rows[i], VMM_DONE, ATTR_CODE64);
			compare(&rows[i], VMM_DONE, ATTR_CODE32);
		}
}

/* A fault instead of the instruction.  (An event that was on its way makes it
 * a double fault on one of them: such rows are not faulted by policy.) */
static void test_fault(void **state)
{
	struct outcome s;
	unsigned i;

	(void)state;
	exits_world_privileged();
	for (i = 0; i < VMM_ARRAY_SIZE(rows); i++) {
		if (rows[i].svm.intinfo)
			continue;
		compare(&rows[i], VMM_FAULT, ATTR_CODE64);
		s = run_svm(&rows[i], VMM_FAULT, ATTR_CODE64);
		assert_int_equal(s.event, 0x80000b0d);
	}
}

/* Once more; what was on its way is delivered again. */
static void test_retry(void **state)
{
	struct outcome s;
	unsigned i;

	(void)state;
	exits_world_privileged();
	for (i = 0; i < VMM_ARRAY_SIZE(rows); i++) {
		compare(&rows[i], VMM_RETRY, ATTR_CODE64);
		s = run_svm(&rows[i], VMM_RETRY, ATTR_CODE64);
		assert_int_equal(s.event, rows[i].svm.intinfo);
	}
}

/* Exceptions that nobody wants go to the guest, as #DF if they are second. */
static void test_pass(void **state)
{
	unsigned i, seconds = 0;
	struct outcome s;

	(void)state;
	exits_world_privileged();
	for (i = 0; i < VMM_ARRAY_SIZE(rows); i++) {
		if (rows[i].reason != VMM_EXIT_EXCEPTION)
			continue;
		compare(&rows[i], VMM_PASS, ATTR_CODE64);
		s = run_svm(&rows[i], VMM_PASS, ATTR_CODE64);
		if (!rows[i].svm.intinfo)
			continue;
		assert_int_equal(s.event, 0x80000b08);
		seconds++;
	}
	assert_int_equal(seconds, 1);
}

/* Both forms of the code, as the manual and as QEMU 7.2 have it: the first
 * entry says so to its caller. */
static void test_refused(void **state)
{
	static const uint64_t codes[] = { UINT64_MAX, UINT32_MAX };
	static struct vmcb c;
	struct svm_vcpu s = { .vmcb = &c };
	struct vmm_vcpu v = { .vendor = &s };
	unsigned i;

	(void)state;
	asked = 0;
	for (i = 0; i < VMM_ARRAY_SIZE(codes); i++) {
		c.exitcode = codes[i];
		assert_false(svm_vmexit(&v));
		assert_false(v.entered);
	}
	assert_int_equal(asked, 0);
}

/* Every reason that both vendors can have for the same thing is in a row. */
static void test_rows(void **state)
{
	unsigned i, found = 0;

	(void)state;
	for (i = 0; i < VMM_ARRAY_SIZE(rows); i++)
		found |= 1u << rows[i].reason;
	assert_int_equal(found, 1u << VMM_EXIT_CPUID |
			 1u << VMM_EXIT_MSR_READ | 1u << VMM_EXIT_MSR_WRITE |
			 1u << VMM_EXIT_IO | 1u << VMM_EXIT_MEM |
			 1u << VMM_EXIT_HYPERCALL | 1u << VMM_EXIT_VIRT_INSN |
			 1u << VMM_EXIT_INVD | 1u << VMM_EXIT_WBINVD |
			 1u << VMM_EXIT_NMI | 1u << VMM_EXIT_INIT |
			 1u << VMM_EXIT_SHUTDOWN | 1u << VMM_EXIT_EXCEPTION);
}

enum { OLD_CR0 = 0x80050033, NEW_CR0 = 0x80000001 };

/* The value that the guest writes, by the instruction. */
static uint64_t change_cr0(const uint8_t *code)
{
	static struct vmcb c;
	struct svm_vcpu s = { .vmcb = &c };
	struct vmm_vcpu v = { .vendor = &s, .regs.r8 = NEW_CR0,
			      .regs.rdi = NEW_CR0 };
	unsigned i;

	memset(&c, 0, sizeof(c));
	c.exitcode = 0x65;
	c.rip = RIP;
	c.cr0 = OLD_CR0;
	svm_intercept(&c, 0x65, true);
	svm_intercept(&c, 0x72, true);
	answer = VMM_RETRY;
	asked = 0;
	at_rip = code;
	assert_true(svm_vmexit(&v));
	at_rip = NULL;
	assert_int_equal(asked, 1);
	assert_int_equal(seen.reason, VMM_EXIT_CR0_CHANGE);
	assert_int_equal(c.rip, RIP);
	for (i = 0; i < VMCB_INTERCEPT_WORDS; i++)
		assert_int_equal(c.intercept[i], i == 3 ? 1u << 18 : 0);
	return seen.cr.value;
}

/* Only AMD has this one; it is over when it came, and the guest then does
 * what it wanted to. */
static void test_cr0_change(void **state)
{
	static const uint8_t from_r8[] = { 0x41, 0x0f, 0x22, 0xc0 },
		from_rdi[] = { 0x0f, 0x22, 0xc7, 0x90 },
		lmsw[] = { 0x0f, 0x01, 0xf0, 0x90 };

	(void)state;
	assert_int_equal(change_cr0(from_r8), NEW_CR0);
	assert_int_equal(change_cr0(from_rdi), NEW_CR0);
	assert_int_equal(change_cr0(lmsw), OLD_CR0);
	assert_int_equal(change_cr0(NULL), OLD_CR0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_done),
		cmocka_unit_test(test_fault),
		cmocka_unit_test(test_retry),
		cmocka_unit_test(test_pass),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_cr0_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
