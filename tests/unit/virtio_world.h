/* SPDX-License-Identifier: BSD-3-Clause */
/* Around a virtio network device: the guest's memory, a network that records,
 * and a driver of the guest that does as the specification says. */
#ifndef VIRTIO_WORLD_H
#define VIRTIO_WORLD_H

#include <nicdrv/virtio_net.h>

#define GUEST_BASE	UINT64_C(0x100000)
#define GUEST_SIZE	UINT64_C(0x100000)
#define VMM_BASE	UINT64_C(0x180000)	/* memory of the VMM's in it */
#define VMM_SIZE	UINT64_C(0x1000)
#define SENT_MAX	600u

/* Features by number (OASIS virtio 1.1, 5.1.3, 6). */
enum {
	CSUM = 0, GUEST_CSUM = 1, CTRL_GUEST_OFFLOADS = 2, MTU = 3, MAC = 5,
	GUEST_TSO4 = 7, GUEST_TSO6 = 8, HOST_TSO4 = 11, HOST_TSO6 = 12, HOST_ECN = 13, MRG_RXBUF = 15,
	STATUS = 16, CTRL_VQ = 17, CTRL_RX = 18, CTRL_VLAN = 19,
	CTRL_MAC_ADDR = 23, INDIRECT_DESC = 28, EVENT_IDX = 29,
	VERSION_1 = 32,
};
#define BIT(n)	(UINT64_C(1) << (n))

/* The layout of rings (2.6). */
struct w_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};
#define W_NEXT		1u
#define W_WRITE		2u
#define W_INDIRECT	4u

struct w_hdr {
	uint8_t flags, gso_type;
	uint16_t hdr_len, gso_size, csum_start, csum_offset, num_buffers;
};

struct w_queue {
	unsigned number;
	uint16_t num;
	uint64_t desc_pa, avail_pa, used_pa;
	uint16_t avail_idx, used_idx;	/* the driver's */
	uint64_t notify;		/* offset in the BAR */
};

/* A frame that the device sent. */
struct w_sent {
	struct nic_tx tx;
	uint32_t len;
	uint8_t head[128];	/* its first bytes */
	uint64_t sum;		/* of all its bytes */
	uint64_t first_pa;
};

struct w_posted {
	void *cookie;
	uint64_t pa;
	uint32_t len;
};

struct world {
	uint8_t *memory;		/* GUEST_SIZE bytes */
	struct virtio_net *vn;
	struct virtio_net_ops ops;

	/* What the ops have seen. */
	unsigned raised[8];		/* by the data, which is the vector */
	uint64_t raised_address;
	bool intx, attached;
	unsigned wakes, pushes, attaches;
	struct nic_filter filter;
	uint8_t filter_mac[128][6];
	struct w_sent sent[SENT_MAX];
	unsigned sent_count, sent_done;
	struct w_posted posted[VIRTIO_NET_QUEUE_MAX];
	unsigned posted_count;
	int tx_result, post_result;
	bool tx_inline;			/* sent at once */
	unsigned tx_room;		/* frames until -ENOSPC */

	/* The driver's. */
	uint64_t common, notify, isr, device;	/* offsets in the BAR */
	uint32_t notify_step;
	unsigned msix_cap, window_cap, bar;
	uint64_t next_pa;		/* memory not yet used */
	struct w_queue queue[3];
};

extern const uint8_t world_mac[6];

/* caps: NIC_CAP_ of the NIC underneath. */
void world_init(struct world *w, uint32_t caps);
/* The same with the notifications in an I/O BAR, too, and so many vectors. */
void world_init_as(struct world *w, uint32_t caps, unsigned ports,
		   unsigned vectors);
void world_free(struct world *w);

/* Guest memory. */
void *world_at(struct world *w, uint64_t pa);
uint64_t world_alloc(struct world *w, uint64_t size, uint64_t align);

/* The network: a frame arrives in the oldest posted buffer. */
bool world_receive(struct world *w, const void *frame, uint32_t len,
		   uint32_t flags);
/* Complete all frames that are still on their way. */
void world_complete(struct world *w);

/* Registers, by name or address. */
uint32_t cfg_read(struct world *w, unsigned offset, unsigned size);
void cfg_write(struct world *w, unsigned offset, unsigned size,
	       uint32_t value);
uint64_t bar_read(struct world *w, uint64_t offset, unsigned size);
void bar_write(struct world *w, uint64_t offset, unsigned size,
	       uint64_t value);
#define COMMON_STATUS	20u
uint8_t get_status(struct world *w);
void set_status(struct world *w, uint8_t value);
uint64_t get_features(struct world *w);
void set_features(struct world *w, uint64_t features);

/* The driver, step by step: find the capabilities; settle features, true if
 * they were accepted; queues; DRIVER_OK.  driver_start does all, with MSI-X
 * and vector n for queue n, 3 for the configuration. */
void driver_find(struct world *w);
bool driver_negotiate(struct world *w, uint64_t features);
void driver_queue(struct world *w, unsigned number, uint16_t num);
void driver_msix(struct world *w);
void driver_start(struct world *w, uint64_t features);

/* Put a chain at the descriptor `head` on (consecutive ones) and make it
 * available; indirect: in a table of its own. */
struct w_buf {
	uint64_t pa;
	uint32_t len;
	bool in;
};
void driver_add(struct world *w, unsigned queue, uint16_t head,
		const struct w_buf *buf, unsigned n, bool indirect);
void driver_kick(struct world *w, unsigned queue);
/* The next used entry, false: there is none. */
bool driver_used(struct world *w, unsigned queue, uint32_t *id, uint32_t *len);
/* Event fields, and flags. */
void driver_set_used_event(struct world *w, unsigned queue, uint16_t idx);
uint16_t driver_avail_event(struct world *w, unsigned queue);
void driver_set_avail_flags(struct world *w, unsigned queue, uint16_t flags);
uint16_t driver_used_flags(struct world *w, unsigned queue);
void driver_set_avail_idx(struct world *w, unsigned queue, uint16_t idx);
struct w_desc *driver_desc(struct world *w, unsigned queue, unsigned n);

#endif
