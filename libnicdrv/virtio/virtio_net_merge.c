/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Received TCP segments become larger packets (OASIS virtio 1.1, 5.1.6.4: a
 * packet with GSO over several buffers), for a guest that likes it: it then
 * looks at one header for 64 KiB.
 *
 * A packet begins with a frame where the NIC has put it.  The payload of the
 * next one is copied behind it: most of the frames' own buffers are free again
 * at once, and the guest gets its buffers filled to the brim.  What lies in the
 * guest's memory may change: positions and lengths are kept here.
 */
#include <string.h>
#include "virtio_net_priv.h"

#define IP_MAX		65535u
#define ETHERNET_HEADER	14u
#define TCP_CHECKSUM	16u	/* RFC 793, 3.1: where it is */
#define IPV6_TCP	54u	/* behind an IPv6 header */
/* All buffers but the last are full, and the NIC takes none that is smaller
 * than a frame. */
VMM_STATIC_ASSERT(MERGE_MAX * (HDR_LEN + VIRTIO_NET_FRAME_MAX) >=
		  HDR_LEN + ETHERNET_HEADER + IP_MAX,
		  "the longest packet has enough buffers");

void vnet_merge_update(struct virtio_net *vn)
{
	vnet_merge_close(vn);
	vn->merging = vnet_has(vn, F_MRG_RXBUF) &&
		(vn->offloads & F_GUEST_CSUM) &&
		(vn->offloads & (F_GUEST_TSO4 | F_GUEST_TSO6));
}

static uint32_t whole_len(const struct rx_slot *s)
{
	return HDR_LEN + s->len;
}

/* --- closing --- */

/* 5.1.6.4.1: with a gso_type the checksum is the driver's to finish. */
static struct net_hdr header(const struct merge *m)
{
	struct net_hdr h = { .num_buffers = (uint16_t)m->buffers };
	const struct segment *g = &m->first;

	if (m->segments == 1) {
		h.flags = HDR_DATA_VALID;
		return h;
	}
	h.flags = HDR_NEEDS_CSUM;
	h.gso_type = g->tcp == IPV6_TCP ? HDR_GSO_TCPV6 : HDR_GSO_TCPV4;
	h.hdr_len = g->hdr_len;
	h.gso_size = g->payload;
	h.csum_start = g->tcp;
	h.csum_offset = TCP_CHECKSUM;
	return h;
}

static void close_one(struct virtio_net *vn, struct merge *m)
{
	uint8_t *first = vn->slot[m->head[0]].header;
	struct net_hdr h = header(m);
	unsigned i, last = m->buffers - 1;

	if (m->segments > 1) {
		vnet_segment_finish(&m->first, first + HDR_LEN, m->ip_len,
				    m->psh);
		vn->stats.rx_merged += m->segments;
		vn->stats.rx_packets++;
	}
	memcpy(first, &h, HDR_LEN);
	for (i = 0; i < last; i++)
		vnet_rx_give(vn, m->head[i],
			     whole_len(&vn->slot[m->head[i]]));
	vnet_rx_give(vn, m->head[last],
		     whole_len(&vn->slot[m->head[last]]) - m->room);
	m->buffers = 0;
	vn->merges--;
}

void vnet_merge_close(struct virtio_net *vn)
{
	unsigned i;

	for (i = 0; vn->merges && i < MERGE_FLOWS; i++)
		if (vn->merge[i].buffers)
			close_one(vn, &vn->merge[i]);
}

void vnet_merge_drop(struct virtio_net *vn)
{
	unsigned i, j;

	for (i = 0; i < MERGE_FLOWS; i++) {
		struct merge *m = &vn->merge[i];

		for (j = 0; j < m->buffers; j++)
			vnet_rx_hold(vn, m->head[j]);
		m->buffers = 0;
	}
	vn->merges = 0;
}

/* A frame that is not added goes behind those of its flow that were; of any
 * flow if it is not known which. */
static void close_flow(struct virtio_net *vn, const struct segment *g)
{
	unsigned i;

	for (i = 0; i < MERGE_FLOWS; i++) {
		struct merge *m = &vn->merge[i];

		if (m->buffers &&
		    (!g || vnet_segment_same_flow(&m->first, g)))
			close_one(vn, m);
	}
}

/* --- opening --- */

static struct merge *unused(struct virtio_net *vn)
{
	struct merge *m = &vn->merge[0];

