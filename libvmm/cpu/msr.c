/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Model-specific registers.  A row of the table below is an intercept; what
 * has no row is the hardware's own.  MSRs outside of the ranges that the
 * vendors' bitmaps cover always exit and are carried out here, #GP included.
 */
#include <string.h>
#include <cpu/policy.h>
#include <cpu/smp.h>
#include <mm/nested.h>
#include <vmm/log.h>

#define APIC_BASE_ADDR		UINT64_C(0x000ffffffffff000)
#define VM_CR_LOCK		UINT64_C(0x08)
#define VM_CR_SVMDIS		UINT64_C(0x10)
#define CPUID_EDX_MTRR		(1u << 12)
#define MTRR_DEF_E		UINT64_C(0x800)
#define FEATURE_LOCK		UINT64_C(0x1)
#define FEATURE_VMX_SMX		UINT64_C(0xff06)
#define HW_FEEDBACK_MASK	UINT64_C(0x000ffffffffff000)
#define MSR_VMX_FIRST		0x480u
#define MSR_VMX_LAST		0x493u
#define MSR_HW_FEEDBACK_PTR	0x17d0u

typedef enum vmm_verdict (*msr_handler)(struct vmm_vcpu *v,
					struct vmm_exit *e);

static enum vmm_verdict read_native(struct vmm_vcpu *v, struct vmm_exit *e)
{
	(void)v;
	if (!x86_rdmsr_safe(e->msr.index, &e->msr.value))
		return vmm_fault_error(e, X86_TRAP_GP, 0);
	return VMM_DONE;
}

static enum vmm_verdict write_native(struct vmm_vcpu *v, struct vmm_exit *e)
{
	(void)v;
	if (!x86_wrmsr_safe(e->msr.index, e->msr.value))
		return vmm_fault_error(e, X86_TRAP_GP, 0);
	return VMM_DONE;
}

static enum vmm_verdict read_gp(struct vmm_vcpu *v, struct vmm_exit *e)
{
	(void)v;
	return vmm_fault_error(e, X86_TRAP_GP, 0);
}

static enum vmm_verdict write_gp(struct vmm_vcpu *v, struct vmm_exit *e)
{
	(void)v;
	return vmm_fault_error(e, X86_TRAP_GP, 0);
}

static enum vmm_verdict read_efer(struct vmm_vcpu *v, struct vmm_exit *e)
{
	e->msr.value = v->vmm->vendor->get(v, VMM_REG_EFER);
	return VMM_DONE;
}

/* The bits the VMM itself needs as they are are checked here, reserved ones
 * by trying the rest on the hardware. */
static enum vmm_verdict write_efer(struct vmm_vcpu *v, struct vmm_exit *e)
{
	const uint64_t ours = X86_EFER_LME | X86_EFER_LMA | X86_EFER_NXE |
		X86_EFER_SVME;
	const struct vmm_vendor_ops *ops = v->vmm->vendor;
	uint64_t old = ops->get(v, VMM_REG_EFER), value = e->msr.value;
	uint64_t host = x86_rdmsr(MSR_EFER), accepted;

	if (value & X86_EFER_SVME)
		return vmm_fault_error(e, X86_TRAP_GP, 0);
	if ((value ^ old) & X86_EFER_LME &&
	    ops->get(v, VMM_REG_CR0) & X86_CR0_PG)
		return vmm_fault_error(e, X86_TRAP_GP, 0);
	if (!x86_wrmsr_safe(MSR_EFER, (value & ~ours) | (host & ours)))
		return vmm_fault_error(e, X86_TRAP_GP, 0);
	accepted = x86_rdmsr(MSR_EFER);
	x86_wrmsr(MSR_EFER, host);
	ops->set(v, VMM_REG_EFER, (accepted & ~ours) |
		 (value & (X86_EFER_LME | X86_EFER_NXE)) |
		 (old & X86_EFER_LMA));
	return VMM_DONE;
}

/* As a firmware leaves it that disabled SVM for good (APM vol. 2, 15.30.1);
 * writes to the locked bits are ignored. */
static enum vmm_verdict read_vm_cr(struct vmm_vcpu *v, struct vmm_exit *e)
{
	(void)v;
	e->msr.value = VM_CR_LOCK | VM_CR_SVMDIS;
	return VMM_DONE;
}

