/* SPDX-License-Identifier: BSD-3-Clause */
/* Transmission (OASIS virtio 1.1, 5.1.6.2): the guest's buffers are passed on
 * as they are, but for the header in front. */
#include <string.h>
#include <vmm/error.h>
#include "virtio_net_priv.h"

#define ETHERNET_HEADER	14u
/* Chains for one call: the guest's other processors may go on adding. */
#define ROUND		(2 * VRING_MAX)

void vnet_tx_reset(struct virtio_net *vn)
{
	vn->tx_again = false;
	memset(vn->tx_slot, TX_FREE, sizeof(vn->tx_slot));
}

/* The cookie points at the state of the head. */
void virtio_net_tx_done(struct virtio_net *vn, void *cookie)
{
	uint8_t *state = cookie;

	if (*state != TX_SENDING)
		return;
	*state = vn->live ? TX_FREE : TX_LATE;
	if (vn->live)
		vring_push(&vn->queue[Q_TX], (uint16_t)(state - vn->tx_slot),
			   0);
}

/* Bus mastering is on again: what was sent meanwhile. */
void vnet_tx_resume(struct virtio_net *vn)
{
	unsigned head;

	for (head = 0; head < VRING_MAX; head++)
		if (vn->tx_slot[head] == TX_LATE) {
			vn->tx_slot[head] = TX_FREE;
			vring_push(&vn->queue[Q_TX], (uint16_t)head, 0);
		}
}

/* The fragments behind the header. */
static unsigned strip_header(struct virtio_net *vn)
{
	const struct vring_chain *c = &vn->chain;
	uint32_t skip = HDR_LEN;
	unsigned i, n = 0;

	for (i = 0; i < c->out; i++) {
		struct nic_frag f = c->frag[i];

		if (skip >= f.len) {
			skip -= f.len;
			continue;
		}
		if (n == VIRTIO_NET_TX_FRAGS)
			return 0;
		vn->tx_frag[n++] = (struct nic_frag){ f.pa + skip,
						      f.len - skip };
		skip = 0;
	}
	return n;
}

/* The length of the headers that TSO repeats.  The driver's hdr_len is but a
 * hint (5.1.6.2.2), so it is asked of the TCP header. */
static int tso_header(struct virtio_net *vn, struct nic_tx *tx, uint64_t len)
{
	struct vring *r = &vn->queue[Q_TX];
	uint64_t offset = (uint64_t)tx->csum_start + 12;
	uint8_t data_offset;

	if (vnet_gather(&r->memory, tx->frag, tx->frag_count, offset,
			&data_offset, 1) != 1)
		return -EINVAL;
	data_offset >>= 4;
	if (data_offset < 5 || tx->csum_start + 4u * data_offset > len)
		return -EINVAL;
	tx->hdr_len = (uint16_t)(tx->csum_start + 4u * data_offset);
	return 0;
}

/* What the header asks for. */
static int offload(struct virtio_net *vn, const struct net_hdr *h,
		   struct nic_tx *tx, uint64_t len)
{
	if (h->flags & HDR_NEEDS_CSUM) {
		if (!vnet_has(vn, F_CSUM) || h->csum_start < ETHERNET_HEADER ||
		    (uint64_t)h->csum_start + h->csum_offset + 2 > len)
			return -EINVAL;
		tx->flags |= NIC_TX_CSUM;
		tx->csum_start = h->csum_start;
		tx->csum_offset = h->csum_offset;
	}
	if (h->gso_type == HDR_GSO_NONE)
		return len <= VIRTIO_NET_FRAME_MAX ? 0 : -EINVAL;
	if (h->gso_type == HDR_GSO_TCPV4 && vnet_has(vn, F_HOST_TSO4))
		tx->flags |= NIC_TX_TSO4;
	else if (h->gso_type == HDR_GSO_TCPV6 && vnet_has(vn, F_HOST_TSO6))
		tx->flags |= NIC_TX_TSO6;
	else
		return -EINVAL;
	if (!(tx->flags & NIC_TX_CSUM) || !h->gso_size ||
	    len > VIRTIO_NET_TSO_MAX)
		return -EINVAL;
	tx->mss = h->gso_size;
	return tso_header(vn, tx, len);
}

/* Send the chain that vn->chain has.  As ops->tx. */
static int send(struct virtio_net *vn)
{
	const struct vring_chain *c = &vn->chain;
	struct nic_tx tx = { .frag = vn->tx_frag,
			     .cookie = &vn->tx_slot[c->head] };
	uint64_t len = c->out_len - HDR_LEN;
	struct net_hdr h;
	int rc;

	tx.frag_count = strip_header(vn);
	if (!tx.frag_count || len < ETHERNET_HEADER ||
	    vnet_gather(&vn->queue[Q_TX].memory, c->frag, c->out, 0, &h,
			HDR_LEN) != HDR_LEN)
		return -EINVAL;
	rc = offload(vn, &h, &tx, len);
	if (rc < 0)
		return rc;
	vn->tx_slot[c->head] = TX_SENDING;
	rc = vn->setup.ops->tx(vn->setup.ctx, &tx);
	if (rc)
		vn->tx_slot[c->head] = TX_FREE;
	if (rc >= 0) {
		vn->stats.tx_frames++;
		vn->stats.tx_bytes += len;
	}
	return rc;
}

/* Take one chain.  1: go on; 0: nothing is there, or no room; or it failed. */
static int take(struct virtio_net *vn)
{
	struct vring *r = &vn->queue[Q_TX];
	uint16_t head;
	int rc = vring_pop(r, &head);

	if (rc <= 0)
		return rc;
	rc = vring_walk(r, head, &vn->chain);
	if (rc < 0)
		return rc;
	if (vn->chain.in || vn->chain.out_len < HDR_LEN) {
		r->wrong = vn->chain.in ? "buffer to write" : "no header";
		return VMM_ERROR(EPROTO);
	}
	rc = send(vn);
	if (rc == -ENOSPC) {
		vring_unpop(r, head);
		vn->tx_again = true;
		return 0;
	}
	if (rc < 0)
		vn->stats.tx_refused++;
	if (rc)
		vring_push(r, head, 0);
	return 1;
}

void vnet_tx_run(struct virtio_net *vn)
{
	struct vring *r = &vn->queue[Q_TX];
	unsigned left = ROUND;
	int rc;

	vn->tx_again = false;
	vring_notify_me(r, false);
	do {
		while ((rc = take(vn)) > 0 && --left)
			;
	} while (!rc && !vn->tx_again && vring_notify_me(r, true));
	vn->setup.ops->tx_push(vn->setup.ctx);
	if (rc < 0) {
		vnet_fail(vn, Q_TX);
	} else if (rc > 0) {
		vn->tx_again = true;
		vn->setup.ops->wake(vn->setup.ctx);
	}
}
