/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The VMM's own IP stack (lwIP) on a switch: IPv4 with ARP, ICMP echo, UDP,
 * TCP and DHCP, and if wanted IPv6 with neighbour discovery, stateless
 * autoconfiguration, MLD, ICMP echo and TCP.  There is one.  Its services use
 * lwIP's raw API between calls of net_poll() or from lwIP's callbacks.
 *
 * Context: as for bvnet/net.h.
 */
#ifndef BVNET_STACK_H
#define BVNET_STACK_H

#include <bvnet/iptext.h>
#include <bvnet/net.h>
#include <bvnet/random.h>
#include <vmm/compiler.h>

VMM_BEGIN_DECLS

struct net_stack_setup {
	uint8_t ip[4], netmask[4], gateway[4];	/* zeros: none */
	bool dhcp;		/* ask for an address; ip until there is one */
	bool use_ipv6;		/* have addresses of it, too */
	uint8_t ip6[NET_IP_LEN];	/* one of them; zeros: none is given */
	size_t heap_size;	/* bytes for data in flight, 0: the default */
	struct net_random *random;	/* seeded, must live on */
};

#define NET_STACK_HEAP_DEFAULT	(2u << 20)
#define NET_STACK_HEAP_MIN	(256u << 10)

/*
 * Start it on a switch whose mode has a stack (net_mode_has_stack).  Memory
 * comes from pool.  now: as for net_poll().  The first net_poll() after that
 * brings its interface up.  Address changes are logged:
 * "IP address changed: 0.0.0.0 -> 192.168.0.7", "IPv6 address added: fe80::7",
 * "IPv6 address removed: ...", "IPv6 address in use by another station: ...".
 * -EBUSY: it runs already, on another NIC; -EINVAL; -ENOMEM; -EOPNOTSUPP: this
 * image was built without lwIP.
 */
int net_stack_start(struct net *net, const struct net_stack_setup *setup,
		    struct vmm_pagepool *pool, uint64_t now) VMM_MUST_CHECK;

struct net_stack_ip6 {
	uint8_t ip[NET_IP_LEN];
	enum {
		NET_STACK_IP6_TENTATIVE,	/* is it in use? */
		NET_STACK_IP6_PREFERRED,
		NET_STACK_IP6_DEPRECATED,	/* its router takes it back */
		NET_STACK_IP6_DUPLICATE,	/* another station has it */
	} state;
};

struct net_stack_info {
	uint8_t ip[4], netmask[4], gateway[4];
	bool running, dhcp;
	size_t heap_size, heap_used, heap_most;
	uint64_t heap_failures;		/* requests that found no memory */
	uint64_t bad_headers;		/* frames dropped, see below */
	unsigned ip6_count;
	struct net_stack_ip6 ip6[NET_IP6_MAX];
};
void net_stack_get_info(struct net_stack_info *info);

/*
 * May this frame be given to lwIP?  False if what follows does not fit where it
 * is, or into the frame: TCP's options into its header, that into its fragment;
 * IPv6's extension headers with their options, and those of neighbour
 * discovery.  False also for what lwIP would believe although it should not:
 * redirects, and path MTUs below the minimum of IPv6 (RFC 8201, 4).  All else
 * is true.  Pure.
 */
bool net_headers_ok(const uint8_t *frame, size_t len);

VMM_END_DECLS

#endif
