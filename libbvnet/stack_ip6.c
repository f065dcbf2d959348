/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The VMM's IPv6 addresses on lwIP.  The guest has the same MAC address, from
 * which both would make the same addresses, so the VMM's are made as RFC 7217
 * has it: by a hash, other for each prefix.  There is no secret that outlives
 * a restart, so it hashes the MAC address: they are stable and unlike the
 * guest's, but who knows the MAC address can tell them.
 *
 * Duplicates are looked for (RFC 4862, 5.4), also with the guest.  lwIP gives
 * an address up that another station claims, even later on; the VMM then goes
 * on with another one, a few times (RFC 7217, 6).
 */
#include <bvnet/iptext.h>
#include <bvnet/net.h>
#include <bvnet/password.h>
#include <lwip/ethip6.h>
#include <lwip/mld6.h>
#include <lwip/nd6.h>
#include <lwip/netif.h>
#include <lwip/priv/nd6_priv.h>
#include <string.h>
#include <vmm/log.h>
#include "stack_priv.h"

#define RETRIES		3u	/* IDGEN_RETRIES, RFC 7217, 7 */
#define ID_LEN		8u	/* of the interface, behind the prefix */
/* A neighbour that does not answer is asked so often while somebody waits. */
#define ASKS		LWIP_ND6_MAX_MULTICAST_SOLICIT

_Static_assert(LWIP_IPV6_NUM_ADDRESSES == NET_IP6_MAX, "the switch has room");

static struct {
	struct netif *netif;	/* NULL: no IPv6 */
	struct net *net;
	struct {
		uint8_t told[NET_IP_LEN];
		bool usable;	/* and told in the log */
		unsigned tries;	/* that another station had already */
	} slot[LWIP_IPV6_NUM_ADDRESSES];
} ip6;

static u8_t state_of(s8_t i)
{
	return netif_ip6_addr_state(ip6.netif, i);
}

static const uint8_t *bytes_of(s8_t i)
{
	return (const uint8_t *)netif_ip6_addr(ip6.netif, i)->addr;
}

/* --- what is told --- */

static void log_address(enum vmm_log_level level, const char *what,
			const uint8_t ip[NET_IP_LEN])
{
	char text[NET_IP_TEXT];

	vmm_log(level, "IPv6 address %s: %s\n", what, net_ip_format(ip, text));
}

static void tell_log(s8_t i)
{
	bool valid = ip6_addr_isvalid(state_of(i));
	bool same = memcmp(ip6.slot[i].told, bytes_of(i), NET_IP_LEN) == 0;

	if (ip6.slot[i].usable && (!valid || !same)) {
		log_address(VMM_LOG_INFO, "removed", ip6.slot[i].told);
		ip6.slot[i].usable = false;
	}
	if (valid && !ip6.slot[i].usable) {
		memcpy(ip6.slot[i].told, bytes_of(i), NET_IP_LEN);
		log_address(VMM_LOG_INFO, "added", bytes_of(i));
		ip6.slot[i].usable = true;
	}
}

/* The switch has to know of tentative addresses, too: questions for them are
 * how duplicates are found. */
void stack_ip6_changed(void)
{
	uint8_t list[NET_IP6_MAX][NET_IP_LEN];
	unsigned count = 0;

	if (!ip6.netif)
		return;
	for (s8_t i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
		tell_log(i);
		if (!ip6_addr_isinvalid(state_of(i)) &&
		    !ip6_addr_isduplicated(state_of(i)))
			memcpy(list[count++], bytes_of(i), NET_IP_LEN);
	}
	net_vmm_set_address6(ip6.net, list, count);
}

