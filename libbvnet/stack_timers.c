/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lwIP ages its tables by timers that always run, several a second, which it
 * counts instead of looking at the time.  A NIC is the clock here, and can
 * measure 16 ms at most: a timer costs an exit of the guest's for each of them
 * until it is due.  So nobody is woken for a timer that has nothing to do, or
 * that may as well run when the next frame comes: it then makes up for the
 * periods that were missed, before the frame is looked at.
 */
#include <lwip/dhcp.h>
#include <lwip/etharp.h>
#include <lwip/ip4_frag.h>
#include <lwip/mld6.h>
#include <lwip/nd6.h>
#include <lwip/netif.h>
#include <lwip/opt.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/prot/dhcp.h>
#include <lwip/timeouts.h>
#include <stdbool.h>
#include <string.h>
#include <vmm/panic.h>
#include "net_priv.h"
#include "stack_priv.h"

#define MAX_TIMERS	10u
/* Calls of tcp_tmr() that call tcp_slowtmr() once, which looks at all. */
#define TCP_LOOK	2u
/* An ARP entry without an answer asks again each second, this often; so do the
 * probes and announcements of an address, in at most two. */
#define ARP_USEC	UINT64_C(6000000)
#define ASKED		4u
/*
 * What is to be done about a lease is done in time if there are fewer periods
 * of dhcp_coarse_tmr() than this from then to its end.  If there are more, it
 * may wait for the next frame that comes by: broadcasts do, and those of a
 * guest that has its own lease of the same server.  On a wire that is silent
 * for so long the lease ends, as it should, and the next frame begins another.
 */
#define PATIENCE	5u

static const struct netif *served;
static uint64_t due[MAX_TIMERS];	/* of lwip_cyclic_timers[] */
/* Who was asked for by ARP last. */
static struct {
	ip4_addr_t ip;
	uint64_t until;		/* it is asked for again */
} asked[ASKED];

/* lwip_init() calls it, when the time is not known yet. */
void sys_timeouts_init(void)
{
	VMM_ASSERT((unsigned)lwip_num_cyclic_timers <= MAX_TIMERS);
}

static uint64_t interval(int i)
{
	return (uint64_t)lwip_cyclic_timers[i].interval_ms * 1000;
}

void stack_timers_start(const struct netif *netif, uint64_t now)
{
	served = netif;
	for (int i = 0; i < lwip_num_cyclic_timers; i++)
		due[i] = now + interval(i);
}

void stack_timers_asked(const uint8_t ip[4], uint64_t now)
{
	unsigned oldest = 0, i;

	for (i = 0; i < ASKED; i++) {
		if (memcmp(&asked[i].ip, ip, 4) == 0)
			break;
		if (asked[i].until < asked[oldest].until)
			oldest = i;
	}
	if (i == ASKED)
		i = oldest;
	memcpy(&asked[i].ip, ip, 4);
	asked[i].until = now + ARP_USEC;
}

/* Has somebody who was asked for not answered yet? */
static bool arp_waits(uint64_t now)
{
	const ip4_addr_t *ip;
	struct eth_addr *mac;

	for (unsigned i = 0; i < ASKED; i++)
		if (now < asked[i].until &&
		    etharp_find_addr(NULL, &asked[i].ip, &mac, &ip) < 0)
			return true;
	return false;
}

/*
 * Has a connection something to repeat, or to say a little later?  Time-outs of
 * one that rests - a keep-alive, the end of TIME-WAIT - are for getting rid of
 * it, and with the next frame there is time for that.
 */
static bool tcp_waits(void)
{
	const struct tcp_pcb *pcb;

	for (pcb = tcp_active_pcbs; pcb; pcb = pcb->next)
		if (pcb->unsent || pcb->unacked || pcb->refused_data ||
		    pcb->persist_backoff || pcb->flags & (TF_ACK_DELAY |
							  TF_CLOSEPEND))
			return true;
	return false;
}

/* Let slow periods of TCP pass that were missed while all rested: but not beyond
 * the next probe of one that may have gone, which is to be asked first. */
static void age_tcp(uint32_t periods)
{
	const struct tcp_pcb *pcb;

	for (pcb = tcp_active_pcbs; pcb; pcb = pcb->next) {
		uint32_t rests = tcp_ticks - pcb->tmr;
		uint32_t probe = (pcb->keep_idle + pcb->keep_cnt_sent *
				  pcb->keep_intvl) / TCP_SLOW_INTERVAL;
		uint32_t left = probe > rests ? probe - rests : 0;

		if (ip_get_option(pcb, SOF_KEEPALIVE) && periods > left)
			periods = left;
	}
	tcp_ticks += periods;
}

/* How often a timer is called for this many periods: not more often than until
 * there is something to do.  If one is late that somebody should have been
 * woken for (there is no clock: see struct kick_guard), what it repeats should
 * not come all at once. */
