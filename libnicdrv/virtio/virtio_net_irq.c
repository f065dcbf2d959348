/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interrupts of the virtio network device: MSI-X (PCI Local Bus Specification
 * 3.0, 6.8.2 and 6.8.3), or the interrupt pin with the ISR register (OASIS
 * virtio 1.1, 4.1.4.5).
 */
#include "virtio_net_priv.h"

#define COMMAND_MASTER		0x0004u
#define COMMAND_INTX_OFF	0x0400u

static bool held_back(const struct virtio_net *vn, unsigned vector)
{
	return vnet_msix_masked(vn) || !(vn->command & COMMAND_MASTER) ||
		(vn->msix[vector].control & MSIX_MASKED);
}

static void send(struct virtio_net *vn, unsigned vector)
{
	const struct msix_entry *e = &vn->msix[vector];

	vn->stats.interrupts++;
	vn->setup.ops->raise(vn->setup.ctx,
			     (uint64_t)e->address_high << 32 | e->address_low,
			     e->data);
}

static void set_pin(struct virtio_net *vn)
{
	const struct virtio_net_ops *ops = vn->setup.ops;

	if (ops->intx)
		ops->intx(vn->setup.ctx, vn->isr && !vnet_msix_enabled(vn) &&
			  !(vn->command & COMMAND_INTX_OFF));
}

void vnet_irq(struct virtio_net *vn, uint16_t vector, uint8_t cause)
{
	if (!vnet_msix_enabled(vn)) {
		vn->isr |= cause;
		vn->stats.interrupts++;
		set_pin(vn);
	} else if (vector < vn->setup.vectors) {	/* it may be NO_VECTOR */
		if (held_back(vn, vector))
			vn->pending |= 1u << vector;
		else
			send(vn, vector);
	}
}

void vnet_irq_update(struct virtio_net *vn)
{
	unsigned i;

	set_pin(vn);
	if (!vnet_msix_enabled(vn))
		return;
	for (i = 0; i < vn->setup.vectors; i++)
		if ((vn->pending >> i & 1) && !held_back(vn, i)) {
			vn->pending &= ~(1u << i);
			send(vn, i);
		}
}

uint8_t vnet_isr_read(struct virtio_net *vn)
{
	uint8_t isr = vn->isr;

	vn->isr = 0;
	set_pin(vn);
	return isr;
}

uint32_t vnet_msix_read(const struct virtio_net *vn, unsigned offset)
{
	const struct msix_entry *e = &vn->msix[offset / 16];

	switch (offset % 16) {
	case 0:
		return e->address_low;
	case 4:
		return e->address_high;
	case 8:
		return e->data;
	default:
		return e->control;
	}
}

void vnet_msix_write(struct virtio_net *vn, unsigned offset, uint32_t value)
{
	struct msix_entry *e = &vn->msix[offset / 16];

	switch (offset % 16) {
	case 0:
		e->address_low = value & ~3u;
		break;
	case 4:
		e->address_high = value;
		break;
	case 8:
		e->data = value;
		break;
	default:
		e->control = value & MSIX_MASKED;
		vnet_irq_update(vn);
	}
}