unsigned stack_ip6_list(struct net_stack_ip6 list[NET_IP6_MAX])
{
	unsigned count = 0;

	for (s8_t i = 0; ip6.netif && i < LWIP_IPV6_NUM_ADDRESSES; i++) {
		u8_t state = state_of(i);

		if (ip6_addr_isinvalid(state))
			continue;
		memcpy(list[count].ip, bytes_of(i), NET_IP_LEN);
		list[count++].state = ip6_addr_isduplicated(state) ?
			NET_STACK_IP6_DUPLICATE :
			ip6_addr_istentative(state) ? NET_STACK_IP6_TENTATIVE :
			ip6_addr_ispreferred(state) ? NET_STACK_IP6_PREFERRED :
			NET_STACK_IP6_DEPRECATED;
	}
	return count;
}

/* --- addresses --- */

/* The part behind the prefix of slot i. */
static void make_id(s8_t i, uint8_t id[ID_LEN])
{
	static const char name[] = "bitvisor ipv6";
	uint8_t hash[SHA256_BYTES], tries = (uint8_t)ip6.slot[i].tries;
	struct sha256 s;

	sha256_start(&s);
	sha256_add(&s, name, sizeof(name));
	sha256_add(&s, bytes_of(i), NET_IP_LEN - ID_LEN);
	sha256_add(&s, ip6.netif->hwaddr, NET_MAC_LEN);
	sha256_add(&s, &tries, sizeof(tries));
	sha256_end(&s, hash);
	memcpy(id, hash, ID_LEN);
}

/* Give slot i, whose prefix stays, an address of our own making, to be looked
 * for by all others first. */
static void make_address(s8_t i)
{
	ip6_addr_t address = *netif_ip6_addr(ip6.netif, i);

	make_id(i, (uint8_t *)address.addr + NET_IP_LEN - ID_LEN);
	netif_ip6_addr_set_state(ip6.netif, i, IP6_ADDR_INVALID);
	netif_ip6_addr_set(ip6.netif, i, &address);
	netif_ip6_addr_set_state(ip6.netif, i, IP6_ADDR_TENTATIVE);
}

/* Made by lwIP of a prefix that was advertised: with the link-local address's
 * identifier, so that it is in the same group, and to leave that tells nobody
 * anything. */
static bool is_of_lwip(s8_t i)
{
	uint8_t id[ID_LEN];

	if (!i || !ip6_addr_istentative(state_of(i)) ||
	    netif_ip6_addr_isstatic(ip6.netif, i))
		return false;
	make_id(i, id);
	return memcmp(bytes_of(i) + NET_IP_LEN - ID_LEN, id, ID_LEN) != 0;
}

/* Another station has it.  False: no more is to be tried. */
static bool next_try(s8_t i)
{
	unsigned most = i && netif_ip6_addr_isstatic(ip6.netif, i) ? 0 :
		RETRIES;

	if (ip6.slot[i].tries > most)
		return false;
	log_address(VMM_LOG_WARNING, "in use by another station",
		    bytes_of(i));
	return ip6.slot[i].tries++ < most;
}

void stack_ip6_settle(void)
{
	bool others = false;	/* made duplicates with the first only */

	for (s8_t i = 0; ip6.netif && i < LWIP_IPV6_NUM_ADDRESSES; i++) {
		if (ip6_addr_isinvalid(state_of(i))) {
			ip6.slot[i].tries = 0;
		} else if (ip6_addr_isduplicated(state_of(i))) {
			if (others || next_try(i)) {
				make_address(i);
				others |= !i;
			}
		} else if (is_of_lwip(i)) {
			make_address(i);
		}
	}
}

void stack_ip6_interface(struct netif *netif)
{
	netif->output_ip6 = ethip6_output;
	/* Switches may want to be told who is in the groups of solicited nodes.
	 * Only these are: no report or leave is about a group of the guest's. */
	netif->flags |= NETIF_FLAG_MLD6;
}

