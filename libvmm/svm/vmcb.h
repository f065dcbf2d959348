/* SPDX-License-Identifier: BSD-3-Clause */
/* Virtual machine control block (AMD APM vol. 2, appendix B) */
#ifndef SVM_VMCB_H
#define SVM_VMCB_H

#include <vmm/compiler.h>

/* Intercept vectors: the bit number of an intercept is its exit code. */
#define VMCB_INTERCEPT_WORDS 6

struct vmcb_segment {
	uint16_t selector, attr;
	uint32_t limit;
	uint64_t base;
};

struct vmcb {
	uint32_t intercept[VMCB_INTERCEPT_WORDS];	/* 0x000 */
	uint8_t reserved018[0x040 - 0x018];
	uint64_t iopm_pa, msrpm_pa, tsc_offset;		/* 0x040 */
	uint32_t asid;					/* 0x058 */
	uint8_t tlb_control, reserved05d[3];
	uint64_t vintr;					/* 0x060 */
	uint64_t interrupt_shadow;			/* 0x068 */
	uint64_t exitcode, exitinfo1, exitinfo2;	/* 0x070 */
	uint64_t exitintinfo;				/* 0x088 */
	uint64_t np_enable;				/* 0x090 */
	uint8_t reserved098[0x0a8 - 0x098];
	uint64_t eventinj;				/* 0x0a8 */
	uint64_t n_cr3;					/* 0x0b0 */
	uint64_t lbr_enable;				/* 0x0b8 */
	uint64_t clean;					/* 0x0c0 */
	uint64_t nrip;					/* 0x0c8 */
	uint8_t fetched, insn[15];			/* 0x0d0 */
	uint8_t reserved0e0[0x400 - 0x0e0];
	/* state save area */
	struct vmcb_segment es, cs, ss, ds, fs, gs;	/* 0x400 */
	struct vmcb_segment gdtr, ldtr, idtr, tr;	/* 0x460 */
	uint8_t reserved4a0[0x4cb - 0x4a0];
	uint8_t cpl;					/* 0x4cb */
	uint8_t reserved4cc[4];
	uint64_t efer;					/* 0x4d0 */
	uint8_t reserved4d8[0x548 - 0x4d8];
	uint64_t cr4, cr3, cr0, dr7, dr6, rflags, rip;	/* 0x548 */
	uint8_t reserved580[0x5d8 - 0x580];
	uint64_t rsp, s_cet, ssp, isst_addr, rax;	/* 0x5d8 */
	uint64_t star, lstar, cstar, sfmask;		/* 0x600 */
	uint64_t kernel_gs_base;			/* 0x620 */
	uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
	uint64_t cr2;					/* 0x640 */
	uint8_t reserved648[0x668 - 0x648];
	uint64_t g_pat, dbgctl;				/* 0x668 */
	uint64_t br_from, br_to, last_excp_from, last_excp_to;
	uint8_t reserved698[0x1000 - 0x698];
} VMM_ALIGNED(16);

VMM_STATIC_ASSERT(offsetof(struct vmcb, iopm_pa) == 0x040, "VMCB");
VMM_STATIC_ASSERT(offsetof(struct vmcb, exitcode) == 0x070, "VMCB");
VMM_STATIC_ASSERT(offsetof(struct vmcb, eventinj) == 0x0a8, "VMCB");
VMM_STATIC_ASSERT(offsetof(struct vmcb, nrip) == 0x0c8, "VMCB");
VMM_STATIC_ASSERT(offsetof(struct vmcb, tr) == 0x490, "VMCB");
VMM_STATIC_ASSERT(offsetof(struct vmcb, efer) == 0x4d0, "VMCB");
VMM_STATIC_ASSERT(offsetof(struct vmcb, rip) == 0x578, "VMCB");
VMM_STATIC_ASSERT(offsetof(struct vmcb, rax) == 0x5f8, "VMCB");
VMM_STATIC_ASSERT(offsetof(struct vmcb, cr2) == 0x640, "VMCB");
VMM_STATIC_ASSERT(offsetof(struct vmcb, g_pat) == 0x668, "VMCB");
VMM_STATIC_ASSERT(sizeof(struct vmcb) == 0x1000, "VMCB");

/* Exit codes (appendix C); also the numbers of the intercepts. */
enum svm_exit_code {
	SVM_EXIT_EXCEPTION_0 = 0x40,
	SVM_EXIT_EXCEPTION_31 = 0x5f,
	SVM_EXIT_INTR = 0x60,
	SVM_EXIT_NMI = 0x61,
	SVM_EXIT_SMI = 0x62,
	SVM_EXIT_INIT = 0x63,
	SVM_EXIT_VINTR = 0x64,
	SVM_EXIT_CR0_SEL_WRITE = 0x65,
	SVM_EXIT_CPUID = 0x72,
	SVM_EXIT_IRET = 0x74,
	SVM_EXIT_INVD = 0x76,
	SVM_EXIT_INVLPGA = 0x7a,
	SVM_EXIT_IOIO = 0x7b,
	SVM_EXIT_MSR = 0x7c,
	SVM_EXIT_TASK_SWITCH = 0x7d,
	SVM_EXIT_SHUTDOWN = 0x7f,
	SVM_EXIT_VMRUN = 0x80,
	SVM_EXIT_VMMCALL = 0x81,
	SVM_EXIT_VMLOAD = 0x82,
	SVM_EXIT_VMSAVE = 0x83,
	SVM_EXIT_STGI = 0x84,
	SVM_EXIT_CLGI = 0x85,
	SVM_EXIT_SKINIT = 0x86,
	SVM_EXIT_WBINVD = 0x89,
	SVM_EXIT_XSETBV = 0x8d,
	SVM_EXIT_INTERCEPTS = VMCB_INTERCEPT_WORDS * 32,
	SVM_EXIT_NPF = 0x400,
};
/* -1; only the low half is looked at, for QEMU 7.2 writes no more. */
#define SVM_EXIT_INVALID	UINT32_MAX

#define VMCB_TLB_NOTHING	0
#define VMCB_TLB_FLUSH_ALL	1	/* every ASID; all CPUs have it */
#define VMCB_TLB_FLUSH_ASID	3	/* needs CPUID 8000_000A EDX[6] */

#define VMCB_SHADOW		UINT64_C(1)	/* interrupt_shadow bit 0 */
#define VMCB_NP_ENABLE		UINT64_C(1)

/* EVENTINJ and EXITINTINFO (15.20, 15.7.2) */
#define VMCB_EVENT_TYPE_SHIFT	8
#define VMCB_EVENT_ERROR	UINT64_C(0x800)
#define VMCB_EVENT_VALID	UINT64_C(0x80000000)

/* EXITINFO1 of a nested page fault (15.25.6) */
#define VMCB_NPF_PRESENT	UINT64_C(0x1)
#define VMCB_NPF_WRITE		UINT64_C(0x2)
#define VMCB_NPF_FETCH		UINT64_C(0x10)
#define VMCB_NPF_TABLE		UINT64_C(0x200000000)

/* EXITINFO1 of an IOIO (15.10.2) */
#define VMCB_IO_IN		0x1u
#define VMCB_IO_STRING		0x4u
#define VMCB_IO_REP		0x8u
#define VMCB_IO_WIDTH(info)	((info) >> 4 & 7)	/* 1, 2, 4 */
#define VMCB_IO_ADDR(info)	((info) >> 7 & 7)	/* 1: 16 bits, 2, 4 */

#endif