	while (m < &vn->merge[MERGE_FLOWS] && m->buffers)
		m++;
	if (m < &vn->merge[MERGE_FLOWS])
		return m;
	m = &vn->merge[vn->next_merge++ % MERGE_FLOWS];
	close_one(vn, m);
	return m;
}

/* A packet that begins with the frame in the slot. */
static void open_one(struct virtio_net *vn, struct rx_slot *s,
		     const struct segment *g)
{
	struct merge *m = unused(vn);
	uint32_t used = HDR_LEN + ETHERNET_HEADER + g->ip_len;

	m->first = *g;
	m->buffers = m->segments = 1;
	m->end = (uint8_t *)s->header + used;
	m->room = whole_len(s) - used;
	m->ip_len = g->ip_len;
	m->next_seq = g->seq + g->payload;
	m->psh = false;
	m->head[0] = (uint16_t)(s - vn->slot);
	s->state = SLOT_MERGED;
	vn->merges++;
}

/* --- adding --- */

/* RFC 6864, 4: the identification of what must not be fragmented means
 * nothing; senders count it, or leave it alone. */
static bool id_follows(const struct merge *m, const struct segment *g)
{
	bool whole = g->head.byte[20] & 0x40;	/* DF */

	return g->tcp == IPV6_TCP ||
		g->id == (uint16_t)(m->first.id + m->segments) ||
		(whole && g->id == m->first.id);
}

/* The packet that the segment continues, or NULL. */
static struct merge *continued(struct virtio_net *vn, const struct segment *g)
{
	struct merge *m;

	for (m = &vn->merge[0]; m < &vn->merge[MERGE_FLOWS]; m++)
		if (m->buffers && m->next_seq == g->seq &&
		    vnet_segment_like(&m->first, g) && id_follows(m, g) &&
		    g->payload <= m->first.payload &&
		    m->ip_len + g->payload <= IP_MAX)
			return m;
	return NULL;
}

/* What has room goes behind the data; the rest to the begin of the frame's own
 * buffer, which is the packet's next one then. */
static void add_payload(struct virtio_net *vn, struct merge *m,
			struct rx_slot *s, const struct segment *g)
{
	const uint8_t *payload = s->frame + g->hdr_len;
	uint32_t n = g->payload < m->room ? g->payload : m->room;
	uint32_t rest = g->payload - n;
	uint16_t head = (uint16_t)(s - vn->slot);

	memmove(m->end, payload, n);
	m->end += n;
	m->room -= n;
	if (!rest) {
		vnet_rx_hold(vn, head);
		return;
	}
	memmove(s->header, payload + n, rest);
	m->end = (uint8_t *)s->header + rest;
	m->room = whole_len(s) - rest;
	m->head[m->buffers++] = head;
	s->state = SLOT_MERGED;
}

static void add(struct virtio_net *vn, struct merge *m, struct rx_slot *s,
		const struct segment *g)
{
	add_payload(vn, m, s, g);
	m->segments++;
	m->ip_len += g->payload;
	m->next_seq += g->payload;
	m->psh = g->psh;
	/* A short one is the last, or the guest could not cut the packet up
	 * again; behind PSH there is a pause. */
	if (g->psh || g->payload < m->first.payload)
		close_one(vn, m);
}

/* May such a segment be merged at all? */
static bool allowed(const struct virtio_net *vn, const struct rx_slot *s,
		    const struct segment *g, uint32_t flags)
{
	uint64_t offload = g->tcp == IPV6_TCP ? F_GUEST_TSO6 : F_GUEST_TSO4;

	return (flags & NIC_RX_CSUM_OK) && (vn->offloads & offload) &&
		s->frame == (const uint8_t *)s->header + HDR_LEN;
}

bool vnet_merge(struct virtio_net *vn, struct rx_slot *s,
		const uint64_t first[SEGMENT_FIRST], uint32_t len,
		uint32_t flags)
{
	enum segment_kind kind;
	struct merge *m;
	struct segment g;

	memcpy(g.head.word, first, 8 * SEGMENT_FIRST);
	kind = vnet_segment_parse(&g, s->frame, len);
	if (kind == SEGMENT_DATA && !allowed(vn, s, &g, flags))
		kind = SEGMENT_TCP;
	if (vn->merges && kind == SEGMENT_DATA) {
		m = continued(vn, &g);
		if (m) {
			add(vn, m, s, &g);
			return true;
		}
	}
	if (vn->merges)
		close_flow(vn, kind == SEGMENT_NONE ? NULL : &g);
	if (kind != SEGMENT_DATA || g.psh)
		return false;
	open_one(vn, s, &g);
	return true;
}
