/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The network device that the guest sees in place of the NIC: virtio 1.x over
 * PCI (OASIS virtio 1.1, sections 4.1 and 5.1), without the legacy interface.
 *
 * Towards the guest it has a configuration space (all but the BARs, which are
 * those of the NIC) and one memory BAR; what the guest does to them comes in
 * by virtio_net_config_*() and virtio_net_bar_*().  Towards the network it has
 * struct virtio_net_ops below and the calls behind it.  Buffers of the guest
 * are passed on as they are, both ways: nothing is copied but headers, frames
 * that come from elsewhere than the NIC (virtio_net_deliver()), and TCP segments
 * that follow another one, which are merged with it if the guest likes.
 *
 * All that the guest writes, in registers and rings, may be wrong in any way
 * and at any time.  A broken ring makes the device need a reset (2.1.2).
 *
 * Context: everything here and all ops run under one lock, the net lock, on
 * any CPU; nothing waits.  Nothing is allocated.
 */
#ifndef NICDRV_VIRTIO_NET_H
#define NICDRV_VIRTIO_NET_H

#include <stdbool.h>
#include <nicdrv/nic.h>
#include <vmm/compiler.h>

VMM_BEGIN_DECLS

struct virtio_net;

/* Entries of a queue, unless the driver wants fewer. */
#define VIRTIO_NET_QUEUE_MAX	256u
/* Most fragments of a frame to send; longer chains are dropped. */
#define VIRTIO_NET_TX_FRAGS	64u
/* The largest frame with headers that TSO cuts up, and else: one VLAN tag. */
#define VIRTIO_NET_TSO_MAX	65550u
#define VIRTIO_NET_FRAME_MAX	1518u

/* Most entries of the MSI-X table. */
#define VIRTIO_NET_VECTORS_MAX	4u

/* The BAR: at least this long.  One page holds the notification registers
 * alone, four bytes for each queue. */
#define VIRTIO_NET_BAR_MIN	0x2000u
#define VIRTIO_NET_NOTIFY	0x1000u
#define VIRTIO_NET_NOTIFY_STEP	4u
/* The same registers by ports, in an I/O BAR at least this long: an exit for a
 * port tells what was written, one for memory has the instruction decoded. */
#define VIRTIO_NET_PORTS_MIN	0x10u
#define VIRTIO_NET_NO_PORTS	UINT32_MAX

/* What the device uses.  ctx is that of struct virtio_net_setup. */
struct virtio_net_ops {
	/* Where the VMM has the guest's memory [pa, pa+len), len > 0; NULL if
	 * any byte of it is not RAM that belongs to the guest. */
	void *(*mem)(void *ctx, uint64_t pa, uint64_t len);
	/* Send an MSI. */
	void (*raise)(void *ctx, uint64_t address, uint32_t data);
	/* The level of the interrupt pin.  NULL: the device has no pin. */
	void (*intx)(void *ctx, bool level);
	/* The guest's driver comes (it has said DRIVER_OK) and goes: then all
	 * that was lent comes back, by virtio_net_rx() and _tx_done(), before
	 * the return. */
	void (*attach)(void *ctx, bool on);
	/* Send a frame.  0: taken, virtio_net_tx_done(cookie) follows, also
	 * before the return; 1: done already; -ENOSPC: not now, asked again by
	 * virtio_net_flush(); other errors: cannot be sent, dropped. */
	int (*tx)(void *ctx, const struct nic_tx *tx);
	/* The frames of one round were given to tx. */
	void (*tx_push)(void *ctx);
	/* Receive a frame to [pa, pa+len), len >= VIRTIO_NET_FRAME_MAX; it
	 * comes back by virtio_net_rx().  Any error: not now. */
	int (*rx_post)(void *ctx, uint64_t pa, uint32_t len, void *cookie);
	/* Which frames to receive besides broadcasts and those to the MAC
	 * address of setup.  The array is valid during the call. */
	void (*filter)(void *ctx, const struct nic_filter *filter);
	/* Call virtio_net_poll() soon. */
	void (*wake)(void *ctx);
};

