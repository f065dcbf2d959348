/* SPDX-License-Identifier: BSD-3-Clause */
/* Transmit ring. */
#include <string.h>
#include <vmm/error.h>
#include "pro1000/pro1000.h"

/* Bytes a descriptor is given: what all families take. */
#define PIECE 4096u
/* Bytes of headers copied: all of TSO's, or what tells a frame's kind. */
#define PEEK 128u

static unsigned next(unsigned i)
{
	return (i + 1) % PRO1000_TX_RING;
}

static unsigned used(const struct pro1000 *p)
{
	return (p->tx_next - p->tx_clean) % PRO1000_TX_RING;
}

static unsigned pieces(uint32_t len)
{
	return (len + PIECE - 1) / PIECE;
}

/* Copy up to max of the frame's first bytes; returns how many. */
static uint32_t copy_headers(const struct nic_tx *tx, uint8_t *to,
			     uint32_t max)
{
	uint32_t done = 0;

	for (unsigned i = 0; i < tx->frag_count && done < max; i++) {
		uint32_t n = tx->frag[i].len;

		if (n > max - done)
			n = max - done;
		memcpy(to + done, (const void *)(uintptr_t)tx->frag[i].pa, n);
		done += n;
	}
	return done;
}

static void put(struct pro1000 *p, uint64_t addr, uint32_t cmd, uint32_t opt)
{
	volatile struct pro1000_desc *d = &p->tx[p->tx_next];

	d->addr = addr;
	d->cmd = cmd;
	d->opt = opt;
	p->txslot[p->tx_next].last = false;
	p->tx_next = next(p->tx_next);
}

static void put_pieces(struct pro1000 *p, uint64_t pa, uint32_t len,
		       const struct pro1000_offload *o)
{
	while (len) {
		uint32_t n = len < PIECE ? len : PIECE;

		put(p, pa, o->cmd | TX_IFCS | n, o->opt);
		pa += n;
		len -= n;
	}
}

/* The frame's fragments, but for its first `skip` bytes. */
static void put_frame(struct pro1000 *p, const struct nic_tx *tx,
		      uint32_t skip, const struct pro1000_offload *o)
{
	for (unsigned i = 0; i < tx->frag_count; i++) {
		uint32_t len = tx->frag[i].len;
		uint32_t n = skip < len ? skip : len;

		put_pieces(p, tx->frag[i].pa + n, len - n, o);
		skip -= n;
	}
}

/* Sum of the lengths, 0 if the frame is beyond the limits; descriptors that
 * it takes at most. */
static uint32_t measure(const struct nic *nic, const struct nic_tx *tx,
			unsigned *count)
{
	bool tso = tx->flags & (NIC_TX_TSO4 | NIC_TX_TSO6);
	uint32_t max = tso ? nic->limits.tso_bytes : nic->limits.frame_bytes;
	uint32_t total = 0;

	*count = 2;	/* context, copied headers */
	if (!tx->frag_count || tx->frag_count > nic->limits.tx_frags)
		return 0;
	for (unsigned i = 0; i < tx->frag_count; i++) {
		if (!tx->frag[i].len || tx->frag[i].len > max - total)
			return 0;
		total += tx->frag[i].len;
		*count += pieces(tx->frag[i].len);
	}
	return total < 14 ? 0 : total;
}

static bool supported(const struct nic *nic, uint32_t flags)
{
	uint32_t caps = 0;

	if (flags & NIC_TX_CSUM)
		caps |= NIC_CAP_TX_CSUM;
	if (flags & NIC_TX_TSO4)
		caps |= NIC_CAP_TSO4;
	if (flags & NIC_TX_TSO6)
		caps |= NIC_CAP_TSO6;
	if (flags & NIC_TX_VLAN)
		caps |= NIC_CAP_TX_VLAN;
	return (nic->caps & caps) == caps;
}

/* Kind of descriptor of a frame without offload: legacy, or the advanced
 * one, which wants to know the length. */
static void plain(const struct pro1000 *p, uint32_t total,
		  struct pro1000_offload *o)
{
	bool advanced = pro1000_has(p, PRO1000_ADVANCED);

	o->cmd = advanced ? TX_DEXT | TX_DTYP_ADV_DATA : 0;
	o->opt = advanced ? total << 14 : 0;
}

