/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exits that were recorded on machines of both vendors, through the vendors'
 * code and the neutral policy once more.  The outcome must be the recorded
 * one and what the guest saw; and if the hardware answers the VMM the same, it
 * must be the same for both vendors.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bitvisor/config.h>
#include <cmocka.h>
#include <core/core_priv.h>
#include <cpu/policy.h>
#include <cpu/smp.h>
#include <mm/nested.h>
#include <svm/svm_priv.h>
#include <vmm/io.h>
#include <vmm/log.h>
#include <vmm/panic.h>
#include <vmx/vmx_priv.h>
#include "exits_world.h"
#include "record.h"

#define PORT		0x5100u		/* as in tests/emu/exitlab/main.c */
#define PORT_VALUE	0xa1b2c3d4u
#define MAX_WRITES	8
#define EVENT_UD	UINT64_C(0x80000306)
#define EVENT_GP	UINT64_C(0x80000b0d)

struct config_data config;

static struct record records[3];
static const struct record *const qemu = &records[0], *const ryzen =
	&records[1], *const intel = &records[2];
static uint64_t dispatched[VMM_EXIT_REASONS];

/* --- what an exit led to --- */

struct outcome {
	uint64_t moved;		/* RIP */
	uint64_t event;		/* as in EVENTINJ */
	uint64_t rax, rcx, rdx, rbx, rsi, rdi;
	unsigned steps, windows, wbinvds;
	unsigned writes;
	uint32_t port_width[MAX_WRITES], port_value[MAX_WRITES];
};

/* --- the machine that policy finds itself on --- */

static const struct record *place;		/* where the VMM is */
static const struct record_case *now, *answers;
static struct outcome result;
static struct vmm vmm;
static struct vmm_nested nested;

struct x86_cpuid fake_cpuid(uint32_t leaf, uint32_t subleaf)
{
	assert_int_equal(leaf, (uint32_t)record_value(&answers->in, "rax"));
	assert_int_equal(subleaf, (uint32_t)record_value(&answers->in, "rcx"));
	return (struct x86_cpuid){
		(uint32_t)record_value(&answers->hw, "eax"),
		(uint32_t)record_value(&answers->hw, "ebx"),
		(uint32_t)record_value(&answers->hw, "ecx"),
		(uint32_t)record_value(&answers->hw, "edx"),
	};
}

uint64_t fake_rdmsr(uint32_t msr)
{
	assert_int_equal(msr, (uint32_t)record_value(&answers->in, "rcx"));
	return record_value(&answers->hw, "msr");
}

void fake_wrmsr(uint32_t msr, uint64_t value)
{
	assert_int_equal(msr, MSR_EFER);
	assert_int_equal(value, record_value(&answers->hw, "msr"));
}

uint64_t fake_read_cr(unsigned cr)
{
	fail_msg("CR%u was read", cr);
	return 0;
}

void fake_write_cr(unsigned cr, uint64_t value)
{
	fail_msg("CR%u was written: %#llx", cr, (unsigned long long)value);
}

uint64_t fake_read_dr(unsigned n)
{
	fail_msg("DR%u was read", n);
	return 0;
}

void fake_write_dr(unsigned n, uint64_t value)
{
	fail_msg("DR%u was written: %#llx", n, (unsigned long long)value);
}

bool x86_rdmsr_safe(uint32_t msr, uint64_t *value)
{
	*value = fake_rdmsr(msr);
	return !record_value(&answers->hw, "msr-gp");
}

bool x86_wrmsr_safe(uint32_t msr, uint64_t value)
{
	(void)msr;
	(void)value;
	return !record_value(&answers->hw, "gp");
}

bool x86_xsetbv_safe(uint32_t index, uint64_t value)
{
	assert_int_equal(index, (uint32_t)record_value(&answers->in, "rcx"));
	assert_int_equal((uint32_t)value,
			 (uint32_t)record_value(&answers->in, "rax"));
	return !record_value(&answers->hw, "gp");
}

/* The guest's memory: the instruction, and the pattern of probe_exits.c. */
static uint8_t guest_byte(uint64_t at)
{
	uint64_t offset = at - record_value(&now->in, "rip");

	if (offset < RECORD_BYTES)
		return now->bytes[offset];
	return (uint8_t)(0x30 + (at & 0x3f));
}

