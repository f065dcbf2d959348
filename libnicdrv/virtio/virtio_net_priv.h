/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of the virtio network device.  Sections are those of the OASIS
 * virtio 1.1 specification. */
#ifndef NICDRV_VIRTIO_NET_PRIV_H
#define NICDRV_VIRTIO_NET_PRIV_H

#include <nicdrv/virtio_net.h>
#include "virtio_ring.h"

/* Feature bits (5.1.3, 6). */
#define F_CSUM		(UINT64_C(1) << 0)
#define F_GUEST_CSUM	(UINT64_C(1) << 1)
#define F_CTRL_OFFLOADS	(UINT64_C(1) << 2)
#define F_MTU		(UINT64_C(1) << 3)
#define F_MAC		(UINT64_C(1) << 5)
#define F_GUEST_TSO4	(UINT64_C(1) << 7)
#define F_GUEST_TSO6	(UINT64_C(1) << 8)
#define F_HOST_TSO4	(UINT64_C(1) << 11)
#define F_HOST_TSO6	(UINT64_C(1) << 12)
#define F_MRG_RXBUF	(UINT64_C(1) << 15)
#define F_STATUS	(UINT64_C(1) << 16)
#define F_CTRL_VQ	(UINT64_C(1) << 17)
#define F_CTRL_RX	(UINT64_C(1) << 18)
#define F_CTRL_VLAN	(UINT64_C(1) << 19)
#define F_CTRL_MAC_ADDR	(UINT64_C(1) << 23)
#define F_INDIRECT	(UINT64_C(1) << 28)
#define F_EVENT_IDX	(UINT64_C(1) << 29)
#define F_VERSION_1	(UINT64_C(1) << 32)

/* What CTRL_OFFLOADS switches (5.1.6.5.6.1). */
#define OFFLOADS	(F_GUEST_CSUM | F_GUEST_TSO4 | F_GUEST_TSO6)

/* Device status (2.1). */
#define S_DRIVER_OK	0x04u
#define S_FEATURES_OK	0x08u
#define S_NEEDS_RESET	0x40u
#define S_FAILED	0x80u

/* ISR status (4.1.4.5). */
#define ISR_QUEUE	0x1u
#define ISR_CONFIG	0x2u

#define NO_VECTOR	0xffffu

/* Queues (5.1.2). */
enum { Q_RX, Q_TX, Q_CTRL, QUEUES };

/* The header in front of each frame (5.1.6); no features make it shorter. */
struct net_hdr {
	uint8_t flags, gso_type;
	uint16_t hdr_len, gso_size, csum_start, csum_offset, num_buffers;
};
#define HDR_LEN			12u
VMM_STATIC_ASSERT(sizeof(struct net_hdr) == HDR_LEN, "virtio 1.1, 5.1.6");
#define HDR_NEEDS_CSUM		1u
#define HDR_DATA_VALID		2u
#define HDR_GSO_NONE		0u
#define HDR_GSO_TCPV4		1u
#define HDR_GSO_TCPV6		4u

/* An entry of the MSI-X table (PCI 3.0, 6.8.2). */
struct msix_entry {
	uint32_t address_low, address_high, data, control;
};
#define MSIX_MASKED	1u

/* A head of the receive queue: the driver's; taken from the ring; with the
 * NIC; part of a packet that is being merged. */
enum slot_state { SLOT_FREE, SLOT_HELD, SLOT_POSTED, SLOT_MERGED };

struct rx_slot {
	void *header;		/* where the header goes */
	const uint8_t *frame;	/* the room behind it */
	uint64_t pa;
	uint32_t len;
	bool ready;		/* all of the above is known, ... */
	enum slot_state state;	/* ... until it is free */
};

/* Merging of TCP segments.  Headers are at most so long: Ethernet, IPv6, TCP
 * with options; the first words are read of each frame. */