static uint64_t calls(lwip_cyclic_timer_handler handler,
		      const struct dhcp *dhcp, uint64_t periods)
{
	uint64_t most = 1;

	if (handler == tcp_tmr)
		most = tcp_waits() ? 1 : TCP_LOOK;
	else if (handler == etharp_tmr)
		most = ARP_MAXAGE;
	else if (handler == ip_reass_tmr)
		most = IP_REASS_MAXAGE;
	else if (handler == dhcp_fine_tmr)
		most = dhcp ? dhcp->request_timeout : 0;
	else if (handler == nd6_tmr)
		most = stack_ip6_on();
	else if (handler == mld6_tmr)
		most = stack_ip6_reports();
	return periods < most ? periods : most;
}

static uint16_t after(uint16_t left, uint64_t periods)
{
	if (!left)
		return 0;
	return left > periods ? (uint16_t)(left - periods) : 1;
}

/* Let periods pass of dhcp_coarse_tmr() that were missed.  Of all that should
 * have been done the call that follows does the last. */
static void age_lease(struct dhcp *dhcp, uint64_t periods)
{
	if (dhcp->t0_timeout > dhcp->lease_used)
		dhcp->lease_used = (uint16_t)(
			dhcp->t0_timeout - after((uint16_t)(dhcp->t0_timeout -
							    dhcp->lease_used),
						 periods));
	dhcp->t1_renew_time = after(dhcp->t1_renew_time, periods);
	dhcp->t2_rebind_time = after(dhcp->t2_rebind_time, periods);
}

/* Of a timer that is due: how often it is to be called. */
static uint64_t pass(int i, uint64_t now)
{
	lwip_cyclic_timer_handler handler = lwip_cyclic_timers[i].handler;
	struct dhcp *dhcp = netif_dhcp_data(served);
	uint64_t periods;

	if (now < due[i])
		return 0;
	periods = (now - due[i]) / interval(i) + 1;
	due[i] += periods * interval(i);
	if (dhcp && handler == dhcp_coarse_tmr)
		age_lease(dhcp, periods - 1);
	if (handler == tcp_tmr && periods > TCP_LOOK && !tcp_waits())
		age_tcp((uint32_t)((periods - TCP_LOOK) / TCP_LOOK));
	if (stack_ip6_on() && handler == nd6_tmr)
		stack_ip6_age(periods - 1);
	return calls(handler, dhcp, periods);
}

/* What one timer begins is not old for another. */
void stack_timers_run(uint64_t now)
{
	uint64_t times[MAX_TIMERS];

	for (int i = 0; i < lwip_num_cyclic_timers; i++)
		times[i] = pass(i, now);
	for (int i = 0; i < lwip_num_cyclic_timers; i++)
		for (; times[i]; times[i]--)
			lwip_cyclic_timers[i].handler();
}

static unsigned least(unsigned a, unsigned b)
{
	return a && (!b || a < b) ? a : b;
}

/* Periods of dhcp_coarse_tmr() until it has something to do that cannot wait;
 * 0: there is nothing. */
static unsigned lease(const struct dhcp *dhcp)
{
	unsigned left = dhcp->t0_timeout > dhcp->lease_used ?
		(unsigned)dhcp->t0_timeout - dhcp->lease_used : 0;
	unsigned next = least(left, least(dhcp->t1_renew_time,
					  dhcp->t2_rebind_time));

	/* A lease that does not end has no time either. */
	return left && left - next < PATIENCE ? next : 0;
}

/* In how many of its periods it must have run; 0: no matter when. */
static unsigned needed(lwip_cyclic_timer_handler handler,
		       const struct dhcp *dhcp, uint64_t now)
{
	if (handler == tcp_tmr)
		return tcp_waits();
	if (handler == ip_reass_tmr || handler == mld6_tmr)
		return 0;
	if (handler == nd6_tmr)
		return stack_ip6_waits();
	if (handler == dhcp_coarse_tmr)
		return dhcp ? lease(dhcp) : 0;
	if (handler == dhcp_fine_tmr)
		return dhcp ? dhcp->request_timeout : 0;
	/* That of ARP; lwIP 2.2 has one for addresses in conflict, too. */
	return arp_waits(now) ||
		(dhcp && dhcp->state == DHCP_STATE_CHECKING);
}

uint64_t stack_timers_next(uint64_t now)
{
	const struct dhcp *dhcp = netif_dhcp_data(served);
	uint64_t next = UINT64_MAX;

	if (!netif_is_link_up(served))
		return next;	/* nobody hears it; that it is up is told */
	for (int i = 0; i < lwip_num_cyclic_timers; i++) {
		unsigned n = needed(lwip_cyclic_timers[i].handler, dhcp, now);
		uint64_t at = due[i] + (n - 1) * interval(i);

		if (n && at < next)
			next = at;
	}
	return net_until(next, now);
}