int vmm_gva_read(struct vmm_vcpu *v, uint64_t gva, void *buf, size_t n,
		 unsigned access, uint64_t *bad, uint32_t *error_code)
{
	(void)v;
	(void)access;
	(void)bad;
	(void)error_code;
	for (size_t i = 0; i < n; i++)
		((uint8_t *)buf)[i] = guest_byte(gva + i);
	return 0;
}

int vmm_gva_write(struct vmm_vcpu *v, uint64_t gva, const void *buf, size_t n,
		  unsigned access, uint64_t *bad, uint32_t *error_code)
{
	(void)v;
	(void)access;
	(void)bad;
	(void)error_code;
	/* where the guest told INS to store, and nowhere else */
	assert_true(gva - record_value(&answers->in, "rdi") < 64);
	assert_memory_equal(buf, &(uint32_t){ PORT_VALUE }, n);
	return 0;
}

int vmm_gva_translate(struct vmm_vcpu *v, uint64_t gva, unsigned access,
		      uint64_t *gpa, uint32_t *error_code)
{
	(void)v;
	(void)access;
	(void)error_code;
	*gpa = gva;
	return 0;
}

const uint8_t *vmm_nested_code(const struct vmm_nested *n, uint64_t cr3,
			       uint64_t cr4, uint64_t linear)
{
	static uint8_t page[VMM_PAGE_SIZE];

	(void)n;
	(void)cr3;
	(void)cr4;
	memcpy(&page[linear & VMM_PAGE_MASK], now->bytes, RECORD_BYTES);
	return &page[linear & VMM_PAGE_MASK];
}

int vmm_nested_fault(struct vmm_nested *n, uint64_t gpa, bool write)
{
	(void)n;
	return write && gpa - place->vmm_base < place->vmm_size ? -EACCES : 0;
}

int vmm_nested_window_open(struct vmm_nested *n, uint64_t gpa,
			   uint64_t scratch)
{
	(void)n;
	(void)gpa;
	(void)scratch;
	result.windows++;
	return 0;
}

void vmm_nested_window_close(struct vmm_nested *n, uint64_t gpa)
{
	(void)n;
	(void)gpa;
}

int vmm_nested_retype(struct vmm_nested *n, const struct vmm_mtrr *m)
{
	(void)n;
	(void)m;
	return 0;
}

static uint32_t port_read(struct vmm_vcpu *v, void *ctx, uint16_t port,
			  unsigned width)
{
	(void)v;
	(void)ctx;
	(void)port;
	(void)width;
	return PORT_VALUE;
}

static void port_write(struct vmm_vcpu *v, void *ctx, uint16_t port,
		       unsigned width, uint32_t value)
{
	(void)v;
	(void)ctx;
	assert_int_equal(port, PORT);
	assert_true(result.writes < MAX_WRITES);
	result.port_width[result.writes] = width;
	result.port_value[result.writes++] = value;
}

/* --- what is not asked for on one processor --- */

void vmm_panic(const char *fmt, ...)
{
	fail_msg("panic: %s", fmt);
	abort();
}

void vmm_assert_failed(const char *expr, const char *func, const char *file,
		       int line)
{
	fail_msg("%s:%d: %s: %s", file, line, func, expr);
	abort();
}

void vmm_dump_guest(struct vmm_vcpu *v, enum vmm_log_level level)
{
	(void)v;
	(void)level;
}

void vmm_reset_machine(void)
{
	fail_msg("reset");
	abort();
}

void smp_native_init(struct vmm_vcpu *v) { (void)v; }
void smp_flush_all(struct vmm_vcpu *v) { (void)v; }
void icr_trap_arm(struct vmm_vcpu *v) { (void)v; }
void icr_trap_check_leaving(struct vmm_vcpu *v) { (void)v; }
void icr_trap_check_restart(struct vmm_vcpu *v, bool wp) { (void)v; (void)wp; }
void icr_trap_apic_moved(struct vmm_vcpu *v) { (void)v; }
bool mmio_hook_page(uint64_t gpa) { (void)gpa; return false; }