#define SEGMENT_WORDS	15u
#define SEGMENT_FIRST	8u
/* At most so many buffers make a packet, and so many packets are open. */
#define MERGE_MAX	64u
#define MERGE_FLOWS	4u

/* A frame's headers, read once: the guest may change them at any time. */
struct segment {
	/* Without what differs between segments that can be merged (IP length,
	 * identification, sums, sequence number, PSH), zeros behind. */
	union {
		uint64_t word[SEGMENT_WORDS];
		uint8_t byte[8 * SEGMENT_WORDS];
	} head;
	uint16_t tcp;		/* where the TCP header begins */
	uint16_t hdr_len;	/* where the payload begins */
	uint16_t payload;
	uint16_t ip_len;	/* the IP packet's length, with its header */
	uint16_t id;		/* IPv4's identification */
	uint32_t seq;
	bool psh;
};

/* What a frame is to merging: a segment of data that may be merged; a segment
 * that may not, but tcp and head say whose it is; anything. */
enum segment_kind { SEGMENT_DATA, SEGMENT_TCP, SEGMENT_NONE };

/* A packet to which segments are added, if buffers > 0. */
struct merge {
	struct segment first;
	unsigned buffers, segments;
	uint8_t *end;		/* where the next byte goes, ... */
	uint32_t room;		/* ... so many at most */
	uint32_t ip_len, next_seq;
	bool psh;
	uint16_t head[MERGE_MAX];	/* its slots, full but the last */
};

/* A head of the transmit queue: the driver's; being sent; sent while the
 * rings were not to be used. */
enum tx_state { TX_FREE, TX_SENDING, TX_LATE };

/* What the guest's driver wants to receive (5.1.6.5). */
#define FILTER_MACS	64u
struct rx_filter {
	bool promisc, allmulti;
	bool full[2];		/* its tables (unicast, multicast) were too
				 * long */
	unsigned count;			/* unicast and multicast */
	uint8_t mac[FILTER_MACS + 1][6];	/* and one for the NIC */
	uint64_t vlan[4096 / 64];
};

struct virtio_net {
	struct virtio_net_setup setup;
	struct virtio_net_stats stats;

	/* Configuration space. */
	uint8_t config[256];
	uint16_t command;

	/* Common configuration (4.1.4.3). */
	uint64_t offered, accepted;
	uint32_t device_feature_select, driver_feature_select;
	uint16_t queue_select, config_vector;
	uint8_t status, generation;
	struct vring queue[QUEUES];

	/* Interrupts. */
	uint8_t isr;
	struct msix_entry msix[VIRTIO_NET_VECTORS_MAX];
	uint32_t pending;		/* bits of the PBA */

	/* Device configuration (5.1.4). */
	uint8_t mac[6];
	bool link_up;

	struct rx_filter filter, new_filter;

	/* Data path. */
	bool live;		/* rings are used */
	bool attached;		/* ops->attach(true) was called */
	bool tx_again;		/* there is more: no room, or a round is over */
	uint8_t tx_slot[VRING_MAX];	/* enum tx_state, by head */
	struct rx_slot slot[VRING_MAX];
	unsigned posted;
	unsigned held_first, held_count;
	uint16_t held[VRING_MAX];	/* slots in that state, in order */
	uint64_t offloads;		/* those of OFFLOADS that are on */
	bool merging;			/* they allow it */
	unsigned merges, next_merge;	/* how many are open; to close next */
	struct merge merge[MERGE_FLOWS];
	struct vring_chain chain;	/* the one being looked at */
	struct nic_frag tx_frag[VIRTIO_NET_TX_FRAGS];
};

/* virtio_net.c: the device's life.  A violation on a queue. */
void vnet_fail(struct virtio_net *vn, unsigned queue);
void vnet_status_write(struct virtio_net *vn, uint8_t value);
/* After a change of what decides on it: begin, or end, using the rings. */
void vnet_update(struct virtio_net *vn);
/* The device configuration has changed. */
void vnet_config_changed(struct virtio_net *vn);
static inline bool vnet_has(const struct virtio_net *vn, uint64_t feature)
{
	return vn->accepted & feature;
}

