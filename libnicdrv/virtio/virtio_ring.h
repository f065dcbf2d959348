/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device's side of a split virtqueue (OASIS virtio 1.1, section 2.6).
 *
 * The ring lies in the guest's memory and may change under the device's
 * hands: everything is read once, checked, and only the copy is used.  Pure:
 * memory is reached through a function.
 */
#ifndef NICDRV_VIRTIO_RING_H
#define NICDRV_VIRTIO_RING_H

#include <stdbool.h>
#include <nicdrv/virtio_net.h>
#include <vmm/compiler.h>

/* The longest ring, and therefore the longest chain (2.6.5.3.1). */
#define VRING_MAX	VIRTIO_NET_QUEUE_MAX

struct vring_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};
VMM_STATIC_ASSERT(sizeof(struct vring_desc) == 16, "virtio 1.1, 2.6.5");

struct vring_avail {
	uint16_t flags, idx;
	uint16_t ring[];	/* num entries, then used_event */
};

struct vring_used_elem {
	uint32_t id, len;
};

struct vring_used {
	uint16_t flags, idx;
	struct vring_used_elem ring[];	/* num entries, then avail_event */
};

/* How a ring reaches the guest's memory: see struct virtio_net_ops. */
struct vring_memory {
	void *(*mem)(void *ctx, uint64_t pa, uint64_t len);
	void *ctx;
};

struct vring {
	/* As the driver has set them in the common configuration. */
	uint64_t desc_pa, avail_pa, used_pa;
	uint16_t num;
	uint16_t vector;	/* of MSI-X, for its interrupts */
	bool enabled;

	/* Valid while it runs. */
	bool running, event_idx, indirect;
	const struct vring_desc *desc;
	const struct vring_avail *avail;
	struct vring_used *used;
	struct vring_memory memory;
	uint16_t next_avail;	/* entries taken from the available ring */
	uint16_t next_used;	/* entries put into the used ring */
	uint16_t told_used;	/* those of them that the driver may see */
	const char *wrong;	/* what a -EPROTO was about */
	uint64_t taken[VRING_MAX / 64];	/* heads that the device holds */
};

/* One chain, as it was when it was read. */
struct vring_chain {
	uint16_t head;
	unsigned out, in;	/* fragments to be read, then to be written */
	uint64_t out_len, in_len;
	void *first;		/* where the VMM has frag[0] */
	struct nic_frag frag[VRING_MAX];
};

/* Begin with the addresses and the size set.  -EINVAL: size or alignment;
 * -EFAULT: not in the guest's memory. */
int vring_start(struct vring *r, const struct vring_memory *memory,
		bool event_idx, bool indirect) VMM_MUST_CHECK;
/* Forget all, the driver's settings too. */
void vring_reset(struct vring *r);

/* All of these: the ring runs.  -EPROTO: the driver broke the rules, r->wrong
 * says how. */

/* Take the next head, which is the device's until vring_push().
 * 1; 0: there is none. */
int vring_pop(struct vring *r, uint16_t *head) VMM_MUST_CHECK;
/* As if the head popped last had not been. */
void vring_unpop(struct vring *r, uint16_t head);
/* Read and check the chain of a head that the device holds. */
int vring_walk(struct vring *r, uint16_t head, struct vring_chain *chain)
	VMM_MUST_CHECK;
/* Give a head back with len bytes written; seen at vring_publish(). */
void vring_push(struct vring *r, uint16_t head, uint32_t len);
/* Was anything pushed that the driver has not been shown? */
static inline bool vring_has_news(const struct vring *r)
{
	return r->told_used != r->next_used;
}
/* Show it.  True: interrupt the driver. */
bool vring_publish(struct vring *r);
/* Ask for notifications, or say that none are needed.  True: asked for, and
 * there is something already. */
bool vring_notify_me(struct vring *r, bool on);

#endif