uint32_t smp_take_attention(struct vmm_vcpu *v)
{
	uint32_t bits = v->attention;

	v->attention = 0;
	return bits & ~VCPU_FLUSH;
}

void smp_attend(struct vmm_vcpu *v, uint32_t bits)
{
	(void)v;
	(void)bits;
}

bool icr_trap_page(const struct vmm_vcpu *v, uint64_t gpa)
{
	(void)v;
	(void)gpa;
	return false;
}

static enum vmm_verdict unwanted(struct vmm_vcpu *v, struct vmm_exit *e)
{
	(void)v;
	fail_msg("handler of reason %d", e->reason);
	return VMM_PASS;
}

enum vmm_verdict icr_trap_mem_exit(struct vmm_vcpu *v, struct vmm_exit *e)
{
	return unwanted(v, e);
}

enum vmm_verdict icr_trap_msr_exit(struct vmm_vcpu *v, struct vmm_exit *e)
{
	return unwanted(v, e);
}

enum vmm_verdict mmio_hook_exit(struct vmm_vcpu *v, struct vmm_exit *e)
{
	return unwanted(v, e);
}

enum vmm_verdict microcode_write(struct vmm_vcpu *v, struct vmm_exit *e)
{
	return unwanted(v, e);
}

/* --- one exit --- */

static void no_intercept(struct vmm *m, uint16_t port, unsigned n, bool on)
{
	(void)m;
	(void)port;
	(void)n;
	(void)on;
}

static void no_flush(struct vmm_vcpu *v)
{
	(void)v;
}

static const struct vmm_vendor_ops svm_ops = {
	.id = VMM_VENDOR_SVM, .get = svm_get, .set = svm_set,
	.get_seg = svm_get_seg, .set_seg = svm_set_seg, .step = svm_step,
	.intercept_io = no_intercept, .flush = no_flush,
};

static const struct vmm_vendor_ops vmx_ops = {
	.id = VMM_VENDOR_VMX, .get = vmx_get, .set = vmx_set,
	.get_seg = vmx_get_seg, .set_seg = vmx_set_seg, .step = vmx_step,
	.intercept_io = no_intercept, .flush = no_flush,
};

static uint64_t in(const char *name)
{
	return record_value(&now->in, name);
}

static void run_svm(struct vmm_vcpu *v, uint64_t rax)
{
	static struct vmcb c;
	struct svm_vcpu s = { .vmcb = &c, .nrips = in("nrip") != 0 };

	memset(&c, 0, sizeof(c));
	c.exitcode = in("code");
	c.exitinfo1 = in("info1");
	c.exitinfo2 = in("info2");
	c.exitintinfo = in("intinfo");
	c.nrip = in("nrip");
	c.interrupt_shadow = in("shadow");
	c.cs.attr = (uint16_t)in("cs");
	c.ss.attr = (uint16_t)in("ss");
	c.cr0 = in("cr0");
	c.cr4 = in("cr4");
	c.efer = in("efer");
	c.rflags = in("rflags");
	c.rip = in("rip");
	c.rax = rax;
	v->vendor = &s;
	vmm.vendor = &svm_ops;
	assert_true(svm_vmexit(v));
	v->regs.rax = c.rax;
	result.moved = c.rip - in("rip");
	result.event = c.eventinj;
	assert_int_equal(c.efer, record_value(&now->out, "efer"));
}

