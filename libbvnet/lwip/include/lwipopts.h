/* SPDX-License-Identifier: BSD-3-Clause */
/* Options of lwIP 2.1.3 and 2.2.x; what is not here has lwIP's default.
 * Their meaning is explained in lwip/opt.h. */
#ifndef LWIPOPTS_H
#define LWIPOPTS_H

/* No threads: everything happens in net_poll(), under the net lock. */
#define NO_SYS				1
#define SYS_LIGHTWEIGHT_PROT		0
#define LWIP_NETCONN			0
#define LWIP_SOCKET			0

/* The timers are called by stack_timers.c. */
#define LWIP_TIMERS_CUSTOM		1

/* Protocols */
#define LWIP_IPV4			1
#define LWIP_IPV6			1	/* ip.use_ipv6: stack_ip6.c */
#define LWIP_ARP			1
#define LWIP_ICMP			1
#define LWIP_IGMP			0
#define LWIP_RAW			0
#define LWIP_UDP			1
#define LWIP_TCP			1
#define LWIP_DNS			0
#define LWIP_AUTOIP			0
#define LWIP_DHCP			1
#define LWIP_DHCP_BOOTP_FILE		0
/* Ask the network whether the address offered is in use. */
#define LWIP_ACD			1	/* 2.2.x */
#define LWIP_DHCP_DOES_ACD_CHECK	1	/* 2.2.x */
#define DHCP_DOES_ARP_CHECK		1	/* 2.1.3 */

/* IPv6: nothing here needs fragments, so they are neither made nor put together
 * (and neighbour discovery must not have any, RFC 6980).  Addresses: that of
 * the link, the one configured, two by router advertisements. */
#define LWIP_IPV6_FRAG			0
#define LWIP_IPV6_REASS			0
#define LWIP_IPV6_FORWARD		0
#define LWIP_IPV6_DHCP6			0
#define LWIP_IPV6_NUM_ADDRESSES		4
#define LWIP_IPV6_DUP_DETECT_ATTEMPTS	1
#define LWIP_ND6_NUM_NEIGHBORS		16
#define LWIP_ND6_NUM_DESTINATIONS	16
#define MEMP_NUM_MLD6_GROUP		8
#define MEMP_NUM_ND6_QUEUE		8

/* Memory: structures of fixed number, so that no flood of connections grows
 * without limit, and data from the heap. */
#define MEM_ALIGNMENT			16
#if __has_include(<lwip/acd.h>)		/* 2.2.x */
#define MEM_CUSTOM_ALLOCATOR		1
#define MEM_CUSTOM_MALLOC		bvnet_lwip_malloc
#define MEM_CUSTOM_CALLOC		bvnet_lwip_calloc
#define MEM_CUSTOM_FREE			bvnet_lwip_free
#else					/* 2.1.3: see arch/cc.h */
#define MEM_LIBC_MALLOC			1
#endif
#define MEMP_MEM_MALLOC			0
#define MEMP_NUM_TCP_PCB		64
#define MEMP_NUM_TCP_PCB_LISTEN		8
#define MEMP_NUM_UDP_PCB		8
#define MEMP_NUM_TCP_SEG		1024
#define MEMP_NUM_PBUF			128
#define MEMP_NUM_REASSDATA		8
#define MEMP_NUM_ARP_QUEUE		32
#define PBUF_POOL_SIZE			16
#define IP_REASS_MAX_PBUFS		24
#define ARP_TABLE_SIZE			32

/* TCP.  Retransmissions are rare on the wire that is meant, memory is not. */
#define TCP_MSS				1460
#define TCP_WND				(16 * TCP_MSS)
#define TCP_SND_BUF			65535
#define TCP_SND_QUEUELEN		(16 * (TCP_SND_BUF / TCP_MSS))
#define TCP_LISTEN_BACKLOG		1
#define LWIP_TCP_KEEPALIVE		1

/* The guest sees the same broadcasts, and answers some of them itself. */
#define LWIP_BROADCAST_PING		0
#define LWIP_MULTICAST_PING		0

#define LWIP_SINGLE_NETIF		1
#define LWIP_NETIF_STATUS_CALLBACK	1
#define LWIP_STATS			0

/* Initial sequence numbers that cannot be guessed, and a DHCP client that is
 * told apart from the guest's on the same NIC. */
#define LWIP_HOOK_FILENAME		"lwiphooks.h"
#define LWIP_HOOK_TCP_ISN		bvnet_lwip_tcp_isn
#define LWIP_HOOK_DHCP_APPEND_OPTIONS(netif, dhcp, state, msg, type, len) \
	bvnet_lwip_dhcp_options((netif), (msg), (len))

#endif