static enum vmm_verdict write_ignored(struct vmm_vcpu *v, struct vmm_exit *e)
{
	(void)v;
	(void)e;
	return VMM_DONE;
}

/* The guest has a register of its own that nothing uses. */
static enum vmm_verdict read_hsave(struct vmm_vcpu *v, struct vmm_exit *e)
{
	e->msr.value = v->hsave_pa;
	return VMM_DONE;
}

static enum vmm_verdict write_hsave(struct vmm_vcpu *v, struct vmm_exit *e)
{
	if (e->msr.value & VMM_PAGE_MASK ||
	    e->msr.value >> v->vmm->mtrr.phys_bits)
		return vmm_fault_error(e, X86_TRAP_GP, 0);
	v->hsave_pa = e->msr.value;
	return VMM_DONE;
}

/* VMX and SMX off, and locked so, as by a firmware's setup (SDM vol. 3,
 * 24.7). */
static enum vmm_verdict read_feature(struct vmm_vcpu *v, struct vmm_exit *e)
{
	enum vmm_verdict verdict = read_native(v, e);

	e->msr.value = (e->msr.value & ~FEATURE_VMX_SMX) | FEATURE_LOCK;
	return verdict;
}

static bool in_vmm_memory(const struct vmm_vcpu *v, uint64_t base,
			  uint64_t size)
{
	const struct bv_handoff *h = v->vmm->handoff;

	return base + size > h->reserved_base &&
		base < h->reserved_base + h->reserved_size;
}

/* The processor writes its hardware feedback table there, past the nested
 * map (SDM vol. 3, 15.6.5); it has at most 16 pages. */
static enum vmm_verdict write_feedback(struct vmm_vcpu *v, struct vmm_exit *e)
{
	if (in_vmm_memory(v, e->msr.value & HW_FEEDBACK_MASK,
			  16 * VMM_PAGE_SIZE))
		return vmm_fault_error(e, X86_TRAP_GP, 0);
	return write_native(v, e);
}

/* The local APIC's page covers whatever memory is at its address, for the VMM
 * as well: not over the VMM's memory. */
static enum vmm_verdict write_apic_base(struct vmm_vcpu *v, struct vmm_exit *e)
{
	uint64_t base = e->msr.value & APIC_BASE_ADDR;

	if (in_vmm_memory(v, base, VMM_PAGE_SIZE)) {
		vmm_log_warning("CPU%u: the guest tried to move its APIC to"
				" %#llx, memory of the VMM: #GP\n", v->number,
				(unsigned long long)base);
		return vmm_fault_error(e, X86_TRAP_GP, 0);
	}
	if (write_native(v, e) == VMM_FAULT)
		return VMM_FAULT;
	icr_trap_apic_moved(v);
	return VMM_DONE;
}

/* Registers that decide about memory types.  Where the nested map carries the
 * types (EPT), the guest has a copy of its own.  With nested paging on AMD the
 * hardware's own act on the guest (APM vol. 2, 15.25.8); the nested map only
 * has to keep large pages from spanning two types.  An update switches the
 * MTRRs off and on again; mostly nothing else has changed then. */
static struct vmm_mtrr applied;	/* what the nested map follows */

static void types_changed(struct vmm_vcpu *v)
{
	struct vmm *vmm = v->vmm;

	if (!(vmm->mtrr.def_type & MTRR_DEF_E) ||
	    memcmp(&applied, &vmm->mtrr, sizeof(applied)) == 0)
		return;
	memcpy(&applied, &vmm->mtrr, sizeof(applied));
	if (vmm_nested_retype(vmm->nested, &vmm->mtrr) < 0)
		vmm_log_warning("No memory to follow the guest's change of"
				" MTRRs\n");
	smp_flush_all(v);
}

static enum vmm_verdict write_mtrr(struct vmm_vcpu *v, struct vmm_exit *e)
{
	enum vmm_verdict verdict = write_native(v, e);
	uint64_t *copy = vmm_mtrr_reg(&v->vmm->mtrr, e->msr.index);

	if (verdict == VMM_DONE && copy) {
		*copy = x86_rdmsr(e->msr.index);
		types_changed(v);
	}
	return verdict;
}

/* Linux copies them right before it starts a processor, which is to get the
 * same values: see icrtrap.c. */
static enum vmm_verdict read_fixed_mtrr(struct vmm_vcpu *v, struct vmm_exit *e)
{
	icr_trap_arm(v);
	return read_native(v, e);
}

