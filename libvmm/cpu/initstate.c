/* SPDX-License-Identifier: BSD-3-Clause */
/* Registers after INIT and SIPI (Intel SDM vol. 3, table 10-1 and 9.4.4.1;
 * AMD APM vol. 2, 14.1.3 and 14.1.5). */
#include <string.h>
#include <cpu/smp.h>
#include <vmm/x86.h>

#define CR0_INIT_KEEPS	(X86_CR0_CD | X86_CR0_NW)
#define DR7_INIT	UINT64_C(0x400)
#define ATTR_CODE	0x9bu
#define ATTR_DATA	0x93u
#define ATTR_LDT	0x82u
#define ATTR_TSS	0x8bu

static void segment(struct vmm_vcpu *v, enum vmm_segreg seg, uint32_t attr)
{
	const struct vmm_segment s = { .attr = attr, .limit = 0xffff };

	v->vmm->vendor->set_seg(v, seg, &s);
}

static void segments(struct vmm_vcpu *v)
{
	const struct vmm_vendor_ops *ops = v->vmm->vendor;

	segment(v, VMM_SEG_CS, ATTR_CODE);
	segment(v, VMM_SEG_ES, ATTR_DATA);
	segment(v, VMM_SEG_SS, ATTR_DATA);
	segment(v, VMM_SEG_DS, ATTR_DATA);
	segment(v, VMM_SEG_FS, ATTR_DATA);
	segment(v, VMM_SEG_GS, ATTR_DATA);
	segment(v, VMM_SEG_LDTR, ATTR_LDT);
	segment(v, VMM_SEG_TR, ATTR_TSS);
	ops->set(v, VMM_REG_GDTR_BASE, 0);
	ops->set(v, VMM_REG_GDTR_LIMIT, 0xffff);
	ops->set(v, VMM_REG_IDTR_BASE, 0);
	ops->set(v, VMM_REG_IDTR_LIMIT, 0xffff);
}

void smp_init_state(struct vmm_vcpu *v)
{
	const struct vmm_vendor_ops *ops = v->vmm->vendor;
	uint64_t cr0 = ops->get(v, VMM_REG_CR0);

	memset(&v->regs, 0, sizeof(v->regs));
	v->regs.rdx = x86_cpuid(1, 0).eax;
	ops->set(v, VMM_REG_EFER, 0);	/* first: others depend on LMA */
	ops->set(v, VMM_REG_CR0, X86_CR0_ET | (cr0 & CR0_INIT_KEEPS));
	ops->set(v, VMM_REG_CR2, 0);
	ops->set(v, VMM_REG_CR3, 0);
	ops->set(v, VMM_REG_CR4, 0);
	ops->set(v, VMM_REG_DR7, DR7_INIT);
	ops->set(v, VMM_REG_RFLAGS, X86_RFLAGS_FIXED);
	ops->set(v, VMM_REG_RIP, 0);
	ops->set(v, VMM_REG_RSP, 0);
	segments(v);
}

void smp_sipi_state(struct vmm_vcpu *v, uint8_t vector)
{
	const struct vmm_segment cs = {
		.selector = (uint16_t)(vector << 8),
		.base = (uint64_t)vector << 12,
		.limit = 0xffff,
		.attr = ATTR_CODE,
	};

	v->vmm->vendor->set_seg(v, VMM_SEG_CS, &cs);
	v->vmm->vendor->set(v, VMM_REG_RIP, 0);
}
