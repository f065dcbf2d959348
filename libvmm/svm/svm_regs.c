/* SPDX-License-Identifier: BSD-3-Clause */
/* Guest registers in VMCB and vCPU under their neutral names. */
#include <svm/svm_priv.h>
#include <vmm/panic.h>

static uint64_t *reg_in_vmcb(struct vmcb *c, enum vmm_reg reg)
{
	switch (reg) {
	case VMM_REG_RSP:
		return &c->rsp;
	case VMM_REG_RIP:
		return &c->rip;
	case VMM_REG_RFLAGS:
		return &c->rflags;
	case VMM_REG_CR0:
		return &c->cr0;
	case VMM_REG_CR2:
		return &c->cr2;
	case VMM_REG_CR3:
		return &c->cr3;
	case VMM_REG_CR4:
		return &c->cr4;
	case VMM_REG_DR7:
		return &c->dr7;
	case VMM_REG_GDTR_BASE:
		return &c->gdtr.base;
	case VMM_REG_IDTR_BASE:
		return &c->idtr.base;
	default:
		return NULL;
	}
}

uint64_t svm_get(struct vmm_vcpu *v, enum vmm_reg reg)
{
	struct vmcb *c = svm_of(v)->vmcb;
	uint64_t *p;

	switch (reg) {
	case VMM_REG_EFER:	/* SVME is the VMM's, not the guest's */
		return c->efer & ~X86_EFER_SVME;
	case VMM_REG_GDTR_LIMIT:
		return c->gdtr.limit;
	case VMM_REG_IDTR_LIMIT:
		return c->idtr.limit;
	default:
		break;
	}
	p = reg_in_vmcb(c, reg);
	if (p)
		return *p;
	VMM_ASSERT(reg <= VMM_REG_R15);
	return (&v->regs.rax)[reg];
}

void svm_set(struct vmm_vcpu *v, enum vmm_reg reg, uint64_t value)
{
	struct vmcb *c = svm_of(v)->vmcb;
	uint64_t *p;

	switch (reg) {
	case VMM_REG_EFER:
		c->efer = value | X86_EFER_SVME;
		return;
	case VMM_REG_GDTR_LIMIT:
		c->gdtr.limit = (uint32_t)value;
		return;
	case VMM_REG_IDTR_LIMIT:
		c->idtr.limit = (uint32_t)value;
		return;
	default:
		break;
	}
	p = reg_in_vmcb(c, reg);
	if (p) {
		*p = value;
		return;
	}
	VMM_ASSERT(reg <= VMM_REG_R15);
	(&v->regs.rax)[reg] = value;
}

static struct vmcb_segment *seg_in_vmcb(struct vmcb *c, enum vmm_segreg seg)
{
	switch (seg) {
	case VMM_SEG_LDTR:
		return &c->ldtr;
	case VMM_SEG_TR:
		return &c->tr;
	default:
		VMM_ASSERT(seg <= VMM_SEG_GS);
		return &c->es + seg;
	}
}

void svm_get_seg(struct vmm_vcpu *v, enum vmm_segreg seg,
		 struct vmm_segment *out)
{
	const struct vmcb_segment *s = seg_in_vmcb(svm_of(v)->vmcb, seg);

	out->selector = s->selector;
	out->attr = s->attr;
	out->limit = s->limit;
	out->base = s->base;
	if (!(s->attr & 0x80))		/* P: SVM has no other "unusable" */
		out->attr |= VMM_SEG_UNUSABLE;
}

void svm_set_seg(struct vmm_vcpu *v, enum vmm_segreg seg,
		 const struct vmm_segment *in)
{
	struct vmcb *c = svm_of(v)->vmcb;
	struct vmcb_segment *s = seg_in_vmcb(c, seg);

	s->selector = in->selector;
	s->attr = in->attr & VMM_SEG_UNUSABLE ? 0 : (uint16_t)in->attr;
	s->limit = in->limit;
	s->base = in->base;
	if (seg == VMM_SEG_SS)
		c->cpl = in->attr >> 5 & 3;
}

void svm_walk_state(struct vmm_vcpu *v, struct vmm_walk_state *st)
{
	const struct vmcb *c = svm_of(v)->vmcb;

	st->cr0 = c->cr0;
	st->cr3 = c->cr3;
	st->cr4 = c->cr4;
	st->efer = c->efer;
	st->rflags = c->rflags;
	st->cpl = c->cpl;
}
