/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The virtio network device's configuration space (OASIS virtio 1.1, section
 * 4.1; PCI Local Bus Specification 3.0, chapter 6).
 *
 * It has no power management and no PCI Express capability: the function
 * beneath stays the VMM's and in full power, whatever the guest does.
 */
#include <string.h>
#include <vmm/error.h>
#include "virtio_net_priv.h"
#include "virtio_net_regs.h"

#define PCI_COMMAND	0x04u
#define PCI_STATUS	0x06u
#define PCI_CACHE_LINE	0x0cu
#define PCI_HEADER_TYPE	0x0eu
#define PCI_CAPS	0x34u
#define PCI_LINE	0x3cu
#define PCI_PIN		0x3du

#define COMMAND_IO	0x0001u
#define COMMAND_MASTER	0x0004u
#define COMMAND_BITS	0x0546u	/* MEM MASTER PARITY SERR INTX_OFF */
#define STATUS_CAPS	0x10u
#define STATUS_INTX	0x08u

/* Where the capabilities are. */
#define CAP_MSIX	0x40u
#define CAP_COMMON	0x50u
#define CAP_NOTIFY	0x60u
#define CAP_ISR		0x74u
#define CAP_DEVICE	0x84u
#define CAP_PCI		0x94u
#define CAP_PORTS	0xa8u	/* if there are any: notifications again */

#define MSIX_CONTROL_HIGH	(CAP_MSIX + 3)
#define MSIX_ENABLE		0x80u	/* in that byte */
#define MSIX_MASK_ALL		0x40u

/* The window to the BAR (4.1.4.8). */
#define WINDOW_BAR	(CAP_PCI + 4)
#define WINDOW_OFFSET	(CAP_PCI + 8)
#define WINDOW_LENGTH	(CAP_PCI + 12)
#define WINDOW_DATA	(CAP_PCI + 16)

static void put16(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)value;
	p[1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *p, uint32_t value)
{
	put16(p, value);
	put16(p + 2, value >> 16);
}

static uint32_t get32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
		(uint32_t)p[3] << 24;
}

/* struct virtio_pci_cap (4.1.4). */
static void put_cap(struct virtio_net *vn, unsigned at, unsigned next,
		    unsigned type, uint32_t offset, uint32_t length)
{
	uint8_t *p = &vn->config[at];

	p[0] = 0x09;			/* vendor-specific */
	p[1] = (uint8_t)next;
	p[2] = type == 2 || type == 5 ? 20 : 16;
	p[3] = (uint8_t)type;
	p[4] = type == 5 ? 0 : (uint8_t)vn->setup.bar;
	put32(p + 8, offset);
	put32(p + 12, length);
}

static void put_notify(struct virtio_net *vn, unsigned at, unsigned next,
		       unsigned bar, uint32_t offset)
{
	put_cap(vn, at, next, 2, offset, QUEUES * VIRTIO_NET_NOTIFY_STEP);
	vn->config[at + 4] = (uint8_t)bar;
	put32(&vn->config[at + 16], VIRTIO_NET_NOTIFY_STEP);
}

static bool has_ports(const struct virtio_net *vn)
{
	return vn->setup.ports != VIRTIO_NET_NO_PORTS;
}

void vnet_pci_init(struct virtio_net *vn)
{
	uint8_t *c = vn->config;
	uint32_t bar = vn->setup.bar;

	memset(c, 0, sizeof(vn->config));
	put32(&c[0x00], 0x10411af4);	/* 4.1.2: 0x1040 + network */
	put32(&c[0x08], 0x02000001);	/* Ethernet, revision 1 */
	c[PCI_HEADER_TYPE] = vn->setup.multifunction ? 0x80 : 0;
	put32(&c[0x2c], 0x11001af4);
	c[PCI_CAPS] = CAP_MSIX;
	c[PCI_PIN] = vn->setup.ops->intx ? 1 : 0;
	c[CAP_MSIX] = 0x11;
	c[CAP_MSIX + 1] = CAP_COMMON;
	put16(&c[CAP_MSIX + 2], vn->setup.vectors - 1);
	put32(&c[CAP_MSIX + 4], REG_MSIX | bar);
	put32(&c[CAP_MSIX + 8], REG_PBA | bar);
	/* The first that a driver can use is the one it should (4.1.4). */
	put_cap(vn, CAP_COMMON, has_ports(vn) ? CAP_PORTS : CAP_NOTIFY, 1,
		REG_COMMON, COMMON_SIZE);
	if (has_ports(vn))
		put_notify(vn, CAP_PORTS, CAP_NOTIFY, vn->setup.ports, 0);
	put_notify(vn, CAP_NOTIFY, CAP_ISR, bar, VIRTIO_NET_NOTIFY);
	put_cap(vn, CAP_ISR, CAP_DEVICE, 3, REG_ISR, 4);
	put_cap(vn, CAP_DEVICE, CAP_PCI, 4, REG_DEVICE, DEVICE_SIZE);
	put_cap(vn, CAP_PCI, 0, 5, 0, 0);
}

