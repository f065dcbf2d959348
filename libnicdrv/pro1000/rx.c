/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Receive ring.  The NIC writes into the posted buffers themselves.  It is
 * told of buffers of 2 KiB, but a frame that it accepts has at most
 * NIC_FRAME_MAX bytes (long packets are not enabled), so that any buffer of
 * that size is safe; smaller ones are filled by copying from one of ours.
 */
#include <string.h>
#include <vmm/error.h>
#include "pro1000/pro1000.h"

/* Longest chain of descriptors for one frame: more is nonsense. */
#define FRAME_DESCS 8u

static unsigned next(unsigned i)
{
	return (i + 1) % PRO1000_RX_RING;
}

/* What a descriptor says, whatever its format. */
struct report {
	uint32_t status, len;
	bool error, csum_ok;
};

static struct report report_new(const struct pro1000 *p, uint32_t cmd,
				uint32_t opt)
{
	uint32_t fatal = pro1000_has(p, PRO1000_ADVANCED) ? RXX_ERR_ADV :
		RXX_ERR_EXT;

	return (struct report){ cmd & 0xff, RXX_LEN(opt), cmd & fatal,
		(cmd & (RX_TCPCS | RX_IXSM)) == RX_TCPCS &&
		!(cmd & RXX_ERR_TCPE) };
}

static struct report report_legacy(uint32_t cmd, uint32_t opt)
{
	uint32_t errors = RXL_ERRORS(opt);

	return (struct report){ RXL_STATUS(opt), RXL_LEN(cmd),
		errors & RXL_ERR_FRAME,
		(opt & (RX_TCPCS | RX_IXSM)) == RX_TCPCS &&
		!(errors & RXL_ERR_TCPE) };
}

/* Read once: the device may write at any time. */
static struct report look(const struct pro1000 *p, unsigned i)
{
	volatile struct pro1000_desc *d = &p->rx[i];
	uint32_t cmd, opt;

	if (pro1000_has(p, PRO1000_EXT_RX | PRO1000_ADVANCED)) {
		cmd = d->cmd;	/* has DD: before the length */
		opt = d->opt;
		return report_new(p, cmd, opt);
	}
	opt = d->opt;		/* has DD */
	cmd = d->cmd;
	return report_legacy(cmd, opt);
}

/* Give slot i's buffer to the NIC. */
static void arm(struct pro1000 *p, unsigned i)
{
	struct pro1000_rxslot *s = &p->rxslot[i];

	p->rx[i].cmd = 0;
	p->rx[i].opt = 0;
	p->rx[i].addr = s->copy ? (uintptr_t)p->bounce[i] : s->pa;
}

/* Without the CRC a frame is four bytes shorter. */
static uint32_t direct_min(const struct pro1000 *p)
{
	return pro1000_has(p, PRO1000_SECRC) ? NIC_RX_DIRECT_MIN - 4 :
		NIC_RX_DIRECT_MIN;
}

int pro1000_rx_post(struct nic *nic, uint64_t pa, uint32_t len, void *cookie)
{
	struct pro1000 *p = (struct pro1000 *)nic;
	struct pro1000_rxslot *s = &p->rxslot[p->rx_next];

	if (!len)
		return VMM_ERROR(EINVAL);
	if (next(p->rx_next) == p->rx_clean)
		return -ENOSPC;
	s->pa = pa;
	s->len = len;
	s->cookie = cookie;
	/* Bit 0 of an advanced descriptor's address is not of the address
	 * (82576, 7.1.5.1). */
	s->copy = len < direct_min(p) ||
		(pa & 1 && pro1000_has(p, PRO1000_ADVANCED));
	arm(p, p->rx_next);
	p->rx_next = next(p->rx_next);
	return 0;
}

void pro1000_rx_push(struct pro1000 *p)
{
	if (p->rx_told == p->rx_next)
		return;
	p->rx_told = p->rx_next;
	pro1000_write(p, pro1000_rdbal(p) + RING_TAIL, p->rx_next);
}

/* Post slot i's buffer again.  There is room: slot i itself is free. */
static void recycle(struct pro1000 *p, unsigned i)
{
	struct pro1000_rxslot s = p->rxslot[i];

	p->rxslot[p->rx_next] = s;
	arm(p, p->rx_next);
	p->rx_next = next(p->rx_next);
}

static void give(struct pro1000 *p, void *cookie, uint32_t len, uint32_t flags)
{
	struct nic_rx rx = { cookie, len, flags };

	if (p->nic.sink && p->nic.sink->rx)
		p->nic.sink->rx(p->nic.sink_ctx, &rx);
}

/* Most that the NIC may have written into slot i's buffer. */
static uint32_t room(const struct pro1000 *p, unsigned i)
{
	const struct pro1000_rxslot *s = &p->rxslot[i];

	return s->copy || s->len > PRO1000_RX_BUF ? PRO1000_RX_BUF : s->len;
}

