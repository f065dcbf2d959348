/* SPDX-License-Identifier: BSD-3-Clause */
/* The control queue (OASIS virtio 1.1, 5.1.6.5), and the filter for received
 * frames that the driver sets with it. */
#include <string.h>
#include <vmm/error.h>
#include "virtio_net_priv.h"

#define ACK_OK	0u
#define ACK_ERR	1u

/* Classes, and their commands. */
#define CTRL_RX			0u
#define RX_PROMISC		0u
#define RX_ALLMULTI		1u
#define CTRL_MAC		1u
#define MAC_TABLE_SET		0u
#define MAC_ADDR_SET		1u
#define CTRL_VLAN		2u
#define VLAN_ADD		0u
#define VLAN_DEL		1u

#define CTRL_OFFLOADS		5u
#define OFFLOADS_SET		0u

#define VLAN_IDS		4096u

/* --- the filter --- */

void vnet_filter_reset(struct virtio_net *vn)
{
	memset(&vn->filter, 0, sizeof(vn->filter));
	vn->filter.allmulti = true;	/* until the driver says otherwise */
}

static bool is_multicast(const uint8_t *mac)
{
	return mac[0] & 1;
}

static bool is_broadcast(const uint8_t *mac)
{
	static const uint8_t ones[6] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	};

	return !memcmp(mac, ones, 6);
}

static bool promiscuous(const struct virtio_net *vn)
{
	/* A driver that cannot ask for less gets all, as it always was. */
	return !vnet_has(vn, F_CTRL_RX) || vn->filter.promisc ||
		vn->filter.full[0];
}

static bool all_multicast(const struct virtio_net *vn)
{
	return vn->filter.allmulti || vn->filter.full[1];
}

void vnet_filter_apply(struct virtio_net *vn)
{
	struct rx_filter *f = &vn->filter;
	struct nic_filter wish = {
		.promisc = promiscuous(vn), .allmulti = all_multicast(vn),
		.mac = (const uint8_t (*)[6])f->mac, .count = f->count,
	};

	/* The address that the driver has set comes last. */
	if (memcmp(vn->mac, vn->setup.mac, 6)) {
		memcpy(f->mac[f->count], vn->mac, 6);
		wish.count++;
	}
	vn->setup.ops->filter(vn->setup.ctx, &wish);
}

static bool in_table(const struct rx_filter *f, const uint8_t *mac)
{
	unsigned i;

	for (i = 0; i < f->count; i++)
		if (!memcmp(f->mac[i], mac, 6))
			return true;
	return false;
}

/* The tag's VLAN, if the driver filters by that. */
static bool vlan_wanted(const struct virtio_net *vn, const uint8_t *head)
{
	unsigned id = (head[14] << 8 | head[15]) % VLAN_IDS;

	if (!vnet_has(vn, F_CTRL_VLAN) || head[12] != 0x81 || head[13])
		return true;
	return vn->filter.vlan[id / 64] >> id % 64 & 1;
}

bool vnet_filter_wants(const struct virtio_net *vn, const uint8_t *head)
{
	if (promiscuous(vn))
		return true;
	if (!vlan_wanted(vn, head))
		return false;
	if (!memcmp(head, vn->mac, 6) || is_broadcast(head))
		return true;
	if (is_multicast(head) && all_multicast(vn))
		return true;
	return in_table(&vn->filter, head);
}

/* --- commands --- */

/* The bytes of a command that were not read yet. */
struct command {
	const struct vring_memory *memory;
	const struct vring_chain *chain;
	uint64_t offset;
};

/* All of len bytes, or false. */
static bool get(struct command *c, void *to, size_t len)
{
	size_t n = vnet_gather(c->memory, c->chain->frag, c->chain->out,
			       c->offset, to, len);

	c->offset += n;
	return n == len;
}

static bool rx_command(struct virtio_net *vn, unsigned code, struct command *c)
{
	uint8_t on;

	if (!vnet_has(vn, F_CTRL_RX) || !get(c, &on, 1))
		return false;
	if (code == RX_PROMISC)
		vn->filter.promisc = on;
	else if (code == RX_ALLMULTI)
		vn->filter.allmulti = on;
	else
		return false;
	return true;
}

