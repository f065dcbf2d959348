/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The contract between a NIC driver and who uses the NIC.
 *
 * Context.  Every verb runs under one lock, the user's (the "net lock"); a
 * driver takes none.  None sleeps or waits for more than NIC_WAIT_MAX_USEC.
 * Any CPU, also while the guest's processors are stopped.  Two may be called
 * without the lock: irq_cause, from an NMI handler on the CPU that gets the
 * NIC's interrupts; and nic_quiesce when the machine panics, the other CPUs
 * being stopped (then nothing may be called after it but nic_dump).
 *
 * Upcalls (struct nic_sink) come only out of nic_poll and nic_flush, under
 * the same lock.  They may call nic_tx and nic_rx_post, and nothing else of
 * this NIC.
 *
 * Ownership.  Memory is named by physical address and length; the VMM's own
 * map is the identity, so drivers read and write the same memory at that
 * address.  A transmit or receive buffer belongs to the NIC from the moment
 * nic_tx or nic_rx_post returned 0 until the upcall with its cookie, which
 * comes exactly once.  The caller has checked that the memory may be given to
 * a device (RAM of the guest, or of the VMM); drivers do not check it.
 * Guest memory may change at any time: what a driver decides on (headers for
 * segmentation) it reads once, into memory of its own.
 *
 * Time is in microseconds since any fixed point, monotonic, and comes in by
 * argument.
 */
#ifndef NICDRV_NIC_H
#define NICDRV_NIC_H

#include <stdbool.h>
#include <vmm/compiler.h>

VMM_BEGIN_DECLS

struct nic;

/* No verb keeps the caller longer than this. */
#define NIC_WAIT_MAX_USEC 200u
/* Largest frame without jumbo frames: header, VLAN tag, 1500 bytes, CRC. */
#define NIC_FRAME_MAX 1522u
/* A posted buffer of at least this size is written by the NIC itself.
 * Smaller ones are filled by copying, and a frame that does not fit into one
 * is dropped (stats.rx_errors). */
#define NIC_RX_DIRECT_MIN NIC_FRAME_MAX
/* No deadline (nic_deadline). */
#define NIC_NEVER UINT64_MAX

/* A piece of a frame in physical memory. */
struct nic_frag {
	uint64_t pa;
	uint32_t len;		/* bytes, > 0 */
};

/* ---- transmit ---- */

/* What the NIC shall do to a frame (struct nic_tx.flags). */
#define NIC_TX_CSUM	0x01u	/* finish the checksum at csum_start+csum_offset */
#define NIC_TX_TSO4	0x02u	/* cut into segments, TCP over IPv4; with CSUM */
#define NIC_TX_TSO6	0x04u	/* the same over IPv6 */
#define NIC_TX_VLAN	0x08u	/* insert an 802.1Q tag with vlan */

/*
 * A frame to send, without CRC; short ones are padded by the driver or NIC.
 * Read during the call only (the memory that frag points at: until tx_done).
 *
 * CSUM: the field at csum_start + csum_offset holds the start value (the sum
 * of the pseudo header, not inverted), and the Internet checksum of all bytes
 * from csum_start to the end of the frame is put there; as in virtio.
 *
 * TSO4/6: the first hdr_len bytes (Ethernet, IP, TCP) are repeated before
 * each mss bytes.  The field of the TCP checksum is as for CSUM; lengths and
 * the IPv4 checksum in the headers do not matter.
 */
struct nic_tx {
	const struct nic_frag *frag;
	unsigned frag_count;	/* 1 ... limits.tx_frags */
	uint32_t flags;
	uint16_t csum_start;	/* from the frame's first byte */
	uint16_t csum_offset;	/* from csum_start */
	uint16_t hdr_len;
	uint16_t mss;		/* payload bytes of a segment, > 0 */
	uint16_t vlan;		/* TCI */
	void *cookie;		/* the caller's; for tx_done */
};

/* ---- receive ---- */

