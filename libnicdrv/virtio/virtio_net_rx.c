/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reception (OASIS virtio 1.1, 5.1.6.3, 5.1.6.4).
 *
 * Heads are taken from the ring and held.  Those whose buffer has room for a
 * whole frame in one piece are posted: the NIC writes there itself, and the
 * header goes in front.  A few stay held for frames that come from elsewhere,
 * which are copied; they may go over several heads (MRG_RXBUF).
 */
#include <string.h>
#include <vmm/error.h>
#include "virtio_net_priv.h"

#define FILTER_HEAD	18u	/* bytes that the filter looks at */
/* Heads kept for copied frames: a quarter.  A burst comes that way when the
 * guest has just begun: the network's own buffers are the first in its ring. */
#define RESERVE(n)	((n) / 4)

void vnet_rx_reset(struct virtio_net *vn)
{
	memset(vn->slot, 0, sizeof(vn->slot));
	memset(vn->merge, 0, sizeof(vn->merge));
	vn->merges = 0;
	vn->posted = vn->held_first = vn->held_count = 0;
}

/* --- the queue of held heads --- */

void vnet_rx_hold(struct virtio_net *vn, uint16_t head)
{
	vn->slot[head].state = SLOT_HELD;
	vn->held[(vn->held_first + vn->held_count++) % VRING_MAX] = head;
}

static uint16_t held_at(const struct virtio_net *vn, unsigned i)
{
	return vn->held[(vn->held_first + i) % VRING_MAX];
}

static void unhold(struct virtio_net *vn, unsigned n)
{
	vn->held_first = (vn->held_first + n) % VRING_MAX;
	vn->held_count -= n;
}

/* Hold all that is available.  0, or -EPROTO. */
static int take_all(struct virtio_net *vn)
{
	uint16_t head;
	int rc;

	while ((rc = vring_pop(&vn->queue[Q_RX], &head)) > 0)
		vnet_rx_hold(vn, head);
	return rc;
}

/* --- posting --- */

/* Where header and frame go if they need not be cut: right behind each other,
 * or in two fragments (2.6.4.3: any layout).  False: not in this chain. */
static bool find_room(struct virtio_net *vn, struct rx_slot *s)
{
	const struct vring_chain *c = &vn->chain;
	struct nic_frag f = c->frag[0];
	const struct vring_memory *m = &vn->queue[Q_RX].memory;

	if (f.len < HDR_LEN)
		return false;
	s->header = c->first;
	if (f.len == HDR_LEN) {
		if (c->in < 2)
			return false;
		f = c->frag[1];
		s->frame = m->mem(m->ctx, f.pa, f.len);
	} else {
		f.pa += HDR_LEN;
		f.len -= HDR_LEN;
		s->frame = (const uint8_t *)c->first + HDR_LEN;
	}
	s->pa = f.pa;
	s->len = f.len;
	return s->frame && f.len >= VIRTIO_NET_FRAME_MAX;
}

/* Read the chain of a head of the receive queue. */
static int walk(struct virtio_net *vn, uint16_t head)
{
	struct vring *r = &vn->queue[Q_RX];
	int rc = vring_walk(r, head, &vn->chain);

	if (!rc && (vn->chain.out || vn->chain.in_len < HDR_LEN)) {
		r->wrong = vn->chain.out ? "buffer to read" :
			"no room for the header";
		rc = VMM_ERROR(EPROTO);
	}
	return rc;
}

/* Know where header and frame go.  A head that comes back from the NIC without
 * a frame for the guest is the device's all the time, so once is enough. */
static int prepare(struct virtio_net *vn, uint16_t head)
{
	struct rx_slot *s = &vn->slot[head];
	int rc;

	if (s->ready)
		return 0;
	rc = walk(vn, head);
	if (!rc)
		s->ready = find_room(vn, s);
	return rc;
}

/* Post the first held head.  1: done; 0: not now; or -EPROTO. */
static int post(struct virtio_net *vn)
{
	uint16_t head = held_at(vn, 0);
	struct rx_slot *s = &vn->slot[head];
	int rc = prepare(vn, head);

	if (rc < 0)
		return rc;
	/* It comes at the front of the queue for copying, and stays there. */
	if (!s->ready ||
	    vn->setup.ops->rx_post(vn->setup.ctx, s->pa, s->len, s) < 0)
		return 0;
	s->state = SLOT_POSTED;
	vn->posted++;
	unhold(vn, 1);
	return 1;
}

static int refill(struct virtio_net *vn)
{
	int rc = take_all(vn);

	while (!rc && vn->held_count >
	       RESERVE(vn->posted + vn->held_count)) {
		rc = post(vn);
		if (!rc)
			break;
		rc = rc < 0 ? rc : 0;
	}
	return rc;
}

void vnet_rx_run(struct virtio_net *vn)
{
	struct vring *r = &vn->queue[Q_RX];
	bool more;
	int rc;

	/* Buffers are looked for whenever frames come; notifications are
	 * needed only while there are so few that none may come.  A ring's
	 * worth can be added while this runs, not more: no frame is given. */
	do {
		rc = refill(vn);
		more = !rc && vring_notify_me(r, vn->posted + vn->held_count <
					      r->num / 4u);
	} while (more);
	if (rc < 0)
		vnet_fail(vn, Q_RX);
}