static void load_vmcs(void)
{
	static const struct {
		const char *name;
		unsigned field;
	} fields[] = {
		{ "reason", VMCS_EXIT_REASON },
		{ "qualification", VMCS_EXIT_QUALIFICATION },
		{ "gpa", VMCS_GUEST_PHYSICAL }, { "gla", VMCS_GUEST_LINEAR },
		{ "length", VMCS_EXIT_INSN_LEN },
		{ "info", VMCS_EXIT_INSN_INFO },
		{ "event", VMCS_EXIT_EVENT }, { "error", VMCS_EXIT_ERROR },
		{ "vectoring", VMCS_VECTORING_EVENT },
		{ "vectoring-error", VMCS_VECTORING_ERROR },
		{ "shadow", VMCS_GUEST_INTERRUPTIBILITY },
		{ "pending", VMCS_GUEST_PENDING_DEBUG },
		{ "cs", VMCS_GUEST_AR + 2 * VMM_SEG_CS },
		{ "ss", VMCS_GUEST_AR + 2 * VMM_SEG_SS },
		{ "cr0", VMCS_GUEST_CR0 }, { "cr0-shadow", VMCS_CR0_SHADOW },
		{ "cr4", VMCS_GUEST_CR4 }, { "cr4-shadow", VMCS_CR4_SHADOW },
		{ "efer", VMCS_GUEST_EFER }, { "rflags", VMCS_GUEST_RFLAGS },
		{ "rip", VMCS_GUEST_RIP },
	};

	memset(fake_vmcs, 0, sizeof(fake_vmcs));
	for (unsigned i = 0; i < VMM_ARRAY_SIZE(fields); i++)
		fake_vmcs[fields[i].field] = in(fields[i].name);
}

static void run_vmx(struct vmm_vcpu *v, uint64_t rax)
{
	struct vmx_vcpu x = {
		.loaded = true, .cr0_mask = X86_CR0_NE,
		.cr4_mask = CPU_CR4_HIDDEN,
	};

	load_vmcs();
	vmx.controls.io_info = true;
	v->regs.rax = rax;
	v->vendor = &x;
	vmm.vendor = &vmx_ops;
	assert_true(vmx_vmexit(v));
	result.moved = fake_vmcs[VMCS_GUEST_RIP] - in("rip");
	result.event = fake_vmcs[VMCS_ENTRY_EVENT];
	if (result.event & VMCS_EVENT_ERROR)
		result.event |= fake_vmcs[VMCS_ENTRY_ERROR] << 32;
	assert_int_equal(fake_vmcs[VMCS_CR0_SHADOW],
			 record_value(&now->out, "cr0-shadow"));
	assert_int_equal(fake_vmcs[VMCS_CR4_SHADOW],
			 record_value(&now->out, "cr4-shadow"));
}

/* The exit of c, recorded in r, with the general registers and the hardware's
 * answers of c itself or of another record's case. */
static struct outcome replay(const struct record *r,
			     const struct record_case *c,
			     const struct record_case *with)
{
	const struct record_part *p = &with->in;
	const struct bv_handoff handoff = {
		.reserved_base = r->vmm_base, .reserved_size = r->vmm_size,
	};
	struct vmm_vcpu v = { .vmm = &vmm, .entered = true };
	uint64_t *mtrr;

	now = c;
	answers = with;
	place = r;
	result = (struct outcome){ 0 };
	exits_world = (struct exits_world){ 0 };
	vmm.handoff = &handoff;
	vmm.nested = &nested;
	vmm.vcpu_count = 1;
	vmm.mtrr = (struct vmm_mtrr){ .phys_bits = 40, .cap = 0x508 };
	mtrr = vmm_mtrr_reg(&vmm.mtrr, (uint32_t)record_value(p, "rcx"));
	if (mtrr)
		*mtrr = record_value(&with->hw, "msr");
	v.regs.rcx = record_value(p, "rcx");
	v.regs.rdx = record_value(p, "rdx");
	v.regs.rbx = record_value(p, "rbx");
	v.regs.rsi = record_value(p, "rsi");
	v.regs.rdi = record_value(p, "rdi");
	(r->svm ? run_svm : run_vmx)(&v, record_value(p, "rax"));
	result.rax = v.regs.rax;
	result.rcx = v.regs.rcx;
	result.rdx = v.regs.rdx;
	result.rbx = v.regs.rbx;
	result.rsi = v.regs.rsi;
	result.rdi = v.regs.rdi;
	result.steps = exits_world.steps;
	result.wbinvds = exits_world.wbinvds;
	for (unsigned i = 0; i < VMM_EXIT_REASONS; i++)
		dispatched[i] += v.exits[i];
	return result;
}

/* --- the tests --- */

static void check(const struct record *r, const struct record_case *c,
		  const char *what, uint64_t got, uint64_t expected)
{
	if (got != expected)
		fail_msg("%s, %s: %s is %#llx, not %#llx", r->file, c->name,
			 what, (unsigned long long)got,
			 (unsigned long long)expected);
}

