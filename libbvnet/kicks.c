/* SPDX-License-Identifier: BSD-3-Clause */
#include "kicks.h"

/* A kick that is due in PATIENT_USEC at the earliest and is there within
 * EARLY_USEC, without a frame that would have interrupted anyway.  Others' NMIs
 * may show one early, too, but hardly so many in a row; if they do, nothing is
 * lost, as each of them has the network's work done. */
#define PATIENT_USEC	2000u
#define EARLY_USEC	500u
#define EARLY_MOST	32u
#define OFF_USEC	1000000u

bool kick_guard_may(const struct kick_guard *g, uint64_t now)
{
	return now >= g->off_until;
}

void kick_guard_set(struct kick_guard *g, uint64_t now, uint64_t usec,
		    uint64_t frames)
{
	g->set_at = now;
	g->frames = frames;
	g->patient = usec >= PATIENT_USEC;
}

bool kick_guard_came(struct kick_guard *g, uint64_t now, uint64_t frames)
{
	if (!g->patient)
		return false;
	g->patient = false;
	if (now - g->set_at >= EARLY_USEC || frames != g->frames) {
		g->early = 0;
		return false;
	}
	if (++g->early < EARLY_MOST)
		return false;
	g->early = 0;
	g->off_until = now + OFF_USEC;
	return true;
}