static enum vmm_verdict read_mtrr_copy(struct vmm_vcpu *v, struct vmm_exit *e)
{
	const uint64_t *copy = vmm_mtrr_reg(&v->vmm->mtrr, e->msr.index);

	if (e->msr.index == MSR_MTRR_FIX64K)
		icr_trap_arm(v);	/* as read_fixed_mtrr */
	if (!copy)
		return read_native(v, e);
	e->msr.value = *copy;
	return VMM_DONE;
}

static enum vmm_verdict write_mtrr_copy(struct vmm_vcpu *v, struct vmm_exit *e)
{
	uint64_t *copy = vmm_mtrr_reg(&v->vmm->mtrr, e->msr.index);

	if (!copy)
		return write_native(v, e);
	if (!vmm_mtrr_write_ok(&v->vmm->mtrr, e->msr.index, e->msr.value))
		return vmm_fault_error(e, X86_TRAP_GP, 0);
	*copy = e->msr.value;
	types_changed(v);
	return VMM_DONE;
}

static enum vmm_verdict write_syscfg(struct vmm_vcpu *v, struct vmm_exit *e)
{
	enum vmm_verdict verdict = write_native(v, e);

	if (verdict == VMM_DONE) {
		v->vmm->mtrr.syscfg = x86_rdmsr(MSR_AMD_SYSCFG);
		v->vmm->mtrr.top_mem2 = x86_rdmsr(MSR_AMD_TOP_MEM2);
		types_changed(v);
	}
	return verdict;
}

struct msr_rule {
	uint32_t first, last;
	enum vmm_vendor vendor;
	msr_handler read, write;	/* NULL: not intercepted */
};

/* Each row: why it is needed.  None is met by a guest in steady state. */
static const struct msr_rule rules[] = {
	/* must not cover the VMM's memory */
	{ MSR_APIC_BASE, MSR_APIC_BASE, VMM_VENDOR_ANY,
	  NULL, write_apic_base },
	/* only while the trap of icrtrap.c is armed: EOI and ICR */
	{ 0x80b, 0x80b, VMM_VENDOR_ANY, NULL, icr_trap_msr_exit },
	{ MSR_X2APIC_ICR, MSR_X2APIC_ICR, VMM_VENDOR_ANY,
	  NULL, icr_trap_msr_exit },
	/* the nested map follows the memory types */
	{ MSR_MTRR_PHYSBASE0, MSR_MTRR_FIX64K - 1, VMM_VENDOR_SVM,
	  NULL, write_mtrr },
	{ MSR_MTRR_FIX64K, MSR_MTRR_FIX64K, VMM_VENDOR_SVM,
	  read_fixed_mtrr, write_mtrr },
	{ MSR_MTRR_FIX64K + 1, 0x26f, VMM_VENDOR_SVM, NULL, write_mtrr },
	{ MSR_MTRR_DEF_TYPE, MSR_MTRR_DEF_TYPE, VMM_VENDOR_SVM,
	  NULL, write_mtrr },
	{ MSR_MTRR_PHYSBASE0, 0x26f, VMM_VENDOR_VMX,
	  read_mtrr_copy, write_mtrr_copy },
	{ MSR_MTRR_DEF_TYPE, MSR_MTRR_DEF_TYPE, VMM_VENDOR_VMX,
	  read_mtrr_copy, write_mtrr_copy },
	{ MSR_AMD_SYSCFG, MSR_AMD_SYSCFG, VMM_VENDOR_SVM, NULL, write_syscfg },
	{ MSR_AMD_TOP_MEM2, MSR_AMD_TOP_MEM2, VMM_VENDOR_SVM,
	  NULL, write_syscfg },
	/* SVME is the VMM's; the guest's LME, LMA and NXE are not the VMM's */
	{ MSR_EFER, MSR_EFER, VMM_VENDOR_SVM, read_efer, write_efer },
	/* SVM does not exist for the guest */
	{ MSR_AMD_VM_CR, MSR_AMD_VM_CR, VMM_VENDOR_SVM,
	  read_vm_cr, write_ignored },
	{ MSR_AMD_VM_HSAVE_PA, MSR_AMD_VM_HSAVE_PA, VMM_VENDOR_SVM,
	  read_hsave, write_hsave },
	/* VMX and SMX do not exist for the guest */
	{ MSR_FEATURE_CONTROL, MSR_FEATURE_CONTROL, VMM_VENDOR_VMX,
	  read_feature, write_gp },
	{ MSR_SMM_MONITOR_CTL, MSR_SMM_MONITOR_CTL, VMM_VENDOR_VMX,
	  read_gp, write_gp },
	{ MSR_VMX_FIRST, MSR_VMX_LAST, VMM_VENDOR_VMX, read_gp, write_gp },
	/* Processor Trace and hardware feedback write to physical memory
	 * past the nested map */
	{ 0x560, 0x561, VMM_VENDOR_VMX, read_gp, write_gp },
	{ 0x570, 0x572, VMM_VENDOR_VMX, read_gp, write_gp },
	{ 0x580, 0x587, VMM_VENDOR_VMX, read_gp, write_gp },
	{ MSR_HW_FEEDBACK_PTR, MSR_HW_FEEDBACK_PTR, VMM_VENDOR_VMX,
	  NULL, write_feedback },
	/* not done by the processor in VMX non-root operation */
	{ MSR_BIOS_UPDT_TRIG, MSR_BIOS_UPDT_TRIG, VMM_VENDOR_VMX,
	  NULL, microcode_write },
};