/* A whole frame in the ring, from rx_clean on, as it was when it was read. */
struct frame {
	unsigned count;		/* descriptors; 0: not all there yet */
	uint32_t bytes;		/* without CRC */
	bool bad;
	uint32_t flags;		/* NIC_RX_ */
	uint32_t part[FRAME_DESCS];	/* bytes in each, as the NIC says */
};

/* -EIO: what the descriptors say cannot be. */
static int find_frame(struct pro1000 *p, struct frame *f)
{
	uint32_t crc = pro1000_has(p, PRO1000_SECRC) ? 0 : 4;
	unsigned count = 0;

	f->count = 0;
	f->bytes = 0;
	f->bad = false;
	for (unsigned i = p->rx_clean; i != p->rx_told; i = next(i)) {
		struct report r = look(p, i);

		if (!(r.status & RX_DD))
			return 0;
		if (r.len > room(p, i) || count == FRAME_DESCS)
			return VMM_ERROR(EIO);
		f->part[count++] = r.len;
		f->bytes += r.len;
		f->bad |= r.error;
		if (!(r.status & RX_EOP))
			continue;
		f->count = count;
		f->bad |= f->bytes < 14 + crc;
		f->bytes -= f->bytes < crc ? f->bytes : crc;
		f->flags = r.csum_ok ? NIC_RX_CSUM_OK : 0;
		return 0;
	}
	return 0;
}

/* Cut the CRC off, which may begin in the last part but one.  Does each part
 * fit into the posted buffer that it would be copied to? */
static bool fits(const struct pro1000 *p, struct frame *f)
{
	uint32_t left = f->bytes;
	unsigned i = p->rx_clean;

	for (unsigned n = 0; n < f->count; n++, i = next(i)) {
		if (f->part[n] > left)
			f->part[n] = left;
		if (f->part[n] > p->rxslot[i].len)
			return false;
		left -= f->part[n];
	}
	return true;
}

/* Hand the frame over, one buffer after the other. */
static void deliver(struct pro1000 *p, const struct frame *f)
{
	uint32_t flags = NIC_RX_FIRST;

	for (unsigned n = 0; n < f->count; n++) {
		unsigned i = p->rx_clean;
		struct pro1000_rxslot *s = &p->rxslot[i];

		if (s->copy) {
			memcpy((void *)(uintptr_t)s->pa, p->bounce[i],
			       f->part[n]);
			p->nic.stats.rx_copied++;
		}
		if (n + 1 == f->count)
			flags |= NIC_RX_LAST | f->flags;
		p->rx_clean = next(i);
		give(p, s->cookie, f->part[n], flags);
		flags = 0;
	}
	p->nic.stats.rx_frames++;
	p->nic.stats.rx_bytes += f->bytes;
}

static void drop(struct pro1000 *p, unsigned count)
{
	p->nic.stats.rx_errors++;
	while (count--) {
		unsigned i = p->rx_clean;

		p->rx_clean = next(i);
		recycle(p, i);
	}
}

int pro1000_rx_reap(struct pro1000 *p, unsigned budget, unsigned *done)
{
	unsigned frames = PRO1000_RX_RING;	/* bad ones cost, too */
	struct frame f;
	int err;

	*done = 0;
	while (*done < budget && frames--) {
		err = find_frame(p, &f);
		if (err || !f.count)
			return err;
		if (f.bad || !fits(p, &f)) {
			drop(p, f.count);
			continue;
		}
		*done += f.count;
		deliver(p, &f);
	}
	return 0;
}

static unsigned posted(const struct pro1000 *p)
{
	return (p->rx_next - p->rx_clean) % PRO1000_RX_RING;
}

void pro1000_rx_cancel(struct pro1000 *p)
{
	/* As many as there are now: upcalls may post others. */
	for (unsigned n = posted(p); n; n--) {
		void *cookie = p->rxslot[p->rx_clean].cookie;

		p->rx_clean = next(p->rx_clean);
		give(p, cookie, 0, NIC_RX_CANCELLED);
	}
}

static void reverse(struct pro1000_rxslot *s, unsigned count)
{
	for (unsigned i = 0; i < count / 2; i++) {
		struct pro1000_rxslot t = s[i];

		s[i] = s[count - 1 - i];
		s[count - 1 - i] = t;
	}
}

/* After a reset the NIC begins at descriptor 0: rotate the slots so that the
 * first posted one is there. */
void pro1000_rx_rearm(struct pro1000 *p)
{
	unsigned count = posted(p), first = p->rx_clean;

	reverse(p->rxslot, first);
	reverse(p->rxslot + first, PRO1000_RX_RING - first);
	reverse(p->rxslot, PRO1000_RX_RING);
	p->rx_clean = p->rx_told = 0;
	p->rx_next = count;
	for (unsigned i = 0; i < count; i++)
		arm(p, i);
}