static void check_record(const struct record *r, const struct record_case *c,
			 const struct outcome *o)
{
	unsigned i, n = 0;

	check(r, c, "the way of RIP", o->moved, record_value(&c->out, "moved"));
	check(r, c, "the event", o->event, record_value(&c->out, "event"));
	check(r, c, "RAX", o->rax, record_value(&c->out, "rax"));
	check(r, c, "RCX", o->rcx, record_value(&c->out, "rcx"));
	check(r, c, "RDX", o->rdx, record_value(&c->out, "rdx"));
	check(r, c, "RBX", o->rbx, record_value(&c->out, "rbx"));
	check(r, c, "RSI", o->rsi, record_value(&c->out, "rsi"));
	check(r, c, "RDI", o->rdi, record_value(&c->out, "rdi"));
	for (i = 0; i < c->hw.count; i++) {
		const struct record_pair *p = &c->hw.pair[i];

		if (!strcmp(p->name, "port-width"))
			check(r, c, "port", o->port_width[n], p->value);
		else if (!strcmp(p->name, "port-value"))
			check(r, c, "port", o->port_value[n++], p->value);
	}
	check(r, c, "the number of OUTs", o->writes, n);
}

/* "none RAX RBX RCX RDX +RSI +RDI" or the trap; pages: what the last two
 * count from. */
static void check_guest(const struct record *r, const struct record_case *c,
			const struct outcome *o, uint64_t pages)
{
	unsigned long long rax, rbx, rcx, rdx, rsi, rdi;

	if (!strcmp(c->guest, "#UD")) {
		check(r, c, "the event", o->event, EVENT_UD);
	} else if (!strcmp(c->guest, "#GP(0)")) {
		check(r, c, "the event", o->event, EVENT_GP);
	} else if (sscanf(c->guest, "none %llx %llx %llx %llx +%llx +%llx",
			  &rax, &rbx, &rcx, &rdx, &rsi, &rdi) == 6) {
		check(r, c, "the event", o->event, 0);
		check(r, c, "RAX", o->rax, rax);
		check(r, c, "RBX", o->rbx, rbx);
		check(r, c, "RCX", o->rcx, rcx);
		check(r, c, "RDX", o->rdx, rdx);
		check(r, c, "RSI", o->rsi - pages, rsi);
		check(r, c, "RDI", o->rdi - pages, rdi);
	} else if (strcmp(c->guest, "int-92")) {
		fail_msg("%s, %s: the guest saw %s", r->file, c->name,
			 c->guest);
	}
}

/* Each record by itself: what the machine did, and what the guest saw. */
static void test_as_recorded(void **state)
{
	(void)state;
	exits_world_privileged();
	for (unsigned i = 0; i < VMM_ARRAY_SIZE(records); i++) {
		const struct record *r = &records[i];
		unsigned exits = 0;

		for (unsigned j = 0; j < r->count; j++) {
			const struct record_case *c = &r->cases[j];
			struct outcome o;

			if (!c->exits)
				continue;
			o = replay(r, c, c);
			check_record(r, c, &o);
			check_guest(r, c, &o,
				    record_value(&r->cases[0].in, "rsi"));
			exits++;
		}
		assert_true(exits > 35);
	}
}

static bool one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (!strcmp(name, *names))
			return true;
	return false;
}

/* Delivery of INT n was interrupted: SVM executes the instruction again, VMX
 * has the event and the instruction's length to deliver it with. */
static uint64_t event_or_again(const struct outcome *o)
{
	return (o->event >> 8 & 7) == VMM_EVENT_SOFT_INTERRUPT ? 0 : o->event;
}

