/* SPDX-License-Identifier: BSD-3-Clause */
/* The virtio network device in the NIC's place: between the guest's accesses,
 * the device and the switch. */
#include <string.h>
#include "netdev.h"
#include <vmm/error.h>
#include <vmm/gmem.h>
#include <vmm/log.h>
#include <vmm/msi.h>

#define MTU		1500u
#define VECTORS		2u	/* configuration, queues */
#define BAR_BYTES	(VMM_PCI_BARS * 4u)

/* --- what the device asks for --- */

static void *ask_mem(void *ctx, uint64_t pa, uint64_t len)
{
	struct netdev *nd = ctx;

	return vmm_gpa_direct(nd->device->vmm, pa, len);
}

static void ask_raise(void *ctx, uint64_t address, uint32_t data)
{
	static struct vmm_ratelimit limit = VMM_RATELIMIT(5);
	uint32_t suppressed;

	(void)ctx;
	if (vmm_msi_send(address, data) < 0 &&
	    vmm_ratelimit_ok(&limit, &suppressed))
		vmm_log_warning("virtio-net: the guest wants interrupts by a"
				" message that cannot be sent: %#llx, %#x\n",
				(unsigned long long)address, data);
}

static int ask_tx(void *ctx, const struct nic_tx *tx)
{
	struct netdev *nd = ctx;

	return net_guest_tx(nd->net, tx);
}

static void ask_tx_push(void *ctx)
{
	struct netdev *nd = ctx;

	net_guest_tx_push(nd->net);
}

static int ask_rx_post(void *ctx, uint64_t pa, uint32_t len, void *cookie)
{
	struct netdev *nd = ctx;

	return net_guest_rx_post(nd->net, pa, len, cookie);
}

static void ask_filter(void *ctx, const struct nic_filter *filter)
{
	struct netdev *nd = ctx;

	if (net_guest_filter(nd->net, filter) < 0)
		vmm_log_warning("virtio-net: the NIC does not take the"
				" guest's filter\n");
}

/* Whoever holds the lock polls before it lets go. */
static void ask_wake(void *ctx)
{
	struct netdev *nd = ctx;

	nd->woken = true;
}

/* --- what the switch has for it --- */

static void give_rx(void *guest, const struct nic_rx *rx)
{
	struct netdev *nd = guest;

	virtio_net_rx(nd->virtio, rx);
}

static int give_frame(void *guest, const void *frame, uint32_t len,
		      uint32_t flags)
{
	struct netdev *nd = guest;

	/* What never was on a wire cannot have been damaged there. */
	return virtio_net_deliver(nd->virtio, frame, len,
				  flags & NET_RX_LOCAL ? NIC_RX_CSUM_OK :
				  flags);
}

static void give_tx_done(void *guest, void *cookie, int error)
{
	struct netdev *nd = guest;

	(void)error;
	virtio_net_tx_done(nd->virtio, cookie);
}

static void give_flush(void *guest)
{
	struct netdev *nd = guest;

	virtio_net_flush(nd->virtio);
}

static void give_link(void *guest, const struct nic_link *link)
{
	struct netdev *nd = guest;

	virtio_net_link(nd->virtio, link->up);
}

static const struct net_guest_ops guest_ops = {
	.rx = give_rx,
	.deliver = give_frame,
	.tx_done = give_tx_done,
	.flush = give_flush,
	.link = give_link,
};

static void ask_attach(void *ctx, bool on)
{
	struct netdev *nd = ctx;

	net_guest_attach(nd->net, on ? &guest_ops : NULL, nd);
}

static const struct virtio_net_ops device_ops = {
	.mem = ask_mem,
	.raise = ask_raise,
	.attach = ask_attach,
	.tx = ask_tx,
	.tx_push = ask_tx_push,
	.rx_post = ask_rx_post,
	.filter = ask_filter,
	.wake = ask_wake,
};

/* --- the guest's accesses --- */

/* The device's BARs are two of the NIC's, one in memory and one of ports; the
 * others are not there. */
static bool is_bar(unsigned offset)
{
	return offset >= VMM_PCI_BAR0 && offset < VMM_PCI_BAR0 + BAR_BYTES;
}

/* One register, or two of a 64-bit BAR. */
static bool is_shown_bar(const struct netdev *nd, unsigned offset)
{
	unsigned n = (offset - VMM_PCI_BAR0) / 4;

	if (!is_bar(offset))
		return false;
	return n == nd->device->bar || n == nd->ports ||
		(n == nd->device->bar + 1 &&
		 nd->device->dev->bar[n - 1].kind == VMM_PCI_BAR_MEM64);
}

static uint32_t config_read(struct vmm_pci_dev *dev, unsigned offset,
			    unsigned size)
{
	struct netdev *nd = dev->ctx;
	uint32_t value;

	if (is_shown_bar(nd, offset))
		return vmm_pci_guest_read(dev, offset, size);
	if (is_bar(offset))
		return 0;
	vmm_spin_lock(&nd->lock);
	value = virtio_net_config_read(nd->virtio, offset, size);
	vmm_spin_unlock(&nd->lock);
	return value;
}

static void config_write(struct vmm_pci_dev *dev, unsigned offset,
			 unsigned size, uint32_t value)
{
	struct netdev *nd = dev->ctx;

	/* Where the guest has the BAR, and whether it decodes: PCI's work. */
	if (is_shown_bar(nd, offset) || offset == VMM_PCI_COMMAND)
		vmm_pci_guest_write(dev, offset, size, value);
	if (is_bar(offset))
		return;
	vmm_spin_lock(&nd->lock);
	virtio_net_config_write(nd->virtio, offset, size, value);
	netdev_poll(nd);
	vmm_spin_unlock(&nd->lock);
}

