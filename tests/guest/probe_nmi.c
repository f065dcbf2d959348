/* SPDX-License-Identifier: BSD-3-Clause */
/* NMIs and interrupts that the processor sends to itself: none is lost, none
 * comes twice, none comes before it may. */
#include "probe.h"

#define LAPIC_ID	0x20
#define LAPIC_EOI	0xb0
#define LAPIC_SVR	0xf0
#define LAPIC_ICR	0x300
#define LAPIC_ICR_HIGH	0x310
#define ICR_NMI		0x00000400u
#define ICR_FIXED	0x00000000u
#define ICR_ASSERT	0x00004000u
#define ICR_PENDING	0x00001000u
#define VECTOR		0x91u
#define SPINS		100000u

static volatile uint32_t *lapic(unsigned offset)
{
	uint64_t base = x86_rdmsr(MSR_APIC_BASE) & ~UINT64_C(0xfff);

	return (volatile uint32_t *)(uintptr_t)(base + offset);
}

static void send(uint32_t what)
{
	*lapic(LAPIC_ICR_HIGH) = *lapic(LAPIC_ID);
	*lapic(LAPIC_ICR) = what | ICR_ASSERT;
	while (*lapic(LAPIC_ICR) & ICR_PENDING)
		x86_pause();
}

/* Wait until a vector's count is reached, or surely will not be. */
static unsigned settle(unsigned vector, unsigned count)
{
	unsigned i;

	for (i = 0; i < SPINS && trap_count[vector] != count; i++)
		x86_pause();
	for (i = 0; i < 1000; i++)
		x86_pause();
	return trap_count[vector];
}

static void count_only(struct trap_frame *f)
{
	(void)f;
}

static void acknowledge(struct trap_frame *f)
{
	(void)f;
	*lapic(LAPIC_EOI) = 0;
}

static void one_by_one(void)
{
	unsigned i, exact = 0;

	trap_hook[X86_TRAP_NMI] = count_only;
	for (i = 1; i <= 100; i++) {
		trap_count[X86_TRAP_NMI] = 0;
		send(ICR_NMI);
		exact += settle(X86_TRAP_NMI, 1) == 1;
	}
	out("PROBE nmi.one-by-one %u\n", exact);
}

/* With exits between sending and receiving, as many as possible. */
static void among_exits(void)
{
	unsigned i;

	trap_count[X86_TRAP_NMI] = 0;
	for (i = 0; i < 100; i++) {
		send(ICR_NMI);
		x86_cpuid(0, 0);
		x86_cpuid(1, 0);
		(void)settle(X86_TRAP_NMI, i + 1);
	}
	out("PROBE nmi.among-exits %u\n", trap_count[X86_TRAP_NMI]);
}

static unsigned depth, deepest, after_sends;

/* The first NMI sends two more, and makes exits: until its IRET at most one
 * is latched, and none may nest. */
static void nested_handler(struct trap_frame *f)
{
	unsigned i;

	(void)f;
	if (++depth > deepest)
		deepest = depth;
	if (trap_count[X86_TRAP_NMI] == 1) {
		for (i = 0; i < 2; i++) {
			send(ICR_NMI);
			x86_cpuid(0, 0);
		}
		for (i = 0; i < 1000; i++)
			x86_pause();
		after_sends = trap_count[X86_TRAP_NMI];
	}
	depth--;
}

static void in_handler(void)
{
	trap_hook[X86_TRAP_NMI] = nested_handler;
	trap_count[X86_TRAP_NMI] = deepest = depth = after_sends = 0;
	send(ICR_NMI);
	(void)settle(X86_TRAP_NMI, 2);
	out("PROBE nmi.in-handler depth %u before-iret %u total %u\n",
	    deepest, after_sends, trap_count[X86_TRAP_NMI]);
}

static void resend_once(struct trap_frame *f)
{
	if (trap_count[X86_TRAP_NMI] == 1) {
		send(ICR_NMI);
		x86_cpuid(0, 0);
	}
	count_only(f);
}