static void check_same(const struct record_case *c, const struct outcome *s,
		       const struct outcome *x)
{
	check(intel, c, "the way of RIP", x->moved, s->moved);
	check(intel, c, "the event", event_or_again(x), event_or_again(s));
	check(intel, c, "RAX", x->rax, s->rax);
	check(intel, c, "RCX", x->rcx, s->rcx);
	check(intel, c, "RDX", x->rdx, s->rdx);
	check(intel, c, "RBX", x->rbx, s->rbx);
	check(intel, c, "RSI", x->rsi, s->rsi);
	check(intel, c, "RDI", x->rdi, s->rdi);
	check(intel, c, "the number of steps", x->steps, s->steps);
	check(intel, c, "the number of windows", x->windows, s->windows);
	check(intel, c, "the number of WBINVDs", x->wbinvds, s->wbinvds);
	assert_int_equal(x->writes, s->writes);
	assert_memory_equal(x->port_width, s->port_width,
			    sizeof(s->port_width));
	assert_memory_equal(x->port_value, s->port_value,
			    sizeof(s->port_value));
}

/* The same hardware below: the same comes out, whichever vendor's exit it was.
 * Not for what belongs to the other vendor's virtualization. */
static unsigned compare(const struct record *svm)
{
	static const char *const vendors_own[] = {
		"cpuid-8000000a", "rdmsr-vm-cr", "rdmsr-hsave", NULL
	};
	unsigned pairs = 0;

	for (unsigned i = 0; i < svm->count; i++) {
		const struct record_case *s = &svm->cases[i];
		const struct record_case *x = record_find(intel, s->name);
		struct outcome so, xo;

		assert_non_null(x);
		if (!s->exits || !x->exits || one_of(s->name, vendors_own))
			continue;
		so = replay(svm, s, s);
		xo = replay(intel, x, s);
		check_same(x, &so, &xo);
		so = replay(svm, s, x);
		xo = replay(intel, x, x);
		check_same(x, &so, &xo);
		pairs++;
	}
	return pairs;
}

static void test_vendors_agree(void **state)
{
	(void)state;
	exits_world_privileged();
	assert_true(compare(qemu) >= 28);
	assert_true(compare(ryzen) >= 25);
}

/* And what exits on one of them only ends the same for the guest: XSETBV and
 * control registers, the other vendor's instructions. */
static void test_guests_agree(void **state)
{
	static const char *const vendors_own[] = {
		"wrmsr-feature-control",	/* locked; AMD has none */
		"rdmsr-vmx-basic",
		"wrmsr-efer-reserved",		/* QEMU ignores them */
		NULL
	};
	unsigned traps = 0;

	(void)state;
	for (unsigned i = 0; i < intel->count; i++) {
		const struct record_case *x = &intel->cases[i];

		for (unsigned j = 0; j < 2; j++) {
			const struct record_case *s =
				record_find(&records[j], x->name);
			size_t n = strcspn(x->guest, " ");

			if (!s || one_of(x->name, vendors_own))
				continue;
			if (strncmp(s->guest, x->guest, n))
				fail_msg("%s: \"%s\" on VMX, \"%s\" on SVM",
					 x->name, x->guest, s->guest);
			traps += *x->guest == '#';
		}
	}
	assert_true(traps > 30);
}

/* That policy was asked about all this. */
static void test_reasons(void **state)
{
	static const enum vmm_exit_reason reasons[] = {
		VMM_EXIT_CPUID, VMM_EXIT_MSR_READ, VMM_EXIT_MSR_WRITE,
		VMM_EXIT_IO, VMM_EXIT_MEM, VMM_EXIT_HYPERCALL,
		VMM_EXIT_VIRT_INSN, VMM_EXIT_XSETBV, VMM_EXIT_CR_WRITE,
		VMM_EXIT_INVD,
	};

	(void)state;
	for (unsigned i = 0; i < VMM_ARRAY_SIZE(reasons); i++)
		if (!dispatched[reasons[i]])
			fail_msg("no exit for %s", vmm_exit_name(reasons[i]));
}

static int read_records(void **state)
{
	static const struct vmm_io_ops ops = { port_read, port_write };

	(void)state;
	record_read(&records[0], "svm-qemu");
	record_read(&records[1], "svm-bochs");
	record_read(&records[2], "vmx-bochs");
	assert_true(qemu->svm && ryzen->svm && !intel->svm);
	return vmm_io_hook(&vmm, PORT, 4, &ops, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_recorded),
		cmocka_unit_test(test_vendors_agree),
		cmocka_unit_test(test_guests_agree),
		cmocka_unit_test(test_reasons),
	};

	return cmocka_run_group_tests(tests, read_records, NULL);
}
