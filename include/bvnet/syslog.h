/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The log over the network: each line of the log, from its first, as one UDP
 * datagram, as soon as the switch can send.  Needs no IP stack.  Lines that
 * cannot be sent yet wait in the log; what the log has had to forget by then
 * (64 KiB, 2048 lines) is told as "(N lines lost)".
 */
#ifndef BVNET_SYSLOG_H
#define BVNET_SYSLOG_H

#include <bvnet/net.h>
#include <vmm/compiler.h>
#include <vmm/log.h>

VMM_BEGIN_DECLS

enum net_syslog_format {
	/* 0.0.0.0:10 to 224.0.0.1:10101, one byte in each datagram */
	NET_SYSLOG_CHARACTERS,
	/* src:514 to dst:514, "bitvisor:" TEXT LF; only ASCII in TEXT */
	NET_SYSLOG_PLAIN,
	/* The same ports, RFC 5424: "<PRI>1 TIME src bitvisor - - [meta
	 * sysUpTime="HUNDREDTHS"] TEXT"; facility user, TIME "-" if unknown */
	NET_SYSLOG_RFC5424,
};

struct net_syslog_setup {
	enum net_syslog_format format;
	enum vmm_log_level level;	/* lines up to this one */
	uint8_t mac[NET_MAC_LEN];	/* receiver; zeros: ask by ARP */
	uint8_t src[4], dst[4];
	/* For ARP: who to ask if dst is not in src's network; zeros: ask dst */
	uint8_t netmask[4], gateway[4];
	/* Time of day at time 0 of the log, in microseconds since 1970 (UTC);
	 * 0: unknown. */
	uint64_t epoch;
	/* NULL, or called when there is a new line, on the CPU that logs, in
	 * its context and without the net lock: make net_poll() run soon. */
	void (*wake)(void *ctx);
	void *wake_ctx;
};

struct net_syslog_stats {
	uint64_t lines, frames;		/* sent */
	uint64_t waiting;		/* lines, also one sent in part; known
					 * if setup.wake is set */
	uint64_t lost;			/* lines that the log had forgotten */
	uint64_t dropped;		/* frames that the NIC would never send */
	bool waiting_arp;
};

struct net_syslog;

/* Begin to send the log on a switch; memory (a page) from pool.  Under the
 * net lock.  -ENOMEM. */
int net_syslog_start(struct net *net, const struct net_syslog_setup *setup,
		     struct vmm_pagepool *pool, struct net_syslog **syslog)
	VMM_MUST_CHECK;
/* Under the net lock; not from a callback. */
void net_syslog_stop(struct net_syslog *syslog);
void net_syslog_get_stats(const struct net_syslog *syslog,
			  struct net_syslog_stats *stats);

/* The text of a datagram for a line of the log, without LF; returns its
 * length, at most size.  Pure. */
size_t net_syslog_text(const struct net_syslog_setup *setup,
		       const struct vmm_log_line *line, char *buf, size_t size);

VMM_END_DECLS

#endif
