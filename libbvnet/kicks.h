/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guard against kicks (nic_kick_after) that do not wait: some emulated NICs
 * interrupt at once whatever their moderation registers say.  Each visit then
 * asks for the next kick, and the guest does not get a single instruction done.
 * Pure; under the lock of whoever has it.
 */
#ifndef BVNET_KICKS_H
#define BVNET_KICKS_H

#include <stdbool.h>
#include <stdint.h>

struct kick_guard {
	uint64_t set_at;	/* microseconds of uptime */
	uint64_t frames;	/* the NIC's, then */
	uint64_t off_until;	/* no kicks before */
	unsigned early;		/* so many in a row came at once */
	bool patient;		/* the last one was to come much later */
};

/* May the NIC be asked now? */
bool kick_guard_may(const struct kick_guard *g, uint64_t now);

/* It was asked to interrupt in usec; frames: all that it has moved. */
void kick_guard_set(struct kick_guard *g, uint64_t now, uint64_t usec,
		    uint64_t frames);

/* The kick was seen.  True: the NIC has just turned out not to wait, and is
 * left alone for a while. */
bool kick_guard_came(struct kick_guard *g, uint64_t now, uint64_t frames);

#endif
