/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Control registers.  An access exits only where the vendor must keep a bit
 * of CR0 or CR4 for itself, or where the processor forces it to.
 *
 * VMM_PASS means that nothing forbids the new value: the vendor then lets the
 * processor carry the instruction out.
 */
#include <cpu/policy.h>

#define CR8_MAX		15u

static unsigned cpl(struct vmm_vcpu *v)
{
	struct vmm_segment ss;

	v->vmm->vendor->get_seg(v, VMM_SEG_SS, &ss);
	return ss.attr >> 5 & 3;
}

/* Is 64-bit code running? */
static bool in_64bit_code(struct vmm_vcpu *v)
{
	struct vmm_segment cs;

	if (!(v->vmm->vendor->get(v, VMM_REG_EFER) & X86_EFER_LMA))
		return false;
	v->vmm->vendor->get_seg(v, VMM_SEG_CS, &cs);
	return cs.attr & VMM_SEG_ATTR_L;
}

/* CR0.PG changes: what the other registers must hold (Intel SDM vol. 2,
 * MOV to CR). */
static bool paging_change_ok(struct vmm_vcpu *v, uint64_t value)
{
	uint64_t cr4 = v->vmm->vendor->get(v, VMM_REG_CR4);
	uint64_t efer = v->vmm->vendor->get(v, VMM_REG_EFER);
	struct vmm_segment cs;

	if (!(value & X86_CR0_PG))
		return !in_64bit_code(v) && !(cr4 & X86_CR4_PCIDE);
	if (!(efer & X86_EFER_LME))
		return true;
	v->vmm->vendor->get_seg(v, VMM_SEG_CS, &cs);
	return cr4 & X86_CR4_PAE && !(cs.attr & VMM_SEG_ATTR_L);
}

/* Would MOV to CR0 or LMSW with this value fault?  The vendor's own copy of a
 * bit must not change if so. */
static bool cr0_ok(struct vmm_vcpu *v, uint64_t value)
{
	uint64_t old = v->vmm->vendor->get(v, VMM_REG_CR0);
	uint64_t cr4 = v->vmm->vendor->get(v, VMM_REG_CR4);

	if (value >> 32 ||
	    (value & X86_CR0_PG && !(value & X86_CR0_PE)) ||
	    (value & X86_CR0_NW && !(value & X86_CR0_CD)) ||
	    (!(value & X86_CR0_WP) && cr4 & X86_CR4_CET))
		return false;
	return !((value ^ old) & X86_CR0_PG) || paging_change_ok(v, value);
}

enum vmm_verdict cr_write_exit(struct vmm_vcpu *v, struct vmm_exit *e)
{
	bool ok = true;

	/* CR3 has no bits that anyone would keep from the guest. */
	switch (e->cr.cr) {
	case 0:
		ok = cr0_ok(v, e->cr.value);
		break;
	case 4:
		ok = !(e->cr.value & CPU_CR4_HIDDEN);
		break;
	case 8:		/* the task priority is the hardware's own */
		ok = e->cr.value <= CR8_MAX;
		if (ok)
			x86_write_cr8(e->cr.value);
		break;
	}
	if (!ok)
		return vmm_fault_error(e, X86_TRAP_GP, 0);
	return e->cr.cr == 8 ? VMM_DONE : VMM_PASS;
}

enum vmm_verdict cr_read_exit(struct vmm_vcpu *v, struct vmm_exit *e)
{
	if (e->cr.cr != 8)
		return VMM_PASS;
	v->vmm->vendor->set(v, (enum vmm_reg)e->cr.gpr, x86_read_cr8());
	return VMM_DONE;
}

/* XCR0 is not used by the VMM: the guest's value goes to the processor, which
 * checks it.  (A guest without CR4.OSXSAVE gets #UD and no exit.) */
enum vmm_verdict xsetbv_exit(struct vmm_vcpu *v, struct vmm_exit *e)
{
	if (cpl(v) != 0 || !x86_xsetbv_safe(e->xsetbv.index, e->xsetbv.value))
		return vmm_fault_error(e, X86_TRAP_GP, 0);
	return VMM_DONE;
}
