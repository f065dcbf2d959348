/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * starts.efi: starts, stops and interrupts the other processors in every way
 * there is, and prints what came of it, one line "PROBE key value" each.  The
 * harness runs it bare and as guest and compares.  Load options: names of
 * groups; "alone": leave the boot services first, so that no firmware is in
 * the way; "slow": wait longer for what should not come, where processors do
 * not run in turns.
 */
#ifndef TESTS_GUEST_STARTS_H
#define TESTS_GUEST_STARTS_H

#include <stdbool.h>
#include <stdint.h>
#include <vmm/x86.h>
#include "port.h"
#include "starts_layout.h"

#define MAX_CPUS	8

/* In the page; see starts_entry.S for the offsets. */
struct ap_needs {
	uint16_t gdt_limit;
	uint32_t gdt_base;
	uint16_t pad0;
	uint32_t far32, selector32;
	uint32_t far64, selector64;
	uint32_t cr4, cr3, efer, cr0;
	uint64_t stacks, entry;
	uint64_t tsc;		/* out: when it was there */
} VMM_PACKED;

struct cpu {
	volatile unsigned starts;	/* how often it came to ap_main */
	volatile unsigned vector;	/* of the last SIPI */
	volatile unsigned nmis, interrupts;
	volatile uint64_t value;	/* results of what it was told to do */
	/* What it is to do; it sets NULL when that is done. */
	void (*volatile work)(struct cpu *self);
	volatile uint64_t argument;
	unsigned id;
	uint64_t apic[8];		/* as it was found, see starts_state */
};

extern struct cpu cpus[MAX_CPUS];	/* by APIC ID; the first is ours */
extern unsigned cpu_count;
extern const char *phase;		/* part of the keys */

/* --- starts_cpu.c --- */

/* Our own tables of descriptors; interrupts off at their sources. */
void starts_tables(void);
/* Make page (its number is the vector) one to start at. */
void starts_page(unsigned vector);
volatile uint8_t *starts_at(unsigned vector, unsigned offset);
volatile struct ap_needs *starts_needs(unsigned vector);
volatile uint32_t *starts_found(unsigned vector);

/* Registers of this processor's APIC, by their offset in the page, in either
 * mode. */
uint32_t apic_get(unsigned reg);
void apic_set(unsigned reg, uint32_t value);
void apic_send(uint32_t dest, uint32_t low);

/* Wait until *count is value, or surely will not be. */
bool wait_for(volatile unsigned *count, unsigned value);
/* Long enough for what should not come to come. */
void settle(void);

/* Have a running processor do something; false if it does not. */
bool tell(unsigned id, void (*work)(struct cpu *self), uint64_t argument);
/* The same, without waiting for its end. */
void tell_only(unsigned id, void (*work)(struct cpu *self),
	       uint64_t argument);
/*
 * All processors serve an interrupt each; how many did.  From then on they are
 * those of a running system, and a VMM may take its hands off; so look at an
 * MTRR, as systems do before they start another one.
 */
unsigned all_serve(void);
extern bool starts_sign;	/* false: do not look */
extern bool starts_slow;

#define APIC_ID		0x020u
#define APIC_TPR	0x080u
#define APIC_EOI	0x0b0u
#define APIC_LDR	0x0d0u
#define APIC_DFR	0x0e0u
#define APIC_SVR	0x0f0u
#define APIC_ISR	0x100u
#define APIC_IRR	0x200u
#define APIC_ESR	0x280u
#define APIC_ICR	0x300u
#define APIC_ICR_HIGH	0x310u
#define APIC_LVT_TIMER	0x320u
#define APIC_LVT_LINT0	0x350u
#define APIC_LVT_ERROR	0x370u
#define APIC_TIMER_INIT	0x380u
#define APIC_TIMER_DIV	0x3e0u
#define APIC_ENABLE	0x100u		/* in SVR */
#define BASE_X2		0x400u		/* in MSR_APIC_BASE */
#define BASE_ENABLE	0x800u

#define ICR_FIXED	0x00000u
#define ICR_NMI		0x00400u
#define ICR_INIT	0x00500u
#define ICR_STARTUP	0x00600u
#define ICR_LOGICAL	0x00800u
#define ICR_PENDING	0x01000u
#define ICR_ASSERT	0x04000u
#define ICR_LEVEL	0x08000u
#define ICR_SELF	0x40000u
#define ICR_ALL		0x80000u
#define ICR_OTHERS	0xc0000u

/* --- the groups --- */

void starts_patterns(void);	/* starts_patterns.c */
void starts_unsigned(void);
void starts_vectors(void);
void starts_state(void);	/* starts_state.c */
void starts_apic(void);
void starts_x2apic(void);
void starts_moved(void);
void starts_restart(void);	/* starts_cost.c */
void starts_cost(void);
void starts_first_only(void);
void starts_triple(void);

/* A page to start at, for those who do not care which. */
extern unsigned starts_vector;

/* May the page be written?  Taken from the firmware, or taken over. */
bool starts_memory(unsigned vector);

/* INIT and SIPI to id, and wait. */
bool start_one(unsigned id);
void start_all(void);

#endif
