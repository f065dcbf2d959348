/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The VMM's own environment on a CPU: page tables with W^X and guard pages,
 * GDT, IDT, a TSS with separate stacks for #DF, NMI and #MC, and control
 * registers with every protection that the CPU offers.  Interrupts stay off.
 */
#ifndef CPU_HOST_H
#define CPU_HOST_H

#include <cpu/asm_offsets.h>
#include <vmm/pagepool.h>
#include <vmm/paging.h>
#include <vmm/x86.h>

struct vmm;
struct vmm_vcpu;
struct boot_state;

#define HOST_STACK_PAGES	4	/* exits are handled on this one */
#define HOST_IST_PAGES		2
#define HOST_IST_DF		1
#define HOST_IST_NMI		2
#define HOST_IST_MC		3
#define HOST_ISTS		3

/* 64-bit TSS (Intel SDM vol. 3, 8.7, figure 8-11) */
struct host_tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3;
	uint16_t iomap_base;
} VMM_PACKED;
VMM_STATIC_ASSERT(sizeof(struct host_tss) == 104, "TSS layout");

struct host_cpu {
	uint64_t gdt[5];		/* null, code, data, TSS (two slots) */
	struct host_tss tss VMM_ALIGNED(16);
	uint64_t stack_top;
	uint64_t nmis;			/* taken while in the VMM */
};

#define HOST_GATES 256
#define HOST_EXCEPTIONS 32	/* gates of vectors below are exceptions */

/* Build what all CPUs share: page tables for [0, top) with leaves up to level
 * max_leaf, and the IDT. */
int host_init(struct vmm *vmm, unsigned max_leaf, uint64_t top) VMM_MUST_CHECK;
/* Allocate one CPU's part: stacks with guard pages, TSS, GDT. */
int host_cpu_init(struct vmm *vmm, struct vmm_vcpu *v) VMM_MUST_CHECK;

/* Replace the firmware's environment on this CPU by the VMM's (the stack is
 * left as it is), and back. */
void host_enter(struct host_cpu *h, struct vmm_vcpu *v);
void host_leave(const struct boot_state *s);

/* Call fn(arg) on another stack and return its value (entry.S). */
int host_call_on_stack(uint64_t stack_top, int (*fn)(void *), void *arg);

/* Base of the VMM's IDT. */
uint64_t host_idt(void);

/* True if the IDT of this CPU is the VMM's. */
bool host_active(void);

/* An NMI arrived while the VMM ran on v (NULL: before its start).  smp.c */
void vmm_host_nmi(struct vmm_vcpu *v);

#endif
