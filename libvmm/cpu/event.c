/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdbool.h>
#include <cpu/event.h>
#include <vmm/x86.h>

static bool is_contributory(uint8_t vector)
{
	return vector == X86_TRAP_DE ||
		(vector >= X86_TRAP_TS && vector <= X86_TRAP_GP);
}

enum event_pair event_combine(uint8_t first, uint8_t second)
{
	if (first == X86_TRAP_DF)
		return EVENT_SHUTDOWN;
	if (is_contributory(first) && is_contributory(second))
		return EVENT_DOUBLE_FAULT;
	if (first == X86_TRAP_PF &&
	    (second == X86_TRAP_PF || is_contributory(second)))
		return EVENT_DOUBLE_FAULT;
	return EVENT_SECOND;
}