struct virtio_net_setup {
	const struct virtio_net_ops *ops;
	void *ctx;
	uint8_t mac[6];
	uint16_t mtu;
	uint32_t nic_caps;	/* NIC_CAP_TX_CSUM, _TSO4, _TSO6, _RX_CSUM */
	bool link_up;
	unsigned bar;		/* number of the BAR for the registers, ... */
	uint64_t bar_size;	/* >= VIRTIO_NET_BAR_MIN */
	unsigned ports;		/* number of the I/O BAR, or _NO_PORTS */
	/* MSI-X entries: 1 to VIRTIO_NET_VECTORS_MAX.  With all, drivers take
	 * one for each queue; with two, one for the queues: the answer to a
	 * frame comes by the same interrupt as the frame's completion. */
	unsigned vectors;
	bool multifunction;	/* bit 7 of the header type */
};

struct virtio_net_stats {
	uint64_t rx_frames, rx_bytes;
	uint64_t rx_copied;	/* of those, not received in place */
	uint64_t rx_filtered;	/* not wanted by the guest */
	uint64_t rx_lost;	/* for want of buffers */
	uint64_t rx_merged;	/* of those received, parts of ... */
	uint64_t rx_packets;	/* ... so many larger packets */
	uint64_t tx_frames, tx_bytes;	/* taken by ops->tx */
	uint64_t tx_refused;	/* malformed, or not taken */
	uint64_t notifications;	/* exits of the guest for them */
	uint64_t interrupts;
	uint64_t violations;	/* of the rules of rings; each needs a reset */
	uint64_t resets;
};

/* Make a device in memory of the caller's, of at least virtio_net_size()
 * bytes, aligned to 16, which it keeps. */
size_t virtio_net_size(void);
struct virtio_net *virtio_net_init(void *memory,
				   const struct virtio_net_setup *setup);

/* --- from the guest --- */

/* Configuration space: size 1, 2 or 4 within one dword; without the BARs (0).
 * The command register has MEM, MASTER, INTX_OFF and the error bits, and IO if
 * there are ports. */
uint32_t virtio_net_config_read(struct virtio_net *vn, unsigned offset,
				unsigned size);
void virtio_net_config_write(struct virtio_net *vn, unsigned offset,
			     unsigned size, uint32_t value);

/* The BAR: size 1, 2, 4 or 8, any alignment. */
uint64_t virtio_net_bar_read(struct virtio_net *vn, uint64_t offset,
			     unsigned size);
void virtio_net_bar_write(struct virtio_net *vn, uint64_t offset,
			  unsigned size, uint64_t value);
/* What a write to the page of VIRTIO_NET_NOTIFY does, offset in that page, or
 * one to the ports. */
void virtio_net_notify(struct virtio_net *vn, uint64_t offset);

/* --- from the network; only flush calls ops besides mem, raise, intx, wake --- */

/* A posted buffer comes back with a whole frame (FIRST and LAST, maybe
 * CSUM_OK), or without (CANCELLED). */
void virtio_net_rx(struct virtio_net *vn, const struct nic_rx *rx);
/* Copy a frame, whose sums are right, into buffers that are not posted.
 * flags: NIC_RX_CSUM_OK.  -ENOSPC: no buffers; -EINVAL: length; -EBADMSG: the
 * guest does not want it. */
int virtio_net_deliver(struct virtio_net *vn, const void *frame, uint32_t len,
		       uint32_t flags) VMM_MUST_CHECK;
void virtio_net_tx_done(struct virtio_net *vn, void *cookie);
void virtio_net_link(struct virtio_net *vn, bool up);
/* End of a batch of the above: post buffers, send what waits, tell the guest.
 * Calls rx_post, tx, tx_push. */
void virtio_net_flush(struct virtio_net *vn);

/* --- from whoever runs the network --- */

/* Do what flush may not: begin, end, set filters.  When the network's own
 * functions have returned; wake asks for it. */
void virtio_net_poll(struct virtio_net *vn);

const struct virtio_net_stats *virtio_net_stats(const struct virtio_net *vn);

/* Log the state of registers and rings.  Changes nothing. */
void virtio_net_dump(const struct virtio_net *vn, nic_print *print, void *ctx);

VMM_END_DECLS

#endif