/* --- frames --- */

void vnet_rx_give(struct virtio_net *vn, uint16_t head, uint32_t len)
{
	vn->slot[head].state = SLOT_FREE;
	vn->slot[head].ready = false;
	vring_push(&vn->queue[Q_RX], head, len);
}

static struct net_hdr header(const struct virtio_net *vn, uint32_t rx_flags)
{
	return (struct net_hdr){
		.flags = (rx_flags & NIC_RX_CSUM_OK) &&
			(vn->offloads & F_GUEST_CSUM) ? HDR_DATA_VALID : 0,
		.num_buffers = 1,
	};
}

/* The frame in the slot goes to the guest as it is. */
static void give_frame(struct virtio_net *vn, struct rx_slot *s,
		       const struct nic_rx *rx)
{
	struct net_hdr h = header(vn, rx->flags);

	memcpy(s->header, &h, HDR_LEN);
	vnet_rx_give(vn, (uint16_t)(s - vn->slot), HDR_LEN + rx->len);
}

/* The cookie is the slot. */
void virtio_net_rx(struct virtio_net *vn, const struct nic_rx *rx)
{
	struct rx_slot *s = rx->cookie;
	uint16_t head = (uint16_t)(s - vn->slot);
	uint64_t first[SEGMENT_FIRST];

	if (s->state != SLOT_POSTED)
		return;
	vn->posted--;
	if (!vn->live || (rx->flags & NIC_RX_CANCELLED)) {
		vnet_rx_hold(vn, head);
		return;
	}
	/* Once: the guest may write there.  The room is for any frame. */
	memcpy(first, s->frame, sizeof(first));
	if (rx->len < FILTER_HEAD || rx->len > s->len ||
	    !vnet_filter_wants(vn, (const uint8_t *)first)) {
		vn->stats.rx_filtered++;
		vnet_rx_hold(vn, head);
		return;
	}
	vn->stats.rx_frames++;
	vn->stats.rx_bytes += rx->len;
	if (!vn->merging || !vnet_merge(vn, s, first, rx->len, rx->flags))
		give_frame(vn, s, rx);
}

/* --- copied frames --- */

/* How many held heads have room for need bytes; 0: there is not enough.
 * -EPROTO. */
static int heads_for(struct virtio_net *vn, uint64_t need)
{
	unsigned most = vnet_has(vn, F_MRG_RXBUF) ? MERGE_MAX : 1;
	unsigned i;
	int rc;

	for (i = 0; i < most && i < vn->held_count; i++) {
		rc = walk(vn, held_at(vn, i));
		if (rc < 0)
			return rc;
		if (vn->chain.in_len >= need)
			return (int)i + 1;
		need -= vn->chain.in_len;
	}
	return 0;
}

/* Copy header and frame into the first count held heads. */
static int copy_out(struct virtio_net *vn, const struct net_hdr *h,
		    const uint8_t *frame, size_t len, unsigned count)
{
	const struct vring_memory *m = &vn->queue[Q_RX].memory;
	struct vring_chain *c = &vn->chain;
	size_t offset = HDR_LEN, n;
	unsigned i;
	int rc;

	for (i = 0; i < count; i++) {
		uint16_t head = held_at(vn, 0);

		rc = walk(vn, head);	/* it may have changed */
		if (rc < 0)
			return rc;
		if (!i)
			vnet_scatter(m, c->frag, c->in, 0, h, HDR_LEN);
		n = vnet_scatter(m, c->frag, c->in, offset, frame, len);
		unhold(vn, 1);
		vnet_rx_give(vn, head, (uint32_t)(offset + n));
		frame += n;
		len -= n;
		offset = 0;
	}
	return 0;
}

/* Into as many held heads as it takes.  0, -ENOSPC, -EPROTO. */
static int deliver(struct virtio_net *vn, struct net_hdr *h,
		   const uint8_t *frame, size_t len)
{
	int rc = take_all(vn);

	vnet_merge_close(vn);	/* it does not overtake what came before */
	if (!rc)
		rc = heads_for(vn, HDR_LEN + len);
	if (!rc) {
		vn->stats.rx_lost++;
		return -ENOSPC;
	}
	if (rc < 0)
		return rc;
	h->num_buffers = (uint16_t)rc;
	return copy_out(vn, h, frame, len, (unsigned)rc);
}

int virtio_net_deliver(struct virtio_net *vn, const void *frame, uint32_t len,
		       uint32_t flags)
{
	struct net_hdr h = header(vn, flags);
	int rc;

	if (len > VIRTIO_NET_FRAME_MAX || len < FILTER_HEAD)
		return VMM_ERROR(EINVAL);
	if (!vn->live || !vn->queue[Q_RX].running)
		return -ENOSPC;
	if (!vnet_filter_wants(vn, frame)) {
		vn->stats.rx_filtered++;
		return -EBADMSG;
	}
	rc = deliver(vn, &h, frame, len);
	if (rc == -EPROTO) {
		vnet_fail(vn, Q_RX);
		return -ENOSPC;
	}
	if (rc < 0)
		return rc;
	vn->stats.rx_frames++;
	vn->stats.rx_copied++;
	vn->stats.rx_bytes += len;
	return 0;
}