static const struct vmm_pci_ops pci_ops = {
	.config_read = config_read,
	.config_write = config_write,
	.hold = netdev_hold,
	.reset = netdev_reset,
};

/* Reads are rare: a driver reads while it starts, and the interrupt status only
 * without MSI-X. */
static int bar_read(struct vmm_vcpu *v, void *ctx, uint64_t offset,
		    unsigned size, uint64_t *value)
{
	struct netdev *nd = ctx;

	(void)v;
	vmm_spin_lock(&nd->lock);
	*value = virtio_net_bar_read(nd->virtio, offset, size);
	vmm_spin_unlock(&nd->lock);
	return 0;
}

/* Nothing but notifications.  The network runs at once, on this processor:
 * frames to send reach the NIC without an interrupt in between. */
static int ports_write(struct vmm_vcpu *v, void *ctx, uint64_t offset,
		       unsigned size, uint64_t value)
{
	struct netdev *nd = ctx;

	(void)v;
	(void)size;
	(void)value;
	vmm_spin_lock(&nd->lock);
	netdev_hush(nd);
	virtio_net_notify(nd->virtio, offset);
	netdev_poll_frames(nd);
	netdev_unhush(nd);
	vmm_spin_unlock(&nd->lock);
	return 0;
}

/* The same registers are in a page of the memory BAR. */
static int bar_write(struct vmm_vcpu *v, void *ctx, uint64_t offset,
		     unsigned size, uint64_t value)
{
	struct netdev *nd = ctx;

	if (offset - VIRTIO_NET_NOTIFY < VMM_PAGE_SIZE)
		return ports_write(v, ctx, offset - VIRTIO_NET_NOTIFY, size,
				   value);
	vmm_spin_lock(&nd->lock);
	netdev_hush(nd);
	virtio_net_bar_write(nd->virtio, offset, size, value);
	netdev_poll(nd);
	netdev_unhush(nd);
	vmm_spin_unlock(&nd->lock);
	return 0;
}

static int ports_read(struct vmm_vcpu *v, void *ctx, uint64_t offset,
		      unsigned size, uint64_t *value)
{
	(void)v;
	(void)ctx;
	(void)offset;
	(void)size;
	*value = 0;
	return 0;
}

static const struct vmm_pci_bar_ops bar_ops = { bar_read, bar_write };
static const struct vmm_pci_bar_ops ports_ops = { ports_read, ports_write };

/* The NIC's I/O BAR, if the firmware has found a place for it: of one that has
 * none an operating system may not get the device to work at all. */
static unsigned find_ports(const struct vmm_pci_dev *dev)
{
	for (unsigned n = 0; n < VMM_PCI_BARS; n++)
		if (dev->bar[n].kind == VMM_PCI_BAR_IO && dev->bar[n].base &&
		    dev->bar[n].size >= VIRTIO_NET_PORTS_MIN)
			return n;
	return VIRTIO_NET_NO_PORTS;
}

/* It offers the guest what the NIC's engines can do, and the NIC's address. */
static int make_device(struct netdev *nd)
{
	struct virtio_net_setup setup = {
		.ops = &device_ops,
		.ctx = nd,
		.mtu = MTU,
		.nic_caps = nd->device->nic->caps,
		.link_up = nd->device->nic->link.up,
		.bar = nd->device->bar,
		.bar_size = nd->device->dev->bar[nd->device->bar].size,
		.ports = nd->ports,
		.vectors = VECTORS,
		.multifunction = nd->device->dev->header[VMM_PCI_HEADER_TYPE] & 0x80,
	};
	uint64_t pages = (virtio_net_size() + VMM_PAGE_MASK) / VMM_PAGE_SIZE;
	void *memory = vmm_pages_alloc(&nd->device->vmm->pool, pages);

	if (!memory)
		return VMM_ERROR(ENOMEM);
	memcpy(setup.mac, nd->device->nic->mac, sizeof(setup.mac));
	nd->virtio = virtio_net_init(memory, &setup);
	return 0;
}

int netdev_virtio_start(struct netdev *nd)
{
	const struct nic_device *d = nd->device;
	int rc;

	nd->ports = find_ports(d->dev);
	rc = make_device(nd);
	if (rc == 0)
		rc = vmm_pci_own(d->vmm, d->dev, &pci_ops, nd, VMM_PCI_KEEP);
	if (rc == 0)
		rc = vmm_pci_hook_bar(d->vmm, d->dev, d->bar, &bar_ops, nd);
	if (rc == 0 && nd->ports != VIRTIO_NET_NO_PORTS)
		rc = vmm_pci_hook_bar(d->vmm, d->dev, nd->ports, &ports_ops,
				      nd);
	/* The NIC's own: flash, MSI-X. */
	return rc < 0 ? rc : vmm_pci_hide_bars(d->vmm, d->dev);
}

/* --- or nothing at all --- */

int netdev_hide(struct netdev *nd)
{
	static const struct vmm_pci_ops absent_ops = {
		.config_read = vmm_pci_absent_read,
		.config_write = vmm_pci_absent_write,
		.hold = netdev_hold,
		.reset = netdev_reset,
	};
	const struct nic_device *d = nd->device;
	int rc = vmm_pci_own(d->vmm, d->dev, &absent_ops, nd, VMM_PCI_KEEP);

	return rc < 0 ? rc : vmm_pci_hide_bars(d->vmm, d->dev);
}