#define NIC_RX_FIRST	0x01u	/* buffer holds the start of a frame */
#define NIC_RX_LAST	0x02u	/* ... and its end */
#define NIC_RX_CSUM_OK	0x04u	/* the NIC found the TCP/UDP checksum right */
#define NIC_RX_CANCELLED 0x10u	/* given back without a frame, len is 0 */

/* What is in a buffer that comes back. */
struct nic_rx {
	void *cookie;		/* of nic_rx_post */
	uint32_t len;		/* bytes in this buffer, without CRC */
	uint32_t flags;		/* of the frame in the buffer with LAST; the
				 * others have FIRST or nothing */
};

/* ---- link ---- */

struct nic_link {
	bool up;
	bool full_duplex;
	uint32_t mbps;		/* 0 while down */
};

/* ---- the user's side ---- */

struct nic_sink {
	/* A posted buffer is the caller's again.  A frame longer than a
	 * buffer goes on in the next one to come back (NIC_RX_LAST is in the
	 * final one); all of a frame come in one poll.  Bad frames are
	 * counted, not delivered: their buffers stay with the NIC, so that
	 * buffers come back in another order than they were posted. */
	void (*rx)(void *ctx, const struct nic_rx *rx);
	/* The frame with this cookie is sent (error 0), or never will be
	 * (-ECANCELED); its memory is the caller's again.  In order. */
	void (*tx_done)(void *ctx, void *cookie, int error);
	/* The link changed. */
	void (*link)(void *ctx, const struct nic_link *link);
};

/* ---- interrupts ---- */

enum nic_irq_mode {
	NIC_IRQ_NONE,		/* polled only */
	NIC_IRQ_INTX,		/* the pin, as firmware or guest routed it */
	NIC_IRQ_MSI,
	NIC_IRQ_MSIX,		/* vectors, one of them for kicks alone */
};

/* Messages, in the format of the local APICs (SDM volume 3, 11.11); what they
 * do, e.g. delivery as NMI, is the caller's choice. */
struct nic_irq {
	enum nic_irq_mode mode;
	uint64_t address;	/* MSI, MSI-X */
	uint32_t data;		/* of all vectors */
};

/* What nic_irq_cause found. */
#define NIC_CAUSE_RX	0x01u
#define NIC_CAUSE_TX	0x02u
#define NIC_CAUSE_LINK	0x04u
#define NIC_CAUSE_KICK	0x08u	/* nic_kick_after's, or another's ICS */

/* ---- what a NIC is ---- */

#define NIC_CAP_TX_CSUM		0x01u
#define NIC_CAP_TSO4		0x02u
#define NIC_CAP_TSO6		0x04u
#define NIC_CAP_TX_VLAN		0x08u
#define NIC_CAP_RX_CSUM		0x10u
#define NIC_CAP_MSI		0x20u	/* irq modes that nic_irq_setup takes, */
#define NIC_CAP_MSIX		0x40u	/* besides NONE and INTX */
#define NIC_CAP_KICK		0x80u	/* nic_kick_after works */

struct nic_limits {
	unsigned tx_frags;	/* most fragments of one frame */
	uint32_t tso_bytes;	/* longest frame with TSO, headers included */
	uint32_t frame_bytes;	/* longest frame else, without CRC */
	unsigned rx_ring;	/* most buffers posted at a time */
};

/* Counters since the start of the driver; kept over resets. */
struct nic_stats {
	uint64_t rx_frames, rx_bytes;
	uint64_t rx_copied;	/* buffers filled by copying */
	uint64_t rx_errors;	/* CRC, symbol, length: by the NIC's verdict */
	uint64_t rx_missed;	/* no buffer, or the NIC's FIFO was full */
	uint64_t tx_frames, tx_bytes;	/* handed to the NIC */
	uint64_t tx_full;	/* nic_tx found the ring full */
	uint64_t tx_refused;	/* nic_tx returned -EINVAL */
	uint64_t irqs;		/* causes read that were not empty */
	uint64_t link_changes;
	uint64_t resets;	/* after a stuck ring or nonsense from the NIC */
	uint64_t lies;		/* descriptors or registers that made no sense */
};