/* virtio_net_pci.c: configuration space. */
void vnet_pci_init(struct virtio_net *vn);
bool vnet_msix_enabled(const struct virtio_net *vn);
bool vnet_msix_masked(const struct virtio_net *vn);	/* the function mask */

/* virtio_net_irq.c: interrupts.  cause: ISR_*. */
void vnet_irq(struct virtio_net *vn, uint16_t vector, uint8_t cause);
/* Something that may have held back interrupts has changed. */
void vnet_irq_update(struct virtio_net *vn);
uint8_t vnet_isr_read(struct virtio_net *vn);
uint32_t vnet_msix_read(const struct virtio_net *vn, unsigned offset);
void vnet_msix_write(struct virtio_net *vn, unsigned offset, uint32_t value);

/* virtio_net_tx.c */
void vnet_tx_run(struct virtio_net *vn);
void vnet_tx_resume(struct virtio_net *vn);
void vnet_tx_reset(struct virtio_net *vn);

/* virtio_net_rx.c */
void vnet_rx_run(struct virtio_net *vn);
void vnet_rx_reset(struct virtio_net *vn);
/* The head can be posted, or takes copied frames. */
void vnet_rx_hold(struct virtio_net *vn, uint16_t head);
/* Give a head to the guest with len bytes in it. */
void vnet_rx_give(struct virtio_net *vn, uint16_t head, uint32_t len);

/* virtio_net_merge.c: received TCP segments become larger packets.  Packets
 * are open from virtio_net_rx() to the end of the visit (virtio_net_flush()),
 * or until another frame may not overtake them. */
/* After a change of what the guest allows. */
void vnet_merge_update(struct virtio_net *vn);
/* The frame in the slot, whose first words are in first; len and flags of
 * struct nic_rx.  True: the slot is taken care of; false: goes as it is. */
bool vnet_merge(struct virtio_net *vn, struct rx_slot *s,
		const uint64_t first[SEGMENT_FIRST], uint32_t len,
		uint32_t flags);
/* Give all open packets to the guest; or hold their heads again, lost. */
void vnet_merge_close(struct virtio_net *vn);
void vnet_merge_drop(struct virtio_net *vn);

/* virtio_net_segment.c: pure functions. */
/* Fill g in, the first words of which were read.  frame: 8 * SEGMENT_WORDS
 * bytes can be read, len is its length. */
enum segment_kind vnet_segment_parse(struct segment *g, const uint8_t *frame,
				     uint32_t len);
/* Are the headers the same, but for what differs anyway? */
bool vnet_segment_like(const struct segment *a, const struct segment *b);
/* Are both of one connection, in the same direction? */
bool vnet_segment_same_flow(const struct segment *a, const struct segment *b);
/* Make frame, which begins with g's headers, one of ip_len bytes whose TCP
 * checksum is left to finish. */
void vnet_segment_finish(const struct segment *g, uint8_t *frame,
			 uint32_t ip_len, bool psh);

/* virtio_net_ctrl.c: the control queue, and the filter that it sets. */
void vnet_ctrl_run(struct virtio_net *vn);
void vnet_filter_reset(struct virtio_net *vn);
void vnet_filter_apply(struct virtio_net *vn);
/* Does the guest want the frame that begins so (at least 18 bytes)? */
bool vnet_filter_wants(const struct virtio_net *vn, const uint8_t *head);

/* virtio_net_copy.c: pure functions. */
/* Copy between flat memory and a list of fragments, from an offset in it.
 * Returns how much there was. */
size_t vnet_gather(const struct vring_memory *m, const struct nic_frag *frag,
		   unsigned n, uint64_t offset, void *to, size_t len);
size_t vnet_scatter(const struct vring_memory *m, const struct nic_frag *frag,
		    unsigned n, uint64_t offset, const void *from, size_t len);

#endif
