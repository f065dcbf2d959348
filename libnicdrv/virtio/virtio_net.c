/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The virtio network device: its life from reset to DRIVER_OK and back (OASIS
 * virtio 1.1, sections 2.1, 2.2 and 3.1).
 */
#include <string.h>
#include <vmm/log.h>
#include <vmm/printf.h>
#include "virtio_net_priv.h"

#define COMMAND_MASTER	0x0004u

/* What needs which (5.1.3.1); all else goes alone. */
static const struct {
	uint64_t feature, needs;
} requirements[] = {
	{ F_GUEST_TSO4, F_GUEST_CSUM },
	{ F_GUEST_TSO6, F_GUEST_CSUM },
	{ F_CTRL_OFFLOADS, F_CTRL_VQ },
	{ F_HOST_TSO4, F_CSUM },
	{ F_HOST_TSO6, F_CSUM },
	{ F_CTRL_RX, F_CTRL_VQ },
	{ F_CTRL_VLAN, F_CTRL_VQ },
	{ F_CTRL_MAC_ADDR, F_CTRL_VQ },
};

static const char *const queue_names[QUEUES] = {
	"receive", "transmit", "control",
};

static uint64_t offer(const struct virtio_net_setup *s)
{
	uint64_t f = F_MTU | F_MAC | F_MRG_RXBUF | F_STATUS | F_CTRL_VQ |
		F_CTRL_RX | F_CTRL_VLAN | F_CTRL_MAC_ADDR | F_INDIRECT |
		F_EVENT_IDX | F_VERSION_1;

	/* Segments are merged here, but only if their sums are right. */
	if (s->nic_caps & NIC_CAP_RX_CSUM)
		f |= F_GUEST_CSUM | F_GUEST_TSO4 | F_GUEST_TSO6 |
			F_CTRL_OFFLOADS;
	if (!(s->nic_caps & NIC_CAP_TX_CSUM))
		return f;
	f |= F_CSUM;
	if (s->nic_caps & NIC_CAP_TSO4)
		f |= F_HOST_TSO4;
	if (s->nic_caps & NIC_CAP_TSO6)
		f |= F_HOST_TSO6;
	return f;
}

/* All that a reset of the device resets (2.1, 4.1.4.3.1).  It is not live. */
static void clear(struct virtio_net *vn)
{
	unsigned i;

	vn->accepted = vn->offloads = 0;
	vn->device_feature_select = vn->driver_feature_select = 0;
	vn->queue_select = 0;
	vn->config_vector = NO_VECTOR;
	vn->status = 0;
	vn->pending = 0;
	vnet_isr_read(vn);
	for (i = 0; i < QUEUES; i++) {
		vring_reset(&vn->queue[i]);
		vn->queue[i].num = VIRTIO_NET_QUEUE_MAX;
		vn->queue[i].vector = NO_VECTOR;
	}
	memcpy(vn->mac, vn->setup.mac, sizeof(vn->mac));
	vnet_rx_reset(vn);
	vnet_tx_reset(vn);
	vnet_filter_reset(vn);
}

size_t virtio_net_size(void)
{
	return sizeof(struct virtio_net);
}

struct virtio_net *virtio_net_init(void *memory,
				   const struct virtio_net_setup *setup)
{
	struct virtio_net *vn = memory;
	unsigned i;

	memset(vn, 0, sizeof(*vn));
	vn->setup = *setup;
	vn->link_up = setup->link_up;
	vn->offered = offer(setup);
	for (i = 0; i < setup->vectors; i++)
		vn->msix[i].control = MSIX_MASKED;	/* PCI 3.0, 6.8.2.9 */
	vnet_pci_init(vn);
	clear(vn);
	return vn;
}

/* --- status --- */

static bool features_good(const struct virtio_net *vn)
{
	unsigned i;

	if ((vn->accepted & ~vn->offered) || !vnet_has(vn, F_VERSION_1))
		return false;
	for (i = 0; i < VMM_ARRAY_SIZE(requirements); i++)
		if (vnet_has(vn, requirements[i].feature) &&
		    !vnet_has(vn, requirements[i].needs))
			return false;
	return true;
}

static void start_queues(struct virtio_net *vn)
{
	struct vring_memory memory = {
		.mem = vn->setup.ops->mem, .ctx = vn->setup.ctx,
	};
	unsigned i;

	vn->offloads = vn->accepted & OFFLOADS;	/* 5.1.6.5.6 */
	vnet_merge_update(vn);
	for (i = 0; i < QUEUES; i++) {
		struct vring *r = &vn->queue[i];

		if (!r->enabled)
			continue;
		r->wrong = "addresses that cannot be right";
		if (vring_start(r, &memory, vnet_has(vn, F_EVENT_IDX),
				vnet_has(vn, F_INDIRECT)) < 0)
			vnet_fail(vn, i);
	}
}

static void reset(struct virtio_net *vn)
{
	if (vn->status)
		vn->stats.resets++;
	vn->status = 0;
	vnet_update(vn);	/* nothing of the guest's is used any more */
	clear(vn);
}

void vnet_status_write(struct virtio_net *vn, uint8_t value)
{
	uint8_t old = vn->status;

	if (!value) {
		reset(vn);
		return;
	}
	/* Only a reset clears bits (2.1.1). */
	value = (uint8_t)((value & ~S_NEEDS_RESET) | old);
	if ((value & ~old & S_FEATURES_OK) && !features_good(vn))
		value &= (uint8_t)~S_FEATURES_OK;
	if (!(value & S_FEATURES_OK))
		value &= (uint8_t)~S_DRIVER_OK;
	vn->status = value;
	if (value & ~old & S_DRIVER_OK)
		start_queues(vn);
	vnet_update(vn);
}

