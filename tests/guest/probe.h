/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * probe.efi: looks at the machine from the inside and prints what it sees,
 * one line of the form "PROBE key value" each.  The harness runs it bare and
 * as the guest of the VMM and compares; what bare prints is what is right.
 */
#ifndef TESTS_GUEST_PROBE_H
#define TESTS_GUEST_PROBE_H

#include <stdint.h>
#include <vmm/x86.h>
#include "port.h"
#include "trap.h"

/* The memory that the probe works in. */
struct probe {
	/* The VMM's memory; bare: ordinary memory in its place, so that the
	 * same code shows what it would do to memory it can write. */
	uint64_t vmm_base, vmm_size;
	bool own_before, own_after;	/* memory beside it, to be kept */
	uint8_t *low;		/* 64 KiB below 4 GiB, page-aligned */
	uint8_t *pages;		/* the same */
	uint8_t *real;		/* 4 KiB below 640 KiB, or NULL */
	/* Window of 16 pages at a linear address of its own, see window_map */
	uint8_t *window;
	const char *cpu;	/* "AuthenticAMD" or "GenuineIntel" */
};

extern struct probe probe;

/* A group of tests: prints lines. */
void probe_cpuid(void);
void probe_msr(void);
void probe_efer(void);
void probe_insn(void);
void probe_exception(void);
void probe_step(void);
void probe_nmi(void);
void probe_tsc(void);
void probe_port(void);
void probe_xsetbv(void);
void probe_memory(void);
void probe_task(void);
void probe_cost(void);
/* By name only. */
void probe_exits(void);
void probe_exits_memory(void);
void probe_exits_cr(void);

/* Run by name only, see probe_attack.c. */
void attack_triple(void);
void attack_idt(void);
void attack_cr3(void);
void attack_exec(void);
void attack_hypercall(void);
void attack_apic_base(void);
void attack_msr(void);
void attack_cr4(void);
void reset_keyboard(void);
void reset_cf9(void);
void reset_port92(void);
void reset_init(void);

/* Print "PROBE <key> <trap>\n" for the result of trap_catch. */
void probe_trap(const char *key, int vector);

/* Run machine code: it is copied to an executable page, followed by RET, and
 * called as a function.  Returns what trap_catch returns. */
int probe_run_code(const void *code, unsigned size);

/*
 * The window: pages whose mapping the tests choose.  Linear page i of the
 * window gets physical address phys with the flags (X86_PTE...), or becomes
 * not present if flags is 0.
 */
#define PTE_PRESENT	0x1u
#define PTE_WRITE	0x2u
#define PTE_USER	0x4u
void window_begin(void);
void window_map(unsigned page, uint64_t phys, unsigned flags);
void window_end(void);

#endif
