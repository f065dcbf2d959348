/* SPDX-License-Identifier: BSD-3-Clause */
/* The virtio network device's registers (OASIS virtio 1.1, 4.1.4, 5.1.4). */
#include <string.h>
#include "virtio_net_priv.h"
#include "virtio_net_regs.h"

/* struct virtio_pci_common_cfg (4.1.4.3), as memory has it. */
struct common {
	uint32_t device_feature_select, device_feature;
	uint32_t driver_feature_select, driver_feature;
	uint16_t config_vector, num_queues;
	uint8_t status, generation;
	uint16_t queue_select, queue_size, queue_vector, queue_enable;
	uint16_t queue_notify_off;
	uint32_t queue_desc[2], queue_driver[2], queue_device[2];
};
VMM_STATIC_ASSERT(sizeof(struct common) == COMMON_SIZE, "virtio 4.1.4.3");

#define AT(field)	((unsigned)offsetof(struct common, field))

struct device {			/* struct virtio_net_config (5.1.4) */
	uint8_t mac[6];
	uint16_t status, max_virtqueue_pairs, mtu;
};
VMM_STATIC_ASSERT(sizeof(struct device) == DEVICE_SIZE, "virtio 5.1.4");

#define LINK_UP		1u

/* A half of the 64 feature bits; the rest are 0. */
static uint32_t half(uint64_t bits, uint32_t select)
{
	return select > 1 ? 0 : (uint32_t)(bits >> 32 * select);
}

static void split(uint32_t to[2], uint64_t value)
{
	to[0] = (uint32_t)value;
	to[1] = (uint32_t)(value >> 32);
}

static void show_queue(const struct vring *r, uint16_t number,
		       struct common *c)
{
	c->queue_size = r->num;
	c->queue_vector = r->vector;
	c->queue_enable = r->enabled;
	c->queue_notify_off = number;
	split(c->queue_desc, r->desc_pa);
	split(c->queue_driver, r->avail_pa);
	split(c->queue_device, r->used_pa);
}

static void common_show(const struct virtio_net *vn, struct common *c)
{
	*c = (struct common){
		.device_feature_select = vn->device_feature_select,
		.device_feature = half(vn->offered, vn->device_feature_select),
		.driver_feature_select = vn->driver_feature_select,
		.driver_feature = half(vn->accepted, vn->driver_feature_select),
		.config_vector = vn->config_vector,
		.num_queues = QUEUES,
		.status = vn->status,
		.generation = vn->generation,
		.queue_select = vn->queue_select,
		.queue_vector = NO_VECTOR,
	};
	/* No such queue: the size is 0 (4.1.4.3.1). */
	if (vn->queue_select < QUEUES)
		show_queue(&vn->queue[vn->queue_select], vn->queue_select, c);
}

static void device_show(const struct virtio_net *vn, struct device *d)
{
	*d = (struct device){
		.status = vn->link_up ? LINK_UP : 0,
		.max_virtqueue_pairs = 1,
		.mtu = vn->setup.mtu,
	};
	memcpy(d->mac, vn->mac, sizeof(d->mac));
}

/* --- writes --- */

static void set_half64(uint64_t *to, unsigned high, uint32_t value)
{
	uint64_t keep = high ? UINT32_MAX : ~(uint64_t)UINT32_MAX;

	*to = (*to & keep) | (uint64_t)value << (high ? 32 : 0);
}

static void accept_features(struct virtio_net *vn, uint32_t value)
{
	/* They are settled with FEATURES_OK (3.1.1). */
	if (vn->driver_feature_select < 2 && !(vn->status & S_FEATURES_OK))
		set_half64(&vn->accepted, vn->driver_feature_select, value);
}

static uint16_t vector_or_none(const struct virtio_net *vn, uint32_t value)
{
	return value < vn->setup.vectors ? (uint16_t)value : NO_VECTOR;
}

static void set_queue_size(struct vring *r, uint32_t value)
{
	/* Others are not accepted, as the driver reads (4.1.4.3.2). */
	if (value && value <= VIRTIO_NET_QUEUE_MAX && !(value & (value - 1)))
		r->num = (uint16_t)value;
}

/* The registers of the selected queue; a queue that is enabled keeps what it
 * has (4.1.4.3.2), but for its vector. */