static bool should_live(const struct virtio_net *vn)
{
	return (vn->status & (S_DRIVER_OK | S_NEEDS_RESET | S_FAILED)) ==
		S_DRIVER_OK && (vn->command & COMMAND_MASTER);
}

/* Begin: what the guest asked for before is there already. */
static void begin(struct virtio_net *vn)
{
	vn->attached = true;
	vn->setup.ops->attach(vn->setup.ctx, true);
	vnet_filter_apply(vn);
	vnet_tx_resume(vn);
	vn->tx_again = true;	/* look what there is */
	virtio_net_poll(vn);
}

void vnet_update(struct virtio_net *vn)
{
	vn->live = should_live(vn);
	if (vn->live == vn->attached)
		return;
	if (vn->live) {
		begin(vn);
		return;
	}
	vn->setup.ops->attach(vn->setup.ctx, false);
	vn->attached = false;
	vnet_merge_drop(vn);
}

void vnet_fail(struct virtio_net *vn, unsigned queue)
{
	static struct vmm_ratelimit limit = VMM_RATELIMIT(3);
	uint32_t suppressed;

	vn->stats.violations++;
	if (vmm_ratelimit_ok(&limit, &suppressed))
		vmm_log_warning("virtio_net: %s queue: %s; the device needs a"
				" reset\n", queue_names[queue],
				vn->queue[queue].wrong);
	if (vn->status & S_NEEDS_RESET)
		return;
	vn->status |= S_NEEDS_RESET;
	vn->live = false;	/* the rest is virtio_net_poll()'s */
	vnet_irq(vn, vn->config_vector, ISR_CONFIG);	/* 2.1.2 */
	vn->setup.ops->wake(vn->setup.ctx);
}

void vnet_config_changed(struct virtio_net *vn)
{
	vn->generation++;
	if (vn->live)
		vnet_irq(vn, vn->config_vector, ISR_CONFIG);
}

void virtio_net_link(struct virtio_net *vn, bool up)
{
	if (up == vn->link_up)
		return;
	vn->link_up = up;
	vnet_config_changed(vn);
}

/* --- work --- */

static bool runs(const struct virtio_net *vn, unsigned queue)
{
	return vn->live && vn->queue[queue].running;
}

/* Show the driver what is done, and interrupt it if it likes; once if queues
 * share a vector. */
static void publish(struct virtio_net *vn)
{
	uint16_t last = NO_VECTOR;
	unsigned i;

	for (i = 0; i < QUEUES; i++) {
		struct vring *r = &vn->queue[i];

		if (!runs(vn, i) || !vring_has_news(r) || !vring_publish(r) ||
		    (r->vector == last && last != NO_VECTOR))
			continue;
		last = r->vector;
		vnet_irq(vn, last, ISR_QUEUE);
	}
}

void virtio_net_notify(struct virtio_net *vn, uint64_t offset)
{
	vn->stats.notifications++;
	switch (offset / VIRTIO_NET_NOTIFY_STEP) {
	case Q_RX:
		if (runs(vn, Q_RX))
			vnet_rx_run(vn);
		break;
	case Q_TX:
		if (runs(vn, Q_TX) && !vn->tx_again)
			vnet_tx_run(vn);
		break;
	case Q_CTRL:
		if (runs(vn, Q_CTRL))
			vnet_ctrl_run(vn);
		break;
	default:
		return;
	}
	publish(vn);
	vnet_update(vn);	/* it may have failed */
}

void virtio_net_flush(struct virtio_net *vn)
{
	if (runs(vn, Q_RX)) {
		vnet_merge_close(vn);
		vnet_rx_run(vn);
	}
	if (runs(vn, Q_TX) && vn->tx_again)
		vnet_tx_run(vn);
	publish(vn);
}

void virtio_net_poll(struct virtio_net *vn)
{
	vnet_update(vn);
	if (runs(vn, Q_CTRL))
		vnet_ctrl_run(vn);
	virtio_net_flush(vn);
	vnet_update(vn);	/* one of them may have failed */
}

/* --- for people --- */

const struct virtio_net_stats *virtio_net_stats(const struct virtio_net *vn)
{
	return &vn->stats;
}

void virtio_net_dump(const struct virtio_net *vn, nic_print *print, void *ctx)
{
	char line[128];
	unsigned i;

	vmm_snprintf(line, sizeof(line), "status %#x command %#x features %#llx"
		     " msix %u pending %#x posted %u held %u", vn->status,
		     vn->command, (unsigned long long)vn->accepted,
		     vnet_msix_enabled(vn), vn->pending, vn->posted,
		     vn->held_count);
	print(ctx, line);
	vmm_snprintf(line, sizeof(line), "offloads %#llx merged %llu into %llu",
		     (unsigned long long)vn->offloads,
		     (unsigned long long)vn->stats.rx_merged,
		     (unsigned long long)vn->stats.rx_packets);
	print(ctx, line);
	for (i = 0; i < QUEUES; i++) {
		const struct vring *r = &vn->queue[i];

		vmm_snprintf(line, sizeof(line), "%s: size %u vector %#x"
			     " running %u taken %u used %u", queue_names[i],
			     r->num, r->vector, r->running, r->next_avail,
			     r->next_used);
		print(ctx, line);
	}
}
