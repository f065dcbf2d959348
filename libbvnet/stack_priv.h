/* SPDX-License-Identifier: BSD-3-Clause */
/* lwIP's cyclic timers: which are due, and for which somebody has to wake us.
 * Under the net lock, as the stack itself. */
#ifndef BVNET_STACK_PRIV_H
#define BVNET_STACK_PRIV_H

#include <bvnet/stack.h>
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

/* --- stack_ip6.c --- */

/* While the interface is made: it is to have IPv6. */
void stack_ip6_interface(struct netif *netif);
/* It is up: have addresses; configured: one of them, or zeros. */
void stack_ip6_start(struct netif *netif, struct net *net,
		     const uint8_t configured[NET_IP_LEN]);
/* lwIP says that something about an address has changed. */
void stack_ip6_changed(void);
/* After each frame that lwIP got: addresses of its making, and those that
 * others have, are exchanged for our own. */
void stack_ip6_settle(void);
/* For net_stack_get_info(): returns their number. */
unsigned stack_ip6_list(struct net_stack_ip6 list[NET_IP6_MAX]);

/* Has stack_ip6_start() been called? */
bool stack_ip6_on(void);
/* Let periods of nd6_tmr() pass that were missed, and in which nobody waited
 * for anything: what is over ends in the next call. */
void stack_ip6_age(uint64_t periods);
/* Is nd6_tmr() wanted at its time? */
bool stack_ip6_waits(void);
/* In how many periods of mld6_tmr() the last report of a group is due that one
 * is to be made of; 0: of none.  It may wait for other work: the next query is
 * some at the latest, and those are repeated before anybody forgets. */
uint64_t stack_ip6_reports(void);

#endif