/* Which frames to receive, besides those to nic->mac and broadcasts. */
struct nic_filter {
	bool promisc, allmulti;
	const uint8_t (*mac)[6];	/* unicast and multicast; copied */
	unsigned count;			/* any; too many widen the filter */
};

typedef void nic_print(void *ctx, const char *line);

struct nic_ops {
	int (*tx)(struct nic *nic, const struct nic_tx *tx);
	void (*tx_push)(struct nic *nic);
	int (*rx_post)(struct nic *nic, uint64_t pa, uint32_t len,
		       void *cookie);
	unsigned (*poll)(struct nic *nic, uint64_t now, unsigned budget);
	uint64_t (*deadline)(struct nic *nic);
	void (*flush)(struct nic *nic, bool rx, bool tx);
	int (*irq_setup)(struct nic *nic, const struct nic_irq *irq);
	void (*irq_enable)(struct nic *nic);
	void (*irq_disable)(struct nic *nic);
	uint32_t (*irq_cause)(struct nic *nic);
	void (*irq_ack)(struct nic *nic);
	int (*kick_after)(struct nic *nic, uint32_t usec);
	int (*filter)(struct nic *nic, const struct nic_filter *filter);
	void (*restart)(struct nic *nic);
	void (*quiesce)(struct nic *nic);
	void (*hand_back)(struct nic *nic);
	void (*dump)(struct nic *nic, nic_print *print, void *ctx);
};

/* The first member of a driver's own object.  Readable under the lock. */
struct nic {
	const struct nic_ops *ops;
	const char *name;		/* "pro1000" */
	uint8_t mac[6];
	uint32_t caps;			/* NIC_CAP_ */
	struct nic_limits limits;
	struct nic_link link;		/* as the sink was told */
	bool resetting;			/* neither frames nor interrupts until
					 * it is polled at its deadlines */
	struct nic_stats stats;
	const struct nic_sink *sink;	/* NULL: nothing is received, and */
	void *sink_ctx;			/* nobody is told */
};

/* Say who uses the NIC; before the first rx_post or tx.  To change the user
 * call nic_flush first. */
static inline void nic_attach(struct nic *nic, const struct nic_sink *sink,
			      void *ctx)
{
	nic->sink = sink;
	nic->sink_ctx = ctx;
}

/*
 * Queue a frame.  It need not be on its way before nic_tx_push: call that
 * once after a batch, and nic_poll soon after: it asks the NIC to interrupt
 * when the frames are sent, unless they are already.
 * -ENOSPC: no room now; tx_done upcalls make some (poll).
 * -EINVAL: the NIC cannot do this to this frame (headers that do not match
 * the flags, lengths beyond limits, flags beyond caps): as it is, never.
 * -ENETDOWN: no link, quiesced, or being reset.
 */
static inline int VMM_MUST_CHECK nic_tx(struct nic *nic,
					const struct nic_tx *tx)
{
	return nic->ops->tx(nic, tx);
}

static inline void nic_tx_push(struct nic *nic)
{
	nic->ops->tx_push(nic);
}

/*
 * Lend [pa, pa+len) to receive into.  -ENOSPC: limits.rx_ring are posted.
 * -EINVAL: len 0.  Buffers may be posted in any state of the link; the NIC
 * learns of them at the end of the poll, or with the next nic_tx_push.
 */
static inline int VMM_MUST_CHECK nic_rx_post(struct nic *nic, uint64_t pa,
					     uint32_t len, void *cookie)
{
	return nic->ops->rx_post(nic, pa, len, cookie);
}

/*
 * Do what there is to do: received frames, sent frames, link, recovery.  At
 * most budget upcalls for frames; returns how many were made (budget: call
 * again).  Needs no interrupt to have come.
 */
