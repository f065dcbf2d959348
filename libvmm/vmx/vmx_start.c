/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the firmware's state of a processor to its first entry as a guest, and
 * back if that fails (Intel SDM vol. 3, 24.7 and chapter 27).
 */
#include <cpu/host.h>
#include <cpu/policy.h>
#include <mm/nested.h>
#include <vmx/vmx_decode.h>
#include <vmx/vmx_entryfail.h>
#include <vmx/vmx_start.h>
#include <vmm/error.h>
#include <vmm/printf.h>

#define EPTP_WB		UINT64_C(6)
#define EPTP_4_LEVELS	(UINT64_C(3) << 3)

/* --- VMX operation --- */

/* VMXON faults unless the firmware or we have allowed it; once locked, the
 * register stays so until reset. */
static bool enable_vmxon(void)
{
	uint64_t fc = x86_rdmsr(MSR_FEATURE_CONTROL);

	switch (vmx_feature_state(fc)) {
	case VMX_FEATURE_ON:
		return true;
	case VMX_FEATURE_OPEN:
		return x86_wrmsr_safe(MSR_FEATURE_CONTROL,
				      vmx_feature_value(fc));
	default:
		return false;
	}
}

static uint64_t pa(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

/* CR4.VMXE, VMXON, a VMCS that is ours and clear */
static int vmx_enter_operation(struct vmx_vcpu *x, char *error, size_t size)
{
	if (!enable_vmxon()) {
		vmm_snprintf(error, size, "VMXON is disabled on this"
			     " processor (IA32_FEATURE_CONTROL %#llx)",
			     (unsigned long long)
			     x86_rdmsr(MSR_FEATURE_CONTROL));
		return VMM_ERROR(EACCES);
	}
	x86_write_cr4(x86_read_cr4() | X86_CR4_VMXE);
	if (!vmx_on(pa(x->vmxon))) {
		x86_write_cr4(x86_read_cr4() & ~X86_CR4_VMXE);
		vmm_snprintf(error, size, "the processor refused VMXON");
		return VMM_ERROR(EIO);
	}
	if (!vmx_clear(pa(x->vmcs)) || !vmx_load(pa(x->vmcs))) {
		vmx_off();
		x86_write_cr4(x86_read_cr4() & ~X86_CR4_VMXE);
		vmm_snprintf(error, size, "the processor refused its VMCS");
		return VMM_ERROR(EIO);
	}
	x->loaded = true;
	return 0;
}

/* The other way round: the firmware goes on without a trace of it, but for
 * IA32_FEATURE_CONTROL. */
static void vmx_leave_operation(struct vmx_vcpu *x)
{
	x->loaded = false;
	vmx_clear(pa(x->vmcs));
	vmx_off();
	x86_write_cr4(x86_read_cr4() & ~X86_CR4_VMXE);
}

/* Nothing that was cached by an earlier user of VMX may survive (29.4.3.3
 * "Guidelines for Use of the INVVPID/INVEPT Instruction"). */
static void flush_all(const struct vmx_vcpu *x)
{
	if (vmx.controls.ept_vpid & VMX_INVEPT_ALL)
		vmx_invept(VMX_INV_ALL, 0);
	else
		vmx_invept(VMX_INV_SINGLE, x->eptp);
	if (!(vmx.controls.proc2 & PROC2_VPID))
		return;
	if (vmx.controls.ept_vpid & VMX_INVVPID_ALL)
		vmx_invvpid(VMX_INV_ALL, 0);
	else
		vmx_invvpid(VMX_INV_SINGLE, VMX_GUEST_VPID);
}

void vmx_flush(struct vmm_vcpu *v)
{
	vmx_invept(vmx.controls.ept_vpid & VMX_INVEPT_SINGLE ?
		   VMX_INV_SINGLE : VMX_INV_ALL, vmx_of(v)->eptp);
}

/* Without VPID each entry drops them anyway. */
void vmx_flush_linear(struct vmx_vcpu *x)
{
	if (vmx.controls.proc2 & PROC2_VPID)
		vmx_invvpid(vmx.controls.ept_vpid & VMX_INVVPID_SINGLE ?
			    VMX_INV_SINGLE : VMX_INV_ALL, VMX_GUEST_VPID);
	x->flush_linear = false;
}

/* --- the VMCS --- */

/* VMWRITE that notes the first field that the CPU does not have. */
struct filler {
	unsigned refused;
};

static void put(struct filler *f, unsigned field, uint64_t value)
{
	if (!vmcs_write(field, value) && !f->refused)
		f->refused = field;
}

/*
 * Why each control is there says vmx_caps.c by name.  The exception bitmap is
 * empty, no interrupt, HLT, RDTSC, INVLPG or CR3 access exits: an idle guest
 * makes no exits.  NMIs do, so that one that arrives in the VMM and one that
 * arrives in the guest take the same way.
 */
static void put_controls(struct filler *f, struct vmm_vcpu *v)
{
	const struct vmx_controls *c = &vmx.controls;
	struct vmx_vcpu *x = vmx_of(v);

	x->eptp = vmm_pt_root_pa(&v->vmm->nested->pt) | EPTP_WB |
		EPTP_4_LEVELS;
	put(f, VMCS_PIN, c->pin);
	put(f, VMCS_PROC, c->proc);
	put(f, VMCS_PROC2, c->proc2);
	put(f, VMCS_EXIT_CONTROLS, c->exit);
	put(f, VMCS_ENTRY_CONTROLS, c->entry);
	x->proc_now = c->proc;
	put(f, VMCS_EXCEPTION_BITMAP, 0);
	put(f, VMCS_PF_MASK, 0);
	put(f, VMCS_PF_MATCH, 0);
	put(f, VMCS_CR3_TARGETS, 0);
	put(f, VMCS_EXIT_MSR_STORES, 0);
	put(f, VMCS_EXIT_MSR_LOADS, 0);
	put(f, VMCS_ENTRY_MSR_LOADS, 0);
	put(f, VMCS_ENTRY_EVENT, 0);
	put(f, VMCS_TSC_OFFSET, 0);
	put(f, VMCS_IO_BITMAP_A, pa(vmx.io_bitmap));
	put(f, VMCS_IO_BITMAP_B, pa(vmx.io_bitmap) + VMM_PAGE_SIZE);
	put(f, VMCS_MSR_BITMAP, pa(vmx.msr_bitmap));
	put(f, VMCS_EPTP, x->eptp);
	if (c->proc2 & PROC2_VPID)
		put(f, VMCS_VPID, VMX_GUEST_VPID);
	if (c->proc2 & PROC2_XSAVES)
		put(f, VMCS_XSS_EXITING, 0);
	if (c->proc2 & PROC2_PCONFIG)
		put(f, VMCS_PCONFIG_EXITING, 0);
}

/* The VMM as it runs now is what every exit comes back to. */
static void put_host(struct filler *f, struct vmm_vcpu *v)
{
	put(f, VMCS_HOST_ES, HOST_DS);
	put(f, VMCS_HOST_CS, HOST_CS);
	put(f, VMCS_HOST_SS, HOST_DS);
	put(f, VMCS_HOST_DS, HOST_DS);
	put(f, VMCS_HOST_FS, 0);
	put(f, VMCS_HOST_GS, 0);
	put(f, VMCS_HOST_TR, HOST_TR);
	put(f, VMCS_HOST_PAT, x86_rdmsr(MSR_PAT));
	put(f, VMCS_HOST_EFER, x86_rdmsr(MSR_EFER));
	put(f, VMCS_HOST_SYSENTER_CS, 0);
	put(f, VMCS_HOST_SYSENTER_ESP, 0);
	put(f, VMCS_HOST_SYSENTER_EIP, 0);
	put(f, VMCS_HOST_CR0, x86_read_cr0());
	put(f, VMCS_HOST_CR3, x86_read_cr3());
	put(f, VMCS_HOST_CR4, x86_read_cr4());
	put(f, VMCS_HOST_FS_BASE, 0);
	put(f, VMCS_HOST_GS_BASE, pa(v));
	put(f, VMCS_HOST_TR_BASE, pa(&v->host->tss));
	put(f, VMCS_HOST_GDTR_BASE, pa(v->host->gdt));
	put(f, VMCS_HOST_IDTR_BASE, host_idt());
	put(f, VMCS_HOST_RIP, (uint64_t)(uintptr_t)vmx_exit_stub);
}

/* Control registers and MSRs; EFER first, for the segments depend on it. */
static void put_guest_control(struct filler *f, struct vmm_vcpu *v,
			      const struct boot_state *b)
{
	struct vmx_vcpu *x = vmx_of(v);

	put(f, VMCS_CR0_MASK, x->cr0_mask);
	put(f, VMCS_CR4_MASK, x->cr4_mask);
	vmx_set(v, VMM_REG_EFER, b->efer);
	vmx_set(v, VMM_REG_CR0, b->cr0);
	/* The firmware's VMXE, if it was on, is not the guest's business. */
	vmx_set(v, VMM_REG_CR4, b->cr4 & ~CPU_CR4_HIDDEN);
	put(f, VMCS_GUEST_CR3, b->cr3);
	put(f, VMCS_GUEST_DR7, b->dr7);
	put(f, VMCS_GUEST_PAT, b->pat);
	put(f, VMCS_GUEST_DEBUGCTL, x86_rdmsr(MSR_DEBUGCTL));
	put(f, VMCS_GUEST_SYSENTER_CS, x86_rdmsr(MSR_SYSENTER_CS));
	put(f, VMCS_GUEST_SYSENTER_ESP, x86_rdmsr(MSR_SYSENTER_ESP));
	put(f, VMCS_GUEST_SYSENTER_EIP, x86_rdmsr(MSR_SYSENTER_EIP));
	put(f, VMCS_LINK_POINTER, VMCS_NO_LINK);
	put(f, VMCS_GUEST_INTERRUPTIBILITY, 0);
	put(f, VMCS_GUEST_ACTIVITY, VMCS_ACTIVE);
	put(f, VMCS_GUEST_PENDING_DEBUG, 0);
}

/* The guest goes on behind the loader's call: what the ABI says a callee
 * preserves, and RAX = 0. */
static void put_guest_flow(struct filler *f, struct vmm_vcpu *v,
			   const struct boot_state *b)
{
	unsigned i;

	for (i = 0; i < VMM_SEGS; i++)
		vmx_set_seg(v, (enum vmm_segreg)i, &b->seg[i]);
	put(f, VMCS_GUEST_GDTR_BASE, b->gdtr.base);
	put(f, VMCS_GUEST_GDTR_LIMIT, b->gdtr.limit);
	put(f, VMCS_GUEST_IDTR_BASE, b->idtr.base);
	put(f, VMCS_GUEST_IDTR_LIMIT, b->idtr.limit);
	put(f, VMCS_GUEST_RIP, b->rip);
	put(f, VMCS_GUEST_RSP, b->rsp);
	put(f, VMCS_GUEST_RFLAGS, b->rflags);
	v->regs.rax = 0;
	v->regs.rbx = b->rbx;
	v->regs.rbp = b->rbp;
	v->regs.r12 = b->r12;
	v->regs.r13 = b->r13;
	v->regs.r14 = b->r14;
	v->regs.r15 = b->r15;
}

/* --- why not --- */

static uint64_t read_field(void *ctx, unsigned field)
{
	(void)ctx;
	return vmcs_read(field);
}

/* Append to text which rule was broken. */
static void explain_rule(struct vmm_vcpu *v, uint32_t reason, uint32_t insn,
			 char *text, size_t size)
{
	const struct vmx_fields f = { read_field, NULL };
	unsigned bits = v->vmm->mtrr.phys_bits;

	if ((reason & VMCS_REASON_BASIC) == VMX_EXIT_BAD_GUEST_STATE)
		vmx_explain_guest(&f, &vmx.msrs, bits,
				  vmcs_read(VMCS_EXIT_QUALIFICATION), text,
				  size);
	else if (!reason && insn == 7)
		vmx_explain_controls(&f, &vmx.msrs, bits, text, size);
	else if (!reason && insn == 8)
		vmx_explain_host(&f, &vmx.msrs, bits, text, size);
}

void vmx_explain(struct vmm_vcpu *v, uint32_t reason, char *text, size_t size)
{
	uint32_t insn = (uint32_t)vmcs_read(VMCS_INSN_ERROR);
	char rule[160] = "";

	explain_rule(v, reason, insn, rule, sizeof(rule));
	if (reason)
		vmm_snprintf(text, size, "%s%s%s",
			     vmx_reason_name(reason & VMCS_REASON_BASIC),
			     rule[0] ? ": " : "", rule);
	else
		vmm_snprintf(text, size, "%s (error %u)%s%s",
			     vmx_insn_error(insn), insn, rule[0] ? ": " : "",
			     rule);
}

/* VMLAUNCH fails in two ways: as an instruction, or by an exit. */
static void describe_failure(struct vmm_vcpu *v, uint32_t refused, char *error,
			     size_t size)
{
	uint32_t reason = (uint32_t)vmcs_read(VMCS_EXIT_REASON);
	char why[200];

	if (refused) {
		vmm_snprintf(error, size, "the processor has no VMCS field"
			     " %#x", refused);
		return;
	}
	if (!(reason & VMCS_REASON_ENTRY_FAILURE))
		reason = 0;
	vmx_explain(v, reason, why, sizeof(why));
	vmm_snprintf(error, size, "the processor refused the first VM entry:"
		     " %s", why);
}

int vmx_start(struct vmm_vcpu *v, const struct boot_state *state, char *error,
	      size_t size)
{
	struct filler f = { 0 };
	int rc = vmx_enter_operation(vmx_of(v), error, size);

	if (rc < 0)
		return rc;
	put_controls(&f, v);
	put_host(&f, v);
	put_guest_control(&f, v, state);
	put_guest_flow(&f, v, state);
	flush_all(vmx_of(v));
	v->running = true;	/* others may kick it from now on */
	if (!f.refused)
		vmx_run(v);
	v->running = false;
	describe_failure(v, f.refused, error, size);
	vmx_leave_operation(vmx_of(v));
	return VMM_ERROR(EIO);
}
