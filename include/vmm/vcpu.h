/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A vCPU: one for each processor, bound to it.  Everything here is to be
 * called on the CPU that the vCPU belongs to, between an exit and the next
 * entry, unless a comment says otherwise.
 */
#ifndef VMM_VCPU_H
#define VMM_VCPU_H

#include <stdbool.h>
#include <vmm/compiler.h>
#include <vmm/exit.h>

VMM_BEGIN_DECLS

struct vmm;
struct vmm_vcpu;

/* General registers in the order of their numbers in instructions; the entry
 * code saves them in place.  On SVM the hardware keeps RAX and RSP, on VMX
 * RSP; the vendor code copies what is needed. */
struct vmm_regs {
	uint64_t rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
};

enum vmm_reg {
	VMM_REG_RAX, VMM_REG_RCX, VMM_REG_RDX, VMM_REG_RBX,
	VMM_REG_RSP, VMM_REG_RBP, VMM_REG_RSI, VMM_REG_RDI,
	VMM_REG_R8, VMM_REG_R9, VMM_REG_R10, VMM_REG_R11,
	VMM_REG_R12, VMM_REG_R13, VMM_REG_R14, VMM_REG_R15,
	VMM_REG_RIP, VMM_REG_RFLAGS,
	VMM_REG_CR0, VMM_REG_CR2, VMM_REG_CR3, VMM_REG_CR4, VMM_REG_EFER,
	VMM_REG_DR7,
	VMM_REG_GDTR_BASE, VMM_REG_GDTR_LIMIT,
	VMM_REG_IDTR_BASE, VMM_REG_IDTR_LIMIT,
};

enum vmm_segreg {
	VMM_SEG_ES, VMM_SEG_CS, VMM_SEG_SS, VMM_SEG_DS, VMM_SEG_FS, VMM_SEG_GS,
	VMM_SEG_LDTR, VMM_SEG_TR,
	VMM_SEGS
};

/* attr: the descriptor's bytes 5 and 6 as in AMD's VMCB: type, S, DPL, P in
 * bits 0-7; AVL, L, D/B, G in bits 8-11 (APM vol. 2, appendix B,
 * "VMCB State Save Area").  unusable: attr bit 16, as in Intel's VMCS. */
struct vmm_segment {
	uint16_t selector;
	uint32_t limit;		/* bytes, expanded by G */
	uint32_t attr;
	uint64_t base;
};
#define VMM_SEG_ATTR_L		0x200u
#define VMM_SEG_ATTR_DB		0x400u
#define VMM_SEG_UNUSABLE	0x10000u

uint64_t vmm_vcpu_get(struct vmm_vcpu *v, enum vmm_reg reg);
void vmm_vcpu_set(struct vmm_vcpu *v, enum vmm_reg reg, uint64_t value);
void vmm_vcpu_get_seg(struct vmm_vcpu *v, enum vmm_segreg seg,
		      struct vmm_segment *out);
void vmm_vcpu_set_seg(struct vmm_vcpu *v, enum vmm_segreg seg,
		      const struct vmm_segment *in);

/* Number of the vCPU, 0 for the boot processor.  Any CPU. */
unsigned vmm_vcpu_number(const struct vmm_vcpu *v);

/* That of this CPU; NULL before it runs in the VMM's environment.  Any
 * context. */
struct vmm_vcpu *vmm_vcpu_current(void);
struct vmm *vmm_vcpu_vmm(const struct vmm_vcpu *v);

/* Exits so far by reason.  Any CPU (the count may be one behind). */
uint64_t vmm_vcpu_exits(const struct vmm_vcpu *v, enum vmm_exit_reason reason);

VMM_END_DECLS

#endif