static void queue_write(const struct virtio_net *vn, struct vring *r,
			unsigned at, uint32_t value)
{
	if (at == AT(queue_vector))
		r->vector = vector_or_none(vn, value);
	if (r->enabled)
		return;
	switch (at) {
	case AT(queue_size):
		set_queue_size(r, value);
		break;
	case AT(queue_enable):
		r->enabled = value == 1;
		break;
	case AT(queue_desc):
	case AT(queue_desc) + 4:
		set_half64(&r->desc_pa, at > AT(queue_desc), value);
		break;
	case AT(queue_driver):
	case AT(queue_driver) + 4:
		set_half64(&r->avail_pa, at > AT(queue_driver), value);
		break;
	case AT(queue_device):
	case AT(queue_device) + 4:
		set_half64(&r->used_pa, at > AT(queue_device), value);
		break;
	}
}

/* The width that a register is written with (4.1.3.1). */
static unsigned width(unsigned at)
{
	if (at < AT(config_vector) || at >= AT(queue_desc))
		return 4;
	return at == AT(status) || at == AT(generation) ? 1 : 2;
}

static void common_write(struct virtio_net *vn, unsigned at, unsigned size,
			 uint32_t value)
{
	if (size != width(at) || at % size)
		return;
	switch (at) {
	case AT(device_feature_select):
		vn->device_feature_select = value;
		break;
	case AT(driver_feature_select):
		vn->driver_feature_select = value;
		break;
	case AT(driver_feature):
		accept_features(vn, value);
		break;
	case AT(config_vector):
		vn->config_vector = vector_or_none(vn, value);
		break;
	case AT(status):
		vnet_status_write(vn, (uint8_t)value);
		break;
	case AT(queue_select):
		vn->queue_select = (uint16_t)value;
		break;
	default:
		if (vn->queue_select < QUEUES)
			queue_write(vn, &vn->queue[vn->queue_select], at,
				    value);
	}
}

/* --- the BAR --- */

/* What a register block is; off: from its start. */
static bool within(uint64_t offset, unsigned size, uint64_t start,
		   uint64_t length)
{
	return offset >= start && offset - start < length &&
		length - (offset - start) >= size;
}

static bool aligned(uint64_t offset, unsigned size)
{
	return size == 4 && !(offset & 3);
}

uint64_t virtio_net_bar_read(struct virtio_net *vn, uint64_t offset,
			     unsigned size)
{
	uint64_t value = 0;
	struct common c;
	struct device d;

	if (size < 1 || size > 8)
		return 0;
	if (within(offset, size, REG_COMMON, COMMON_SIZE)) {
		common_show(vn, &c);
		memcpy(&value, (uint8_t *)&c + (offset - REG_COMMON), size);
	} else if (within(offset, size, REG_DEVICE, DEVICE_SIZE)) {
		device_show(vn, &d);
		memcpy(&value, (uint8_t *)&d + (offset - REG_DEVICE), size);
	} else if (offset == REG_ISR) {
		value = vnet_isr_read(vn);
	} else if (within(offset, size, REG_MSIX,
			  vn->setup.vectors * 16)) {
		if (size == 8)
			return virtio_net_bar_read(vn, offset, 4) |
				virtio_net_bar_read(vn, offset + 4, 4) << 32;
		if (aligned(offset, size))
			value = vnet_msix_read(vn,
					       (unsigned)(offset - REG_MSIX));
	} else if (offset == REG_PBA) {
		value = vn->pending;
	}
	return value;
}

void virtio_net_bar_write(struct virtio_net *vn, uint64_t offset,
			  unsigned size, uint64_t value)
{
	if (offset >= VIRTIO_NET_NOTIFY) {
		if (offset < VIRTIO_NET_NOTIFY + VMM_PAGE_SIZE)
			virtio_net_notify(vn, offset - VIRTIO_NET_NOTIFY);
	} else if (size == 8) {
		virtio_net_bar_write(vn, offset, 4, (uint32_t)value);
		virtio_net_bar_write(vn, offset + 4, 4, value >> 32);
	} else if (size != 1 && size != 2 && size != 4) {
		return;
	} else if (within(offset, size, REG_COMMON, COMMON_SIZE)) {
		common_write(vn, (unsigned)(offset - REG_COMMON), size,
			     (uint32_t)value);
	} else if (within(offset, size, REG_MSIX,
			  vn->setup.vectors * 16) &&
		   aligned(offset, size)) {
		vnet_msix_write(vn, (unsigned)(offset - REG_MSIX),
				(uint32_t)value);
	}
}