bool vnet_msix_enabled(const struct virtio_net *vn)
{
	return vn->config[MSIX_CONTROL_HIGH] & MSIX_ENABLE;
}

bool vnet_msix_masked(const struct virtio_net *vn)
{
	return vn->config[MSIX_CONTROL_HIGH] & MSIX_MASK_ALL;
}

/* --- the window: 1, 2 or 4 bytes, where alignment fits (4.1.4.8.1); what is in
 * the I/O BAR is in the other one, too --- */

static bool window(const struct virtio_net *vn, uint32_t *offset,
		   uint32_t *length)
{
	*offset = get32(&vn->config[WINDOW_OFFSET]);
	*length = get32(&vn->config[WINDOW_LENGTH]);
	return vn->config[WINDOW_BAR] == vn->setup.bar &&
		(*length == 1 || *length == 2 || *length == 4) &&
		!(*offset & (*length - 1)) && *offset < vn->setup.bar_size;
}

static void window_read(struct virtio_net *vn)
{
	uint32_t offset, length;

	if (window(vn, &offset, &length))
		put32(&vn->config[WINDOW_DATA],
		      (uint32_t)virtio_net_bar_read(vn, offset, length));
}

static void window_write(struct virtio_net *vn)
{
	uint32_t offset, length;

	if (window(vn, &offset, &length))
		virtio_net_bar_write(vn, offset, length,
				     get32(&vn->config[WINDOW_DATA]));
}

/* --- accesses --- */

static bool valid(unsigned offset, unsigned size)
{
	return offset < 256 && size >= 1 && size <= 4 &&
		(offset & 3) + size <= 4;
}

static void refresh(struct virtio_net *vn)
{
	put16(&vn->config[PCI_COMMAND], vn->command);
	vn->config[PCI_STATUS] = STATUS_CAPS |
		(vn->isr && !vnet_msix_enabled(vn) ? STATUS_INTX : 0);
}

uint32_t virtio_net_config_read(struct virtio_net *vn, unsigned offset,
				unsigned size)
{
	uint32_t value = 0;

	/* 0x100 on: no extended capabilities. */
	if (!valid(offset, size))
		return 0;
	if (offset == WINDOW_DATA)
		window_read(vn);
	refresh(vn);
	memcpy(&value, &vn->config[offset], size);
	return value;
}

/* Which bits of a byte the guest may set. */
static uint8_t writable(const struct virtio_net *vn, unsigned offset)
{
	switch (offset) {
	case PCI_COMMAND:
		return (COMMAND_BITS & 0xff) |
			(has_ports(vn) ? COMMAND_IO : 0);
	case PCI_COMMAND + 1:
		return COMMAND_BITS >> 8;
	case PCI_CACHE_LINE:
	case PCI_LINE:
	case WINDOW_BAR:
		return 0xff;
	case MSIX_CONTROL_HIGH:
		return MSIX_ENABLE | MSIX_MASK_ALL;
	}
	return offset >= WINDOW_OFFSET && offset < WINDOW_DATA + 4 ? 0xff : 0;
}

void virtio_net_config_write(struct virtio_net *vn, unsigned offset,
			     unsigned size, uint32_t value)
{
	unsigned i;

	if (!valid(offset, size))
		return;
	refresh(vn);
	for (i = 0; i < size; i++) {
		uint8_t mask = writable(vn, offset + i);
		uint8_t *byte = &vn->config[offset + i];

		*byte = (uint8_t)((*byte & ~mask) | (value >> 8 * i & mask));
	}
	if (offset == WINDOW_DATA) {
		window_write(vn);
	} else if (offset < PCI_CACHE_LINE) {
		memcpy(&vn->command, &vn->config[PCI_COMMAND], 2);
		vnet_irq_update(vn);
		vnet_update(vn);
	} else if (offset / 4 == CAP_MSIX / 4) {
		vnet_irq_update(vn);
	}
}