static inline unsigned nic_poll(struct nic *nic, uint64_t now, unsigned budget)
{
	return nic->ops->poll(nic, now, budget);
}

/* When poll should be called next even without an interrupt; NIC_NEVER. */
static inline uint64_t nic_deadline(struct nic *nic)
{
	return nic->ops->deadline(nic);
}

/*
 * Take back all receive buffers (NIC_RX_CANCELLED), or frames being sent
 * (tx_done with -ECANCELED), or both.  When it returns the NIC accesses none
 * of them any more.  It resets the NIC, so frames of the other direction may
 * be lost, too (those being sent: cancelled); some 20 ms of polls later it
 * works again.
 */
static inline void nic_flush(struct nic *nic, bool rx, bool tx)
{
	nic->ops->flush(nic, rx, tx);
}

/* Choose how the NIC interrupts; leaves interrupts disabled.  -EOPNOTSUPP. */
static inline int VMM_MUST_CHECK nic_irq_setup(struct nic *nic,
					       const struct nic_irq *irq)
{
	return nic->ops->irq_setup(nic, irq);
}

/* From now on interrupt for received and sent frames, link and kicks; what
 * is pending interrupts at once. */
static inline void nic_irq_enable(struct nic *nic)
{
	nic->ops->irq_enable(nic);
}

/* No interrupts; causes are kept. */
static inline void nic_irq_disable(struct nic *nic)
{
	nic->ops->irq_disable(nic);
}

/* What the NIC interrupts for, NIC_CAUSE_; acknowledges it.  0: it was not
 * this NIC, or an earlier call has seen the cause of this message already.
 * Without the lock, but not on two CPUs at a time. */
static inline uint32_t nic_irq_cause(struct nic *nic)
{
	return nic->ops->irq_cause(nic);
}

/* Acknowledge that frames have come or were sent, whatever else there is: for
 * who masks interrupts and calls nic_poll right after. */
static inline void nic_irq_ack(struct nic *nic)
{
	nic->ops->irq_ack(nic);
}

/*
 * A timer made of the NIC: an interrupt (NIC_CAUSE_KICK) about usec from now,
 * 0 for as soon as possible.  It may come earlier: after it, look at the
 * clock and ask again.  The latest call holds.  In modes other than MSI-X,
 * interrupts for frames wait with it, so usec is taken as at most 4000.
 * -EOPNOTSUPP, -ENETDOWN.
 */
static inline int VMM_MUST_CHECK nic_kick_after(struct nic *nic, uint32_t usec)
{
	return nic->ops->kick_after(nic, usec);
}

/* Set the filter, in place of the previous one; at first it is empty. */
static inline int VMM_MUST_CHECK nic_filter_set(struct nic *nic,
						const struct nic_filter *filter)
{
	return nic->ops->filter(nic, filter);
}

/* The hardware has lost its state (sleep, a reset of the bus): set all up
 * again, some 20 ms of polls from now on.  Frames being sent are cancelled,
 * receive buffers stay posted. */
static inline void nic_restart(struct nic *nic)
{
	nic->ops->restart(nic);
}

/* Stop: no DMA, no interrupts, no upcalls from now on.  Buffers are not
 * given back by upcalls: they are the caller's when this returns.  For ever,
 * but for nic_hand_back. */
static inline void nic_quiesce(struct nic *nic)
{
	nic->ops->quiesce(nic);
}

/* After nic_quiesce: leave the device as a driver of the guest expects to
 * find it (reset, configuration space as it was found). */
static inline void nic_hand_back(struct nic *nic)
{
	nic->ops->hand_back(nic);
}

/* Registers, rings and counters, line by line.  Changes nothing. */
static inline void nic_dump(struct nic *nic, nic_print *print, void *ctx)
{
	nic->ops->dump(nic, print, ctx);
}

VMM_END_DECLS

#endif