static void with_interrupt(void)
{
	trap_hook[X86_TRAP_NMI] = resend_once;
	trap_hook[VECTOR] = acknowledge;
	trap_count[X86_TRAP_NMI] = trap_count[VECTOR] = 0;
	__asm__ volatile("sti" ::: "memory");
	send(ICR_FIXED | VECTOR);
	send(ICR_NMI);
	(void)settle(X86_TRAP_NMI, 2);
	x86_cli();
	out("PROBE nmi.with-interrupt %u %u\n", trap_count[X86_TRAP_NMI],
	    trap_count[VECTOR]);
}

static uint64_t interrupted_at;

static void note_place(struct trap_frame *f)
{
	if (!interrupted_at)
		interrupted_at = f->rip;
	acknowledge(f);
}

/* A pending interrupt, and what stands in the shadow of STI or MOV SS: the
 * interrupt comes behind the instruction in the shadow. */
static const struct {
	const char *name;
	uint8_t size;
	uint8_t code[16];
} shadows[] = {
	{ "sti-nop", 5, { 0xfb, 0x90, 0x90, 0x90, 0xfa } },
	{ "sti-cpuid", 6, { 0xfb, 0x0f, 0xa2, 0x90, 0x90, 0xfa } },
	{ "sti-in", 6, { 0xfb, 0xe4, 0xe9, 0x90, 0x90, 0xfa } },
	{ "sti-pause", 6, { 0xfb, 0xf3, 0x90, 0x90, 0x90, 0xfa } },
	{ "sti-hlt", 5, { 0xfb, 0xf4, 0x90, 0x90, 0xfa } },
	{ "sti-cli", 4, { 0xfb, 0xfa, 0x90, 0x90 } },
	/* pushf; or qword [rsp], IF; popf: no shadow */
	{ "popf-cpuid", 14, { 0x9c, 0x48, 0x81, 0x0c, 0x24, 0x00, 0x02, 0,
			      0, 0x9d, 0x0f, 0xa2, 0x90, 0xfa } },
	{ "mov-ss-sti-cpuid", 9, { 0x8c, 0xd6, 0xfb, 0x8e, 0xd6, 0x0f, 0xa2,
				   0x90, 0xfa } },
};

static void shadow(unsigned i)
{
	int trap;

	trap_hook[VECTOR] = note_place;
	trap_count[VECTOR] = 0;
	interrupted_at = 0;
	send(ICR_FIXED | VECTOR);
	trap = probe_run_code(shadows[i].code, shadows[i].size);
	out("PROBE interrupt.%s ", shadows[i].name);
	trap_print(trap);
	out(" at +%lx count %u\n",
	    interrupted_at ? interrupted_at - (uint64_t)probe.low : 0,
	    trap_count[VECTOR]);
	/* Let one that was not taken go, so that the next starts clean. */
	__asm__ volatile("sti\n\tnop\n\tnop\n\tcli" ::: "memory");
}

/* Held back by the task priority, and not by exits. */
static void priority(void)
{
	unsigned held, freed;

	trap_hook[VECTOR] = acknowledge;
	trap_count[VECTOR] = 0;
	__asm__ volatile("mov %0, %%cr8" :: "r"(0xfL));
	send(ICR_FIXED | VECTOR);
	__asm__ volatile("sti" ::: "memory");
	x86_cpuid(0, 0);
	held = settle(VECTOR, 1);
	__asm__ volatile("mov %0, %%cr8" :: "r"(0L));
	freed = settle(VECTOR, 1);
	x86_cli();
	out("PROBE interrupt.priority %u %u\n", held, freed);
}

void probe_nmi(void)
{
	uint32_t svr = *lapic(LAPIC_SVR);
	unsigned i;

	*lapic(LAPIC_SVR) = svr | 0x100;
	one_by_one();
	among_exits();
	in_handler();
	with_interrupt();
	for (i = 0; i < VMM_ARRAY_SIZE(shadows); i++)
		shadow(i);
	priority();
	*lapic(LAPIC_SVR) = svr;
	trap_hook[X86_TRAP_NMI] = trap_hook[VECTOR] = 0;
}
