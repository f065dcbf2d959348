/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A variant that writes every exit to port 0xe9: what the hardware recorded of
 * it, what the hardware answered to the VMM meanwhile, and what the guest goes
 * on with.  tests/emu/test_exits.py makes the records of it that
 * tests/unit/record_test.c replays.
 *
 * The real images have no hook that would see all exits.  The linker puts this
 * file between the assembly and the vendors' code (--wrap, see local.mk).
 */
#include <cpu/vcpu_priv.h>
#include <stddef.h>
#include <svm/svm_priv.h>
#include <vmm/io.h>
#include <vmm/sinks.h>
#include <vmm/x86.h>
#include <vmx/vmx_priv.h>

#define PORT_E9		0xe9u
#define PORT_HOOKED	0x5100u		/* as in tests/guest/probe_exits.c */
#define HOOKED_VALUE	0xa1b2c3d4u
#define RECORDED_BYTES	5

bool __real_svm_vmexit(struct vmm_vcpu *v);
bool __wrap_svm_vmexit(struct vmm_vcpu *v);
bool __real_vmx_vmexit(struct vmm_vcpu *v);
bool __wrap_vmx_vmexit(struct vmm_vcpu *v);
bool __real_x86_rdmsr_safe(uint32_t msr, uint64_t *value);
bool __wrap_x86_rdmsr_safe(uint32_t msr, uint64_t *value);
bool __real_x86_wrmsr_safe(uint32_t msr, uint64_t value);
bool __wrap_x86_wrmsr_safe(uint32_t msr, uint64_t value);
bool __real_x86_xsetbv_safe(uint32_t index, uint64_t value);
bool __wrap_x86_xsetbv_safe(uint32_t index, uint64_t value);

/* --- text --- */

static void put(const char *s)
{
	while (*s)
		x86_outb(PORT_E9, (uint8_t)*s++);
}

static void put_hex(uint64_t v)
{
	char digits[17], *p = digits + 16;

	*p = '\0';
	do {
		*--p = "0123456789abcdef"[v & 15];
		v >>= 4;
	} while (v);
	put(p);
}

/* " name=value"; nothing is 0. */
static void put_field(const char *name, uint64_t v)
{
	if (!v)
		return;
	put(" ");
	put(name);
	put("=");
	put_hex(v);
}

static void put_bytes(struct vmm_vcpu *v)
{
	uint8_t code[RECORDED_BYTES];
	unsigned mode, i, n = vmm_insn_fetch(v, code, sizeof(code), &mode);

	put(" bytes=");
	for (i = 0; i < n; i++) {
		put_hex(code[i] >> 4);
		put_hex(code[i] & 15);
	}
}

static void put_regs(const struct vmm_regs *r, uint64_t rax)
{
	put_field("rax", rax);
	put_field("rcx", r->rcx);
	put_field("rdx", r->rdx);
	put_field("rbx", r->rbx);
	put_field("rsi", r->rsi);
	put_field("rdi", r->rdi);
}

/* --- what the hardware answers --- */

bool __wrap_x86_rdmsr_safe(uint32_t msr, uint64_t *value)
{
	bool ok = __real_x86_rdmsr_safe(msr, value);

	put_field("rdmsr", msr);
	put_field(ok ? "ok" : "gp", 1);
	return ok;
}

bool __wrap_x86_wrmsr_safe(uint32_t msr, uint64_t value)
{
	bool ok = __real_x86_wrmsr_safe(msr, value);

	put_field("wrmsr", msr);
	put_field(ok ? "ok" : "gp", 1);
	return ok;
}

bool __wrap_x86_xsetbv_safe(uint32_t index, uint64_t value)
{
	bool ok = __real_x86_xsetbv_safe(index, value);

	put_field("xsetbv", 1);
	put_field(ok ? "ok" : "gp", 1);
	return ok;
}

/* What the policy asks with instructions of its own: the leaf, or the MSR. */
static void put_answers(struct vmm_vcpu *v, uint64_t rax, bool cpuid, bool msr)
{
	struct x86_cpuid r;
	uint64_t value;

	put(" ; hw");
	if (cpuid) {
		r = x86_cpuid((uint32_t)rax, (uint32_t)v->regs.rcx);
		put_field("eax", r.eax);
		put_field("ebx", r.ebx);
		put_field("ecx", r.ecx);
		put_field("edx", r.edx);
	}
	if (msr && __real_x86_rdmsr_safe((uint32_t)v->regs.rcx, &value))
		put_field("msr", value);
	else if (msr)
		put_field("msr-gp", 1);
}

/* --- SVM --- */

static void put_vmcb(struct vmm_vcpu *v, const struct vmcb *c)
{
	put("EXIT svm");
	put_field("code", c->exitcode);
	put_field("info1", c->exitinfo1);
	put_field("info2", c->exitinfo2);
	put_field("intinfo", c->exitintinfo);
	put_field("nrip", c->nrip);
	put_field("shadow", c->interrupt_shadow);
	put_field("cs", c->cs.attr);
	put_field("ss", c->ss.attr);
	put_field("cr0", c->cr0);
	put_field("cr4", c->cr4);
	put_field("efer", c->efer);
	put_field("rflags", c->rflags);
	put_field("rip", c->rip);
	put_bytes(v);
	put_regs(&v->regs, c->rax);
}

