/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the switch share. */
#ifndef NET_PRIV_H
#define NET_PRIV_H

#include <bvnet/net.h>

/* The earlier of two deadlines. */
static inline uint64_t net_least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Microseconds until a deadline; UINT64_MAX (NIC_NEVER): there is none. */
static inline uint64_t net_until(uint64_t deadline, uint64_t now)
{
	if (deadline == UINT64_MAX)
		return deadline;
	return deadline > now ? deadline - now : 0;
}

/* --- classify.c --- */

#define NET_TAG_LEN 4u

/* Bytes of a tag that has a priority only, before the type: 4 or 0. */
unsigned net_tag_len(const uint8_t *head, uint32_t len);
/* IPv4 or ARP, or IPv6 if the VMM has it, in no VLAN. */
bool net_is_for_stack(const uint8_t *head, uint32_t len,
		      const struct net_address *own);
/* Of frames that the mode gives the IP stack: does it do anything with this
 * one?  Not with IPv4 that is sent to one station and to another address than
 * its own, if it has one; nor with IPv6 to others, or to a group that it is not
 * in.  len is at least an Ethernet header's. */
bool net_is_wanted(const uint8_t *head, uint32_t len,
		   const struct net_address *own);
/* The MAC addresses of the groups that own needs; returns their number. */
#define NET_GROUPS (NET_IP6_MAX + 1)
unsigned net_groups(const struct net_address *own, uint8_t mac[NET_GROUPS][6]);

/* --- queue.c: frames for the VMM, copied, until the next poll --- */

struct net_queue {
	uint8_t *data;
	uint32_t size;
	uint32_t head, tail;	/* offsets: next to read, next to write */
	uint32_t frames;
};

/* Copy a frame in, without the tag of a priority, and finish its checksum.
 * -ENOSPC; -EINVAL: offsets or lengths do not fit. */
int net_queue_push(struct net_queue *q, const struct nic_tx *frame,
		   uint32_t len) VMM_MUST_CHECK;
/* The oldest frame, NULL if there is none.  Valid until net_queue_pop(). */
const uint8_t *net_queue_first(const struct net_queue *q, uint32_t *len);
void net_queue_pop(struct net_queue *q);

/* Copy the first bytes of a packet, at most size; returns their number. */
uint32_t net_gather(const struct nic_tx *packet, uint8_t *out, uint32_t size);

#endif
