/* SPDX-License-Identifier: BSD-3-Clause */
/* Which functions there are.  Nothing is written to any of them. */
#include <string.h>
#include <pci/pci_priv.h>
#include <vmm/error.h>

#define DEVICES_A_PAGE	(VMM_PAGE_SIZE / sizeof(struct vmm_pci_dev))
#define MAX_PAGES	64u
#define ABSENT		0xffffu

static struct vmm_pci_dev *pages[MAX_PAGES];
static unsigned devices;

struct vmm_pci_dev *vmm_pci_device(unsigned n)
{
	return n < devices ?
		&pages[n / DEVICES_A_PAGE][n % DEVICES_A_PAGE] : NULL;
}

static struct vmm_pci_dev *new_device(struct vmm *vmm)
{
	unsigned page = devices / DEVICES_A_PAGE;

	if (page == MAX_PAGES)
		return NULL;
	if (!pages[page])
		pages[page] = vmm_pages_alloc(&vmm->pool, 1);
	if (!pages[page])
		return NULL;
	devices++;
	return vmm_pci_device(devices - 1);
}

/* PCI Local Bus 3.0, 6.2.5.1: bit 0 is I/O, bits 2:1 of memory its width. */
static unsigned bar_read(struct vmm_pci_dev *dev, unsigned n, unsigned count)
{
	uint32_t low = vmm_pci_read(dev, VMM_PCI_BAR0 + 4 * n, 4);
	struct vmm_pci_bar *bar = &dev->bar[n];

	if (low & PCI_BAR_IO) {
		bar->kind = VMM_PCI_BAR_IO;
		bar->base = low & ~(uint64_t)PCI_BAR_IO_FLAGS & UINT16_MAX;
		return 1;
	}
	bar->kind = VMM_PCI_BAR_MEM32;
	bar->base = low & ~(uint64_t)PCI_BAR_MEM_FLAGS;
	if ((low & PCI_BAR_TYPE_MASK) != PCI_BAR_TYPE_64 || n + 1 == count)
		return 1;
	bar->kind = VMM_PCI_BAR_MEM64;
	bar->base |= (uint64_t)vmm_pci_read(dev, VMM_PCI_BAR0 + 4 * n + 4,
					    4) << 32;
	bar[1].kind = VMM_PCI_BAR_NONE;
	bar[1].base = 0;
	return 2;
}

void pci_bars_read(struct vmm_pci_dev *dev)
{
	unsigned type = dev->header[VMM_PCI_HEADER_TYPE] &
		PCI_HEADER_TYPE_MASK;
	unsigned count = type == 0 ? VMM_PCI_BARS :
		type == PCI_HEADER_BRIDGE ? 2 : 0;
	unsigned n;

	for (n = 0; n < count; )
		n += bar_read(dev, n, count);
}

static int found(struct vmm *vmm, struct vmm_pci_addr addr)
{
	struct vmm_pci_dev *dev = new_device(vmm);
	unsigned i;

	if (!dev)
		return VMM_ERROR(ENOMEM);
	*dev = (struct vmm_pci_dev){ .addr = addr, .first_addr = addr };
	for (i = 0; i < VMM_PCI_HEADER; i += 4) {
		uint32_t value = pci_hw_read(addr, i, 4);

		memcpy(dev->header + i, &value, sizeof(value));
	}
	pci_bars_read(dev);
	return 0;
}

/* One device: function 0 tells if there are others. */
static int scan_device(struct vmm *vmm, struct vmm_pci_addr addr)
{
	bool multi = true;
	int rc = 0;

	for (addr.function = 0; addr.function < 8 && multi && rc == 0;
	     addr.function++) {
		bool there = pci_hw_read(addr, VMM_PCI_VENDOR, 2) != ABSENT;

		if (there)
			rc = found(vmm, addr);
		if (addr.function == 0)
			multi = there &&
				pci_hw_read(addr, VMM_PCI_HEADER_TYPE, 1) &
				PCI_HEADER_MULTI;
	}
	return rc;
}

static int scan_buses(struct vmm *vmm, const struct vmm_acpi_mcfg *r)
{
	unsigned bus, device;
	int rc = 0;

	for (bus = r->first_bus; bus <= r->last_bus; bus++)
		for (device = 0; device < 32 && rc == 0; device++)
			rc = scan_device(vmm, (struct vmm_pci_addr){
				r->segment, (uint8_t)bus, (uint8_t)device,
				0 });
	return rc;
}

/* The bridge whose secondary bus this is. */
static struct vmm_pci_dev *bridge_above(const struct vmm_pci_dev *dev)
{
	struct vmm_pci_dev *bridge;
	unsigned i;

	for (i = 0; (bridge = vmm_pci_device(i)) != NULL; i++)
		if (bridge != dev && pci_is_bridge(bridge) &&
		    bridge->addr.segment == dev->addr.segment &&
		    bridge->addr.bus < dev->addr.bus &&
		    bridge->header[PCI_BRIDGE_BUSES + 1] == dev->addr.bus)
			return bridge;
	return NULL;
}

int pci_scan(struct vmm *vmm)
{
	struct vmm_acpi_mcfg all = { .last_bus = 0xff }, r;
	struct vmm_pci_dev *dev;
	unsigned i;
	int rc = 0;

	pci_scan_forget(vmm);
	if (pci_hw_uses_ports())
		rc = scan_buses(vmm, &all);
	for (i = 0; rc == 0 && pci_hw_range(i, &r); i++)
		if (r.segment || !pci_hw_uses_ports())
			rc = scan_buses(vmm, &r);
	for (i = 0; (dev = vmm_pci_device(i)) != NULL; i++)
		dev->parent = bridge_above(dev);
	return rc < 0 ? rc : (int)devices;
}

void pci_scan_forget(struct vmm *vmm)
{
	unsigned i;

	for (i = 0; i < MAX_PAGES; i++) {
		vmm_pages_free(&vmm->pool, pages[i], 1);
		pages[i] = NULL;
	}
	devices = 0;
}
