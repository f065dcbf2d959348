/* SPDX-License-Identifier: BSD-3-Clause */
/* Groups that are run by name only: what starts and interrupts cost, and ends
 * of the machine. */
#include "starts.h"

#define IPIS		200

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