/* One of the two tables: a count, and addresses. */
static bool get_table(struct rx_filter *f, unsigned which, struct command *c)
{
	uint32_t n;

	if (!get(c, &n, 4) || n > (c->chain->out_len - c->offset) / 6)
		return false;
	f->full[which] = n > FILTER_MACS - f->count;
	if (f->full[which]) {
		c->offset += 6 * (uint64_t)n;
		return true;
	}
	while (n--)
		if (!get(c, f->mac[f->count++], 6))
			return false;
	return true;
}

static bool mac_command(struct virtio_net *vn, unsigned code,
			struct command *c)
{
	struct rx_filter *new = &vn->new_filter;
	uint8_t mac[6];

	if (code == MAC_TABLE_SET && vnet_has(vn, F_CTRL_RX)) {
		*new = vn->filter;
		new->count = 0;
		if (!get_table(new, 0, c) || !get_table(new, 1, c))
			return false;
		vn->filter = *new;
		return true;
	}
	if (code != MAC_ADDR_SET || !vnet_has(vn, F_CTRL_MAC_ADDR) ||
	    !get(c, mac, 6) || is_multicast(mac))
		return false;
	memcpy(vn->mac, mac, 6);
	return true;
}

static bool vlan_command(struct virtio_net *vn, unsigned code,
			 struct command *c)
{
	uint16_t id;
	uint64_t bit;

	if (!vnet_has(vn, F_CTRL_VLAN) || !get(c, &id, 2) || id >= VLAN_IDS)
		return false;
	bit = UINT64_C(1) << id % 64;
	if (code == VLAN_ADD)
		vn->filter.vlan[id / 64] |= bit;
	else if (code == VLAN_DEL)
		vn->filter.vlan[id / 64] &= ~bit;
	else
		return false;
	return true;
}

/* What the guest wants of what it has negotiated (5.1.6.5.6). */
static bool offloads_command(struct virtio_net *vn, unsigned code,
			     struct command *c)
{
	uint64_t on;

	if (!vnet_has(vn, F_CTRL_OFFLOADS) || code != OFFLOADS_SET ||
	    !get(c, &on, 8) || (on & ~(vn->accepted & OFFLOADS)))
		return false;
	vn->offloads = on;
	vnet_merge_update(vn);
	return true;
}

static bool command(struct virtio_net *vn)
{
	struct command c = { .memory = &vn->queue[Q_CTRL].memory,
			     .chain = &vn->chain };
	uint8_t what[2];	/* class, command */

	if (!get(&c, what, 2))
		return false;
	switch (what[0]) {
	case CTRL_RX:
		return rx_command(vn, what[1], &c);
	case CTRL_MAC:
		return mac_command(vn, what[1], &c);
	case CTRL_VLAN:
		return vlan_command(vn, what[1], &c);
	case CTRL_OFFLOADS:
		return offloads_command(vn, what[1], &c);
	default:
		return false;
	}
}

/* Take one command.  1: go on; 0: there is none; or it failed. */
static int take(struct virtio_net *vn)
{
	struct vring *r = &vn->queue[Q_CTRL];
	struct vring_chain *c = &vn->chain;
	uint16_t head;
	uint8_t ack;
	int rc = vring_pop(r, &head);

	if (rc <= 0)
		return rc;
	rc = vring_walk(r, head, c);
	if (rc < 0)
		return rc;
	if (!c->in) {
		r->wrong = "no room for the answer";
		return VMM_ERROR(EPROTO);
	}
	ack = command(vn) ? ACK_OK : ACK_ERR;
	vnet_scatter(&r->memory, c->frag + c->out, c->in, 0, &ack, 1);
	vring_push(r, head, 1);
	return 1;
}

void vnet_ctrl_run(struct virtio_net *vn)
{
	struct vring *r = &vn->queue[Q_CTRL];
	unsigned left = VRING_MAX;
	bool changed = false;
	int rc;

	do {
		while ((rc = take(vn)) > 0 && --left)
			changed = true;
	} while (!rc && vring_notify_me(r, true));
	if (changed || rc > 0)
		vnet_filter_apply(vn);
	if (rc < 0)
		vnet_fail(vn, Q_CTRL);
	else if (rc > 0)	/* more than a ring full */
		vn->setup.ops->wake(vn->setup.ctx);
}