static int queue(struct pro1000 *p, const struct nic_tx *tx, uint32_t total)
{
	uint8_t *hdr = p->hdr[p->tx_next];
	bool tso = tx->flags & (NIC_TX_TSO4 | NIC_TX_TSO6);
	struct pro1000_offload o;
	uint32_t skip = 0, len;

	if (tx->flags & NIC_TX_CSUM || tso) {
		if (tx->hdr_len > PRO1000_HDR_MAX)
			return -EINVAL;
		len = copy_headers(tx, hdr, tso ? tx->hdr_len : PEEK);
		if (pro1000_offload(p, tx, total, hdr, len, &o))
			return -EINVAL;
		put(p, o.context.addr, o.context.cmd, o.context.opt);
	} else {
		plain(p, total, &o);
	}
	if (tso) {
		skip = tx->hdr_len;
		put_pieces(p, (uintptr_t)hdr, skip, &o);
	}
	put_frame(p, tx, skip, &o);
	return 0;
}

/* The last descriptor: its end, and a report when it is sent. */
static void finish(struct pro1000 *p, const struct nic_tx *tx)
{
	unsigned last = (p->tx_next + PRO1000_TX_RING - 1) % PRO1000_TX_RING;

	p->tx[last].cmd |= TX_EOP | TX_RS;
	if (!pro1000_has(p, PRO1000_ADVANCED | PRO1000_OLD_RINGS))
		p->tx[last].cmd |= TX_IDE;
	p->txslot[last].last = true;
	p->txslot[last].cookie = tx->cookie;
}

int pro1000_tx(struct nic *nic, const struct nic_tx *tx)
{
	struct pro1000 *p = (struct pro1000 *)nic;
	unsigned count;
	uint32_t total;

	if (p->state != PRO1000_RUNNING || !nic->link.up)
		return -ENETDOWN;
	total = measure(nic, tx, &count);
	if (!total || !supported(nic, tx->flags)) {
		nic->stats.tx_refused++;
		return -EINVAL;
	}
	if (count >= PRO1000_TX_RING - used(p)) {
		nic->stats.tx_full++;
		return -ENOSPC;
	}
	if (queue(p, tx, total)) {
		nic->stats.tx_refused++;
		return -EINVAL;
	}
	finish(p, tx);
	nic->stats.tx_frames++;
	nic->stats.tx_bytes += total;
	return 0;
}

void pro1000_tx_push(struct pro1000 *p)
{
	if (p->tx_told == p->tx_next)
		return;
	if (p->tx_told == p->tx_clean)	/* the NIC was idle until now */
		p->tx_progress = p->now;
	p->tx_told = p->tx_next;
	pro1000_write(p, pro1000_tdbal(p) + RING_TAIL, p->tx_next);
}

static void tell(struct pro1000 *p, unsigned slot, int error)
{
	void *cookie = p->txslot[slot].cookie;

	p->txslot[slot].last = false;
	if (p->nic.sink && p->nic.sink->tx_done)
		p->nic.sink->tx_done(p->nic.sink_ctx, cookie, error);
}

/* The slot of the last descriptor of the first frame not yet reaped; of
 * those that the NIC was told about.  PRO1000_TX_RING: none. */
static unsigned first_last(const struct pro1000 *p)
{
	for (unsigned i = p->tx_clean; i != p->tx_told; i = next(i))
		if (p->txslot[i].last)
			return i;
	return PRO1000_TX_RING;
}

unsigned pro1000_tx_reap(struct pro1000 *p, unsigned budget)
{
	unsigned done = 0;

	while (done < budget) {
		unsigned i = first_last(p);

		if (i == PRO1000_TX_RING || !(p->tx[i].opt & TX_DD))
			break;
		p->tx_clean = next(i);
		p->tx_progress = p->now;
		done++;
		tell(p, i, 0);
	}
	return done;
}

void pro1000_tx_cancel(struct pro1000 *p)
{
	/* Upcalls cannot queue any more: the state is not RUNNING. */
	for (unsigned i = p->tx_clean; i != p->tx_next; i = next(i))
		if (p->txslot[i].last)
			tell(p, i, -ECANCELED);
	p->tx_clean = p->tx_next = p->tx_told = 0;
	memset((void *)(uintptr_t)p->tx, 0,
	       PRO1000_TX_RING * sizeof(*p->tx));
}
