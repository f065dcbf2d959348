/* SPDX-License-Identifier: BSD-3-Clause */
/* A system that starts another one in its place; and groups that are run by
 * name only: what starts and interrupts cost, and ends of the machine. */
#include "starts.h"

#define IPIS		200
#define CR0_WP		(UINT64_C(1) << 16)
#define FLAG		16u	/* behind the code at AP_HALT */

static void go_to(struct cpu *c)
{
	c->value = 1;
	((void (*)(void))(uintptr_t)c->argument)();
}

static void put(volatile uint8_t *at, const uint8_t *code, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		at[i] = code[i];
}

/*
 * As kexec does: the other processor halts for good with interrupts off; this
 * one changes CR0 on its way into the new system, which overwrites the code of
 * the old one and then gets ready to start the other.  Nothing but the INIT
 * may wake it.
 */
void starts_restart(void)
{
	static const uint8_t halt[] = { 0xf4, 0xeb, 0xfd };	/* jmp to hlt */
	/* behind the hlt: incb flag(%rip); pause; jmp to that */
	static const uint8_t overwritten[] = {
		0x90, 0xfe, 0x05, FLAG - 7, 0, 0, 0, 0xf3, 0x90, 0xeb, 0xfc,
	};
	volatile uint8_t *at = starts_at(starts_vector, AP_HALT);
	uint64_t cr0 = x86_read_cr0();

	start_all();
	starts_sign = false;
	(void)all_serve();
	starts_sign = true;
	put(at, halt, sizeof(halt));
	at[FLAG] = 0;
	cpus[1].value = 0;
	tell_only(1, go_to, (uint64_t)at);
	while (!cpus[1].value)
		x86_pause();
	settle();
	x86_write_cr0(cr0 ^ CR0_WP);
	settle();
	put(at, overwritten, sizeof(overwritten));
	(void)x86_rdmsr(MSR_MTRR_FIX64K);
	settle();
	settle();
	x86_write_cr0(cr0);
	out("PROBE restart.woken %u\n", at[FLAG]);
	out("PROBE restart.started %u\n", start_one(1));
	start_all();
}

/* Ticks from before the INIT to the first instruction; and from an interrupt
 * sent to its having been served. */
void starts_cost(void)
{
	unsigned i, id;
	uint64_t begin, ticks;

	for (i = 0; i < 2; i++)
		for (id = 1; id < cpu_count; id++) {
			starts_page(starts_vector);
			begin = x86_rdtsc();
			(void)start_one(id);
			out("PROBE cost.start.%u.%u %lu\n", i, id,
			    starts_needs(starts_vector)->tsc - begin);
		}
	starts_sign = false;	/* nobody will be started */
	(void)all_serve();
	begin = x86_rdtsc();
	for (i = 0; i < IPIS; i++)
		(void)all_serve();
	ticks = x86_rdtsc() - begin;
	out("PROBE cost.interrupt %lu\n", ticks / IPIS / cpu_count);
}

/* The others stay where the firmware left them. */
void starts_first_only(void)
{
	out("PROBE first-only.started %u\n", start_one(1));
	out("PROBE first-only.again %u\n", start_one(1));
	settle();
}

static void triple(struct cpu *c)
{
	static const struct x86_table_reg none;

	(void)c;
	__asm__ volatile("lidt %0\n\tint3" :: "m"(none));
}

void starts_triple(void)
{
	start_all();
	out("PROBE triple\n");
	tell_only(cpu_count - 1, triple, 0);
	for (;;)
		x86_pause();
}
