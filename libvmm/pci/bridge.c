/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bridges above owned functions (PCI-to-PCI Bridge Architecture 1.2, 3.2.5):
 * the guest may number the buses anew, or reset what is below.
 */
#include <pci/pci_priv.h>
#include <vmm/log.h>

static bool touches(unsigned offset, unsigned size, unsigned first,
		    unsigned count)
{
	return offset < first + count && first < offset + size;
}

int pci_bridges_watch(struct vmm *vmm)
{
	unsigned i, count = pci_owned_count;

	for (i = 0; i < count; i++) {
		struct vmm_pci_dev *bridge = pci_owned[i].dev->parent;

		for (; bridge; bridge = bridge->parent) {
			int rc = bridge->owned ? 0 :
				pci_owned_add(vmm, bridge);

			if (rc < 0)
				return rc;
		}
	}
	return 0;
}

/* Bridges come before what is below them, so one pass does. */
static void renumber(void)
{
	struct vmm_pci_dev *dev;
	unsigned i;

	for (i = 0; (dev = vmm_pci_device(i)) != NULL; i++) {
		const struct vmm_pci_dev *up = dev->parent;
		uint32_t bus;

		if (!up)
			continue;
		bus = vmm_pci_read(up, PCI_BRIDGE_BUSES + 1, 1);
		dev->addr.bus = (uint8_t)bus;
		if (dev->owned)
			dev->owned->unreachable = !bus ||
				(up->owned && up->owned->unreachable);
	}
}

static bool is_below(const struct vmm_pci_dev *dev,
		     const struct vmm_pci_dev *bridge)
{
	for (dev = dev->parent; dev; dev = dev->parent)
		if (dev == bridge)
			return true;
	return false;
}

/* Devices below are being reset: they answer again after a while. */
static void reset_below(const struct vmm_pci_dev *bridge)
{
	unsigned i;

	for (i = 0; i < pci_owned_count; i++)
		if (pci_owned[i].flags & VMM_PCI_KEEP &&
		    is_below(pci_owned[i].dev, bridge))
			pci_owned[i].lost = true;
}

void pci_bridge_write(struct vmm_pci_owned *o, unsigned offset, unsigned size,
		      uint32_t value)
{
	struct vmm_pci_dev *dev = o->dev;
	uint32_t old = vmm_pci_read(dev, PCI_BRIDGE_BUSES, 4), buses;
	uint32_t suppressed;
	static struct vmm_ratelimit limit = VMM_RATELIMIT(10);

	vmm_pci_write(dev, offset, size, value);
	buses = vmm_pci_read(dev, PCI_BRIDGE_BUSES, 4);
	if (touches(offset, size, PCI_BRIDGE_BUSES, 4) && buses != old) {
		if (vmm_ratelimit_ok(&limit, &suppressed))
			vmm_log_info(VMM_PCI_FORMAT " bridge bus_no change"
				     " %02X-%02X -> %02X-%02X\n",
				     VMM_PCI_ARGS(dev->first_addr),
				     old >> 8 & 0xff, old >> 16 & 0xff,
				     buses >> 8 & 0xff, buses >> 16 & 0xff);
		renumber();
		pci_access_rehook(o->vmm);
	}
	if (touches(offset, size, PCI_BRIDGE_CONTROL, 2) &&
	    vmm_pci_read(dev, PCI_BRIDGE_CONTROL, 2) & PCI_BRIDGE_RESET)
		reset_below(dev);
}

/* While the bridge holds it in reset there is no answer. */
void pci_restore_lost(struct vmm_pci_owned *o)
{
	static struct vmm_ratelimit limit = VMM_RATELIMIT(10);
	const struct vmm_pci_ops *ops = o->ops;
	struct vmm_pci_dev *dev = o->dev;
	uint32_t suppressed;

	if (!o->lost || o->unreachable ||
	    vmm_pci_read(dev, VMM_PCI_VENDOR, 4) !=
	    (vmm_pci_header16(dev, VMM_PCI_VENDOR) |
	     (uint32_t)vmm_pci_header16(dev, VMM_PCI_DEVICE) << 16))
		return;
	if (ops->hold)
		ops->hold(dev, true);
	pci_bars_restore(o);
	vmm_pci_write(dev, VMM_PCI_COMMAND, 2, o->first_command |
		      VMM_PCI_COMMAND_MEM | VMM_PCI_COMMAND_MASTER);
	o->lost = false;
	if (ops->reset)
		ops->reset(dev, false);
	if (ops->hold)
		ops->hold(dev, false);
	if (vmm_ratelimit_ok(&limit, &suppressed))
		vmm_log_info(VMM_PCI_FORMAT " restored after a reset of its"
			     " bus\n", VMM_PCI_ARGS(dev->first_addr));
}
