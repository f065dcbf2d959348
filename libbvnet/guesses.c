/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#include <bvnet/guesses.h>

#define FIRST_WAIT	UINT64_C(1000000)	/* usec */
#define IPV6_NETWORK	8u			/* bytes */

static bool is_same(const uint8_t *a, const uint8_t *b)
{
	return memcmp(a, b, net_ip_is_v4(a) ? NET_IP_LEN : IPV6_NETWORK) == 0;
}

/* GUESSES_FROM: it is not there. */
static unsigned find(const struct guesses *g, const uint8_t *ip)
{
	unsigned i;

	for (i = 0; i < GUESSES_FROM; i++)
		if (g->from[i].failures && is_same(ip, g->from[i].ip))
			break;
	return i;
}

/* For another address: a free entry, or that of the oldest failure. */
static unsigned oldest(const struct guesses *g)
{
	unsigned i, best = 0;

	for (i = 0; i < GUESSES_FROM; i++) {
		if (!g->from[i].failures)
			return i;
		if (g->from[i].at < g->from[best].at)
			best = i;
	}
	return best;
}

uint64_t guesses_wait(const struct guesses *g, const uint8_t ip[NET_IP_LEN],
		      uint64_t now)
{
	unsigned i = find(g, ip);

	return i < GUESSES_FROM && now < g->from[i].until ?
		g->from[i].until - now : 0;
}

void guesses_wrong(struct guesses *g, const uint8_t ip[NET_IP_LEN],
		   uint64_t now)
{
	uint64_t wait = FIRST_WAIT;
	unsigned i = find(g, ip);

	if (i == GUESSES_FROM || now - g->from[i].at >= GUESSES_FORGET) {
		if (i == GUESSES_FROM)
			i = oldest(g);
		memcpy(g->from[i].ip, ip, NET_IP_LEN);
		g->from[i].failures = 0;
	}
	for (unsigned n = g->from[i].failures; n && wait < GUESSES_MOST; n--)
		wait *= 2;
	g->from[i].failures++;
	g->from[i].at = now;
	g->from[i].until = now + wait;
}

void guesses_right(struct guesses *g, const uint8_t ip[NET_IP_LEN])
{
	unsigned i = find(g, ip);

	if (i < GUESSES_FROM)
		g->from[i].failures = 0;
}