void stack_ip6_start(struct netif *netif, struct net *net,
		     const uint8_t configured[NET_IP_LEN])
{
	static const uint8_t none[NET_IP_LEN];
	ip6_addr_t address;

	ip6.netif = netif;
	ip6.net = net;
	ip6_addr_set_zero(&address);
	address.addr[0] = PP_HTONL(0xfe800000);
	netif_ip6_addr_set(netif, 0, &address);
	make_address(0);
	netif_set_ip6_autoconfig_enabled(netif, 1);
	if (memcmp(configured, none, NET_IP_LEN) == 0)
		return;
	memcpy(address.addr, configured, NET_IP_LEN);
	if (netif_add_ip6_address(netif, &address, NULL) != ERR_OK)
		vmm_log_err("ip.ip6addr: lwIP has no room for it\n");
}

/* --- timers --- */

bool stack_ip6_on(void)
{
	return ip6.netif;
}

static uint32_t less(uint32_t left, uint64_t periods)
{
	return left > periods ? (uint32_t)(left - periods) : left != 0;
}

static void age_neighbours(uint64_t periods)
{
	for (unsigned i = 0; i < LWIP_ND6_NUM_NEIGHBORS; i++) {
		struct nd6_neighbor_cache_entry *n = &neighbor_cache[i];

		if (n->state == ND6_REACHABLE)
			n->counter.reachable_time = less(
				n->counter.reachable_time,
				periods * ND6_TMR_INTERVAL);
		else if (n->state == ND6_STALE)
			n->counter.stale_time += (uint32_t)periods;
		else if (n->state == ND6_DELAY)
			n->counter.delay_time = less(n->counter.delay_time,
						     periods);
	}
}

static void age_address(s8_t i, uint64_t periods)
{
	uint32_t valid = netif_ip6_addr_valid_life(ip6.netif, i);
	uint32_t preferred = netif_ip6_addr_pref_life(ip6.netif, i);

	if (!ip6_addr_life_isinfinite(valid))
		netif_ip6_addr_set_valid_life(ip6.netif, i,
					      less(valid, periods));
	if (!ip6_addr_life_isinfinite(preferred))
		netif_ip6_addr_set_pref_life(ip6.netif, i,
					     less(preferred, periods));
}

void stack_ip6_age(uint64_t periods)
{
	age_neighbours(periods);
	for (unsigned i = 0; i < LWIP_ND6_NUM_DESTINATIONS; i++)
		destination_cache[i].age += (uint32_t)periods;
	for (unsigned i = 0; i < LWIP_ND6_NUM_ROUTERS; i++)
		default_router_list[i].invalidation_timer = less(
			default_router_list[i].invalidation_timer, periods);
	for (unsigned i = 0; i < LWIP_ND6_NUM_PREFIXES; i++)
		prefix_list[i].invalidation_timer = less(
			prefix_list[i].invalidation_timer, periods);
	for (s8_t i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++)
		age_address(i, periods);
}

static bool asks_routers(void)
{
	return ip6.netif->rs_count && !ip6_addr_isinvalid(state_of(0)) &&
		!ip6_addr_isduplicated(state_of(0));
}

/* Whether a neighbour is still there is asked for when there is other work. */
bool stack_ip6_waits(void)
{
	if (!ip6.netif || !netif_is_up(ip6.netif) ||
	    !netif_is_link_up(ip6.netif))
		return false;
	for (unsigned i = 0; i < LWIP_ND6_NUM_NEIGHBORS; i++)
		if (neighbor_cache[i].state == ND6_INCOMPLETE &&
		    neighbor_cache[i].counter.probes_sent <= ASKS)
			return true;
	for (s8_t i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++)
		if (ip6_addr_istentative(state_of(i)))
			return true;
	return asks_routers();
}

uint64_t stack_ip6_reports(void)
{
	uint64_t most = 0;

	if (!ip6.netif)
		return 0;
	for (const struct mld_group *g = netif_mld6_data(ip6.netif); g;
	     g = g->next)
		if (g->timer > most)
			most = g->timer;
	return most;
}