bool __wrap_svm_vmexit(struct vmm_vcpu *v)
{
	const struct vmcb *c = svm_of(v)->vmcb;
	uint64_t rip = c->rip;
	bool go_on;

	if ((uint32_t)c->exitcode == SVM_EXIT_INVALID)
		return __real_svm_vmexit(v);
	put_vmcb(v, c);
	put_answers(v, c->rax, c->exitcode == SVM_EXIT_CPUID,
		    c->exitcode == SVM_EXIT_MSR);
	go_on = __real_svm_vmexit(v);
	put(" ; out");
	put_field("moved", c->rip - rip);
	put_field("event", c->eventinj);
	put_field("shadow", c->interrupt_shadow);
	put_field("efer", c->efer);
	put_regs(&v->regs, c->rax);
	put("\n");
	return go_on;
}

/* --- VMX --- */

static void put_vmcs(struct vmm_vcpu *v)
{
	static const struct {
		const char *name;
		unsigned field;
	} fields[] = {
		{ "reason", VMCS_EXIT_REASON },
		{ "qualification", VMCS_EXIT_QUALIFICATION },
		{ "gpa", VMCS_GUEST_PHYSICAL },
		{ "gla", VMCS_GUEST_LINEAR },
		{ "length", VMCS_EXIT_INSN_LEN },
		{ "info", VMCS_EXIT_INSN_INFO },
		{ "event", VMCS_EXIT_EVENT },
		{ "error", VMCS_EXIT_ERROR },
		{ "vectoring", VMCS_VECTORING_EVENT },
		{ "vectoring-error", VMCS_VECTORING_ERROR },
		{ "shadow", VMCS_GUEST_INTERRUPTIBILITY },
		{ "pending", VMCS_GUEST_PENDING_DEBUG },
		{ "cs", VMCS_GUEST_AR + 2 * VMM_SEG_CS },
		{ "ss", VMCS_GUEST_AR + 2 * VMM_SEG_SS },
		{ "cr0", VMCS_GUEST_CR0 },
		{ "cr0-shadow", VMCS_CR0_SHADOW },
		{ "cr4", VMCS_GUEST_CR4 },
		{ "cr4-shadow", VMCS_CR4_SHADOW },
		{ "efer", VMCS_GUEST_EFER },
		{ "rflags", VMCS_GUEST_RFLAGS },
		{ "rip", VMCS_GUEST_RIP },
	};
	unsigned i;

	put("EXIT vmx");
	for (i = 0; i < VMM_ARRAY_SIZE(fields); i++)
		put_field(fields[i].name, vmcs_read(fields[i].field));
	put_bytes(v);
	put_regs(&v->regs, v->regs.rax);
}

/* An exit clears the valid bit of the event that the entry had. */
static uint64_t entry_event(void)
{
	uint64_t event = vmcs_read(VMCS_ENTRY_EVENT);

	if (!(event & VMCS_EVENT_VALID))
		return 0;
	if (event & VMCS_EVENT_ERROR)
		event |= vmcs_read(VMCS_ENTRY_ERROR) << 32;
	return event;
}

bool __wrap_vmx_vmexit(struct vmm_vcpu *v)
{
	uint32_t reason = (uint32_t)vmcs_read(VMCS_EXIT_REASON);
	uint64_t rip = vmcs_read(VMCS_GUEST_RIP);
	bool go_on;

	if (reason & VMCS_REASON_ENTRY_FAILURE)
		return __real_vmx_vmexit(v);
	put_vmcs(v);
	put_answers(v, v->regs.rax, reason == VMX_EXIT_CPUID,
		    reason == VMX_EXIT_RDMSR || reason == VMX_EXIT_WRMSR);
	go_on = __real_vmx_vmexit(v);
	put(" ; out");
	put_field("moved", vmcs_read(VMCS_GUEST_RIP) - rip);
	put_field("event", entry_event());
	put_field("shadow", vmcs_read(VMCS_GUEST_INTERRUPTIBILITY));
	put_field("cr0-shadow", vmcs_read(VMCS_CR0_SHADOW));
	put_field("cr4-shadow", vmcs_read(VMCS_CR4_SHADOW));
	put_regs(&v->regs, v->regs.rax);
	put("\n");
	return go_on;
}

/* --- a port that exits --- */

static uint32_t port_read(struct vmm_vcpu *v, void *ctx, uint16_t port,
			  unsigned width)
{
	(void)v;
	(void)ctx;
	(void)width;
	return HOOKED_VALUE >> (port - PORT_HOOKED) * 8;
}

static void port_write(struct vmm_vcpu *v, void *ctx, uint16_t port,
		       unsigned width, uint32_t value)
{
	(void)v;
	(void)ctx;
	(void)port;
	put_field("port-width", width);
	put_field("port-value", value);
}

static int init(struct vmm *vmm)
{
	static const struct vmm_io_ops ops = { port_read, port_write };

	return vmm_io_hook(vmm, PORT_HOOKED, 4, &ops, NULL);
}

static const struct vmm_unit unit = { .name = "exitlab", .init = init };

static const struct vmm_vendor_ops *const vendors[] = {
	&vmm_svm_ops,
	&vmm_vmx_ops,
	NULL
};

static const struct vmm_unit *const units[] = {
	&vmm_sink_console,
	&unit,
	NULL
};

const struct vmm_variant vmm_variant = {
	.name = "exitlab",
	.vendors = vendors,
	.units = units,
};
