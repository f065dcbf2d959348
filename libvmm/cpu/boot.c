/* SPDX-License-Identifier: BSD-3-Clause */
#include <cpu/boot.h>

/* Segment descriptor (Intel SDM vol. 3, 3.4.5); system descriptors of 64-bit
 * mode have a second half with bits 63:32 of the base (8.2.3). */
#define DESC_S		(UINT64_C(1) << 44)
#define DESC_G		(UINT64_C(1) << 55)

void boot_segment(const struct x86_table_reg *gdtr, uint16_t selector,
		  struct vmm_segment *out)
{
	unsigned offset = selector & ~7u;
	const uint64_t *desc;
	uint64_t d;

	*out = (struct vmm_segment){ .selector = selector,
				     .attr = VMM_SEG_UNUSABLE };
	if (offset == 0 || offset + 7 > gdtr->limit)
		return;
	desc = (const uint64_t *)(uintptr_t)(gdtr->base + offset);
	d = desc[0];
	out->base = (d >> 16 & 0xffffff) | (d >> 56 & 0xff) << 24;
	out->limit = (uint32_t)((d & 0xffff) | (d >> 48 & 0xf) << 16);
	if (d & DESC_G)
		out->limit = out->limit << 12 | 0xfff;
	out->attr = (uint32_t)((d >> 40 & 0xff) | (d >> 52 & 0xf) << 8);
	if (!(d & DESC_S) && offset + 15 <= gdtr->limit)
		out->base |= (desc[1] & 0xffffffff) << 32;
}

#define READ_SELECTOR(name, insn)				\
static uint16_t read_##name(void)				\
{								\
	uint16_t v;						\
								\
	__asm__ volatile(insn : "=r"(v));			\
	return v;						\
}
READ_SELECTOR(es, "mov %%es, %0")
READ_SELECTOR(cs, "mov %%cs, %0")
READ_SELECTOR(ss, "mov %%ss, %0")
READ_SELECTOR(ds, "mov %%ds, %0")
READ_SELECTOR(fs, "mov %%fs, %0")
READ_SELECTOR(gs, "mov %%gs, %0")
READ_SELECTOR(ldtr, "sldt %0")
READ_SELECTOR(tr, "str %0")

static void capture_segments(struct boot_state *s)
{
	boot_segment(&s->gdtr, read_es(), &s->seg[VMM_SEG_ES]);
	boot_segment(&s->gdtr, read_cs(), &s->seg[VMM_SEG_CS]);
	boot_segment(&s->gdtr, read_ss(), &s->seg[VMM_SEG_SS]);
	boot_segment(&s->gdtr, read_ds(), &s->seg[VMM_SEG_DS]);
	boot_segment(&s->gdtr, read_fs(), &s->seg[VMM_SEG_FS]);
	boot_segment(&s->gdtr, read_gs(), &s->seg[VMM_SEG_GS]);
	boot_segment(&s->gdtr, read_ldtr(), &s->seg[VMM_SEG_LDTR]);
	boot_segment(&s->gdtr, read_tr(), &s->seg[VMM_SEG_TR]);
	s->seg[VMM_SEG_FS].base = x86_rdmsr(MSR_FS_BASE);
	s->seg[VMM_SEG_GS].base = x86_rdmsr(MSR_GS_BASE);
}

void boot_state_capture(struct boot_state *s, const struct boot_frame *frame)
{
	s->rip = frame->rip;
	s->rsp = (uint64_t)(uintptr_t)frame->rsp_after;
	s->rflags = frame->rflags;
	s->rbx = frame->rbx;
	s->rbp = frame->rbp;
	s->r12 = frame->r12;
	s->r13 = frame->r13;
	s->r14 = frame->r14;
	s->r15 = frame->r15;
	s->cr0 = x86_read_cr0();
	s->cr2 = x86_read_cr2();
	s->cr3 = x86_read_cr3();
	s->cr4 = x86_read_cr4();
	s->dr6 = x86_read_dr6();
	s->dr7 = x86_read_dr7();
	s->efer = x86_rdmsr(MSR_EFER);
	s->pat = x86_rdmsr(MSR_PAT);
	__asm__ volatile("sgdt %0" : "=m"(s->gdtr));
	__asm__ volatile("sidt %0" : "=m"(s->idtr));
	capture_segments(s);
}
