/* SPDX-License-Identifier: BSD-3-Clause */
/* Guest registers in VMCS, vCPU and processor under their neutral names. */
#include <vmx/vmx_decode.h>
#include <vmx/vmx_priv.h>
#include <vmm/panic.h>

/* Field of a register that is in the VMCS as the guest sees it; 0: none. */
static unsigned field_of(enum vmm_reg reg)
{
	switch (reg) {
	case VMM_REG_RSP:
		return VMCS_GUEST_RSP;
	case VMM_REG_RIP:
		return VMCS_GUEST_RIP;
	case VMM_REG_RFLAGS:
		return VMCS_GUEST_RFLAGS;
	case VMM_REG_CR3:
		return VMCS_GUEST_CR3;
	case VMM_REG_EFER:
		return VMCS_GUEST_EFER;
	case VMM_REG_DR7:
		return VMCS_GUEST_DR7;
	case VMM_REG_GDTR_BASE:
		return VMCS_GUEST_GDTR_BASE;
	case VMM_REG_GDTR_LIMIT:
		return VMCS_GUEST_GDTR_LIMIT;
	case VMM_REG_IDTR_BASE:
		return VMCS_GUEST_IDTR_BASE;
	case VMM_REG_IDTR_LIMIT:
		return VMCS_GUEST_IDTR_LIMIT;
	default:
		return 0;
	}
}

/* A control register as the guest reads it (SDM vol. 3, 25.6.6). */
static uint64_t merge(unsigned field, unsigned shadow, uint64_t mask)
{
	return (vmcs_read(field) & ~mask) | (vmcs_read(shadow) & mask);
}

/* General registers are in the vCPU, but RSP; CR2 and DR0 to DR6 are in the
 * processor; the rest is in the VMCS. */
uint64_t vmx_get(struct vmm_vcpu *v, enum vmm_reg reg)
{
	struct vmx_vcpu *x = vmx_of(v);
	unsigned field = field_of(reg);

	if (field == 0 && reg <= VMM_REG_R15)
		return (&v->regs.rax)[reg];
	if (vmm_unlikely(!x->loaded))	/* a panic before the first entry */
		return 0;
	switch (reg) {
	case VMM_REG_CR0:
		return merge(VMCS_GUEST_CR0, VMCS_CR0_SHADOW, x->cr0_mask);
	case VMM_REG_CR2:	/* the VMM never faults: still the guest's */
		return x86_read_cr2();
	case VMM_REG_CR4:
		return merge(VMCS_GUEST_CR4, VMCS_CR4_SHADOW, x->cr4_mask);
	default:
		VMM_ASSERT(field);
		return vmcs_read(field);
	}
}

/* The processor loads neither CD nor NW from the VMCS (27.3.2.1), nor do
 * exits change them: the guest's are always in force. */
static void set_cr0(uint64_t value)
{
	const uint64_t cache = X86_CR0_CD | X86_CR0_NW;

	vmcs_write(VMCS_CR0_SHADOW, value);
	vmcs_write(VMCS_GUEST_CR0, vmx_cr0_real(&vmx.msrs, value));
	if ((x86_read_cr0() ^ value) & cache)
		x86_write_cr0((x86_read_cr0() & ~cache) | (value & cache));
}

/* The control that says whether the guest is in IA-32e mode must agree. */
static void set_efer(uint64_t value)
{
	uint64_t entry = vmcs_read(VMCS_ENTRY_CONTROLS) & ~ENTRY_IA32E;

	if (value & X86_EFER_LMA)
		entry |= ENTRY_IA32E;
	vmcs_write(VMCS_ENTRY_CONTROLS, entry);
	vmcs_write(VMCS_GUEST_EFER, value);
}

void vmx_set(struct vmm_vcpu *v, enum vmm_reg reg, uint64_t value)
{
	unsigned field = field_of(reg);

	if (field == 0 && reg <= VMM_REG_R15) {
		(&v->regs.rax)[reg] = value;
		return;
	}
	switch (reg) {
	case VMM_REG_CR0:
		set_cr0(value);
		break;
	case VMM_REG_CR2:
		x86_write_cr2(value);
		return;
	case VMM_REG_CR4:
		vmcs_write(VMCS_CR4_SHADOW, value);
		vmcs_write(VMCS_GUEST_CR4, vmx_cr4_real(&vmx.msrs, value));
		break;
	case VMM_REG_EFER:
		set_efer(value);
		break;
	case VMM_REG_CR3:
		vmcs_write(VMCS_GUEST_CR3, value);
		break;
	default:
		VMM_ASSERT(field);
		vmcs_write(field, value);
		return;
	}
	/* paging may have changed; the guest's own MOV would have flushed */
	vmx_of(v)->flush_linear = true;
}

/* Fields of one kind are next to each other, in the order of enum vmm_segreg,
 * two numbers apart (B.1, B.3, B.4). */
void vmx_get_seg(struct vmm_vcpu *v, enum vmm_segreg seg,
		 struct vmm_segment *out)
{
	if (vmm_unlikely(!vmx_of(v)->loaded)) {
		*out = (struct vmm_segment){ .attr = VMM_SEG_UNUSABLE };
		return;
	}
	out->selector = (uint16_t)vmcs_read(VMCS_GUEST_SELECTOR + 2 * seg);
	out->limit = (uint32_t)vmcs_read(VMCS_GUEST_LIMIT + 2 * seg);
	out->base = vmcs_read(VMCS_GUEST_BASE + 2 * seg);
	out->attr = vmx_attr_of_ar((uint32_t)vmcs_read(VMCS_GUEST_AR +
							2 * seg));
}

void vmx_set_seg(struct vmm_vcpu *v, enum vmm_segreg seg,
		 const struct vmm_segment *in)
{
	bool long_mode = vmcs_read(VMCS_GUEST_EFER) & X86_EFER_LMA;
	struct vmm_segment s = vmx_segment_fit(seg, *in, long_mode);

	(void)v;
	vmcs_write(VMCS_GUEST_SELECTOR + 2 * seg, s.selector);
	vmcs_write(VMCS_GUEST_LIMIT + 2 * seg, s.limit);
	vmcs_write(VMCS_GUEST_BASE + 2 * seg, s.base);
	vmcs_write(VMCS_GUEST_AR + 2 * seg, vmx_ar_of_attr(s.attr));
}

/* CPL is the DPL of SS (25.4.1). */
void vmx_walk_state(struct vmm_vcpu *v, struct vmm_walk_state *st)
{
	st->cr0 = vmx_get(v, VMM_REG_CR0);
	st->cr3 = vmcs_read(VMCS_GUEST_CR3);
	st->cr4 = vmx_get(v, VMM_REG_CR4);
	st->efer = vmcs_read(VMCS_GUEST_EFER);
	st->rflags = vmcs_read(VMCS_GUEST_RFLAGS);
	st->cpl = VMCS_AR_DPL((uint32_t)vmcs_read(VMCS_GUEST_AR +
						  2 * VMM_SEG_SS));
}
