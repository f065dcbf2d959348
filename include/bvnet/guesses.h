/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Wrong passwords, by who gave them: each makes the next one wait longer, on
 * whichever connection it comes.  Pure; the caller serialises.
 */
#ifndef BVNET_GUESSES_H
#define BVNET_GUESSES_H

#include <bvnet/iptext.h>
#include <vmm/compiler.h>

VMM_BEGIN_DECLS

#define GUESSES_FROM	16u			/* addresses remembered */
#define GUESSES_MOST	(UINT64_C(32) * 1000000)	/* longest wait, usec */
#define GUESSES_FORGET	(UINT64_C(600) * 1000000)	/* after the latest */

/* All zeros: none.  The members are the implementation's. */
struct guesses {
	struct {
		uint8_t ip[NET_IP_LEN];
		unsigned failures;	/* 0: not in use */
		uint64_t at;		/* of the latest */
		uint64_t until;		/* the next one waits */
	} from[GUESSES_FROM];
};

/* Microseconds from now until a password from this address may be compared.  Of
 * IPv6 the network counts, of which a host has all addresses. */
uint64_t guesses_wait(const struct guesses *g, const uint8_t ip[NET_IP_LEN],
		      uint64_t now);
/* It was wrong: one second, and twice as long each time. */
void guesses_wrong(struct guesses *g, const uint8_t ip[NET_IP_LEN],
		   uint64_t now);
/* It was right. */
void guesses_right(struct guesses *g, const uint8_t ip[NET_IP_LEN]);

VMM_END_DECLS

#endif
