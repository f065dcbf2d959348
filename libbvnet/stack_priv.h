/* SPDX-License-Identifier: BSD-3-Clause */
/* lwIP's cyclic timers: which are due, and for which somebody has to wake us.
 * Under the net lock, as the stack itself. */
#ifndef BVNET_STACK_PRIV_H
#define BVNET_STACK_PRIV_H

#include <stdint.h>

struct netif;

/* All begin a period; now: usec, as for net_poll(). */
void stack_timers_start(const struct netif *netif, uint64_t now);
/* Do what was due up to now, missed periods included. */
void stack_timers_run(uint64_t now);
/* Microseconds until a timer that cannot wait for other work; UINT64_MAX: all
 * can.  After stack_timers_run(now). */
uint64_t stack_timers_next(uint64_t now);
/* An ARP request for ip was sent to all. */
void stack_timers_asked(const uint8_t ip[4], uint64_t now);

#endif