static const struct msr_rule *rule_of(const struct vmm_vcpu *v, uint32_t msr)
{
	const struct msr_rule *r;

	for (r = rules; r < rules + VMM_ARRAY_SIZE(rules); r++)
		if (msr >= r->first && msr <= r->last &&
		    r->vendor & v->vmm->vendor->id)
			return r;
	return NULL;
}

enum vmm_verdict msr_read_exit(struct vmm_vcpu *v, struct vmm_exit *e)
{
	const struct msr_rule *r = rule_of(v, e->msr.index);
	enum vmm_verdict verdict;

	verdict = r && r->read ? r->read(v, e) : read_native(v, e);
	if (verdict == VMM_DONE) {
		v->regs.rax = (uint32_t)e->msr.value;
		v->regs.rdx = e->msr.value >> 32;
	}
	return verdict;
}

enum vmm_verdict msr_write_exit(struct vmm_vcpu *v, struct vmm_exit *e)
{
	const struct msr_rule *r = rule_of(v, e->msr.index);

	return r && r->write ? r->write(v, e) : write_native(v, e);
}

void msr_intercepts(struct vmm *vmm)
{
	const struct msr_rule *r;
	uint32_t msr;

	memcpy(&applied, &vmm->mtrr, sizeof(applied));
	for (r = rules; r < rules + VMM_ARRAY_SIZE(rules); r++) {
		if (!(r->vendor & vmm->vendor->id) ||
		    r->write == icr_trap_msr_exit)
			continue;
		for (msr = r->first; msr <= r->last; msr++)
			vmm->vendor->intercept_msr(vmm, msr, r->read != NULL,
						   r->write != NULL);
	}
}

/* SYSCFG and TOP_MEM2 exist: "AuthenticAMD" or "HygonGenuine", of the same
 * make. */
static bool has_syscfg(void)
{
	uint32_t maker = x86_cpuid(0, 0).ecx;

	return maker == 0x444d4163u || maker == 0x656e6975u;
}

unsigned cpu_phys_bits(void)
{
	if (x86_cpuid(0x80000000u, 0).eax < 0x80000008u)
		return 36;
	return x86_cpuid(0x80000008u, 0).eax & 0xff;
}

void msr_read_mtrrs(struct vmm_mtrr *m)
{
	uint32_t msr;

	m->phys_bits = cpu_phys_bits();
	if (!(x86_cpuid(1, 0).edx & CPUID_EDX_MTRR))
		return;
	m->cap = x86_rdmsr(MSR_MTRRCAP);
	m->def_type = x86_rdmsr(MSR_MTRR_DEF_TYPE);
	for (msr = MSR_MTRR_PHYSBASE0; msr < MSR_MTRR_DEF_TYPE; msr++) {
		uint64_t *reg = vmm_mtrr_reg(m, msr);

		if (reg)
			*reg = x86_rdmsr(msr);
	}
	if (has_syscfg()) {
		m->syscfg = x86_rdmsr(MSR_AMD_SYSCFG);
		m->top_mem2 = x86_rdmsr(MSR_AMD_TOP_MEM2);
	}
}
