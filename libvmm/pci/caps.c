/* SPDX-License-Identifier: BSD-3-Clause */
/* Capabilities, MSI and MSI-X (PCI Local Bus Specification 3.0, 6.7, 6.8). */
#include <pci/pci_priv.h>
#include <vmm/error.h>
#include <vmm/mmio.h>

#define STATUS_CAPS		0x10u
#define CAP_FIRST		0x40u
#define CAP_LAST		0xfcu
#define EXT_FIRST		0x100u
#define EXT_LAST		0xffcu

#define MSI_CONTROL		2u
#define MSI_ENABLE		0x0001u
#define MSI_MULTIPLE		0x0070u
#define MSI_64			0x0080u
#define MSI_MASKABLE		0x0100u
#define MSI_ADDRESS		4u

#define MSIX_CONTROL		2u
#define MSIX_SIZE		0x07ffu
#define MSIX_MASK_ALL		0x4000u
#define MSIX_ENABLE		0x8000u
#define MSIX_TABLE		4u
#define MSIX_BIR		0x7u
#define MSIX_ENTRY		16u

/* Every capability takes a dword, so a longer list goes in circles. */
unsigned vmm_pci_find_cap(const struct vmm_pci_dev *dev, unsigned id)
{
	unsigned left = (CAP_LAST - CAP_FIRST) / 4 + 1;
	unsigned at;

	if (!(vmm_pci_read(dev, VMM_PCI_STATUS, 2) & STATUS_CAPS))
		return 0;
	at = vmm_pci_read(dev, VMM_PCI_CAPS, 1) & CAP_LAST;
	while (at >= CAP_FIRST && left-- > 0) {
		uint32_t head = vmm_pci_read(dev, at, 2);

		if ((head & 0xff) == id)
			return at;
		at = head >> 8 & CAP_LAST;
	}
	return 0;
}

unsigned vmm_pci_find_ext_cap(const struct vmm_pci_dev *dev, unsigned id)
{
	unsigned left = (EXT_LAST - EXT_FIRST) / 4 + 1;
	unsigned at = EXT_FIRST;

	while (at >= EXT_FIRST && left-- > 0) {
		uint32_t head = vmm_pci_read(dev, at, 4);

		if (head == 0 || head == UINT32_MAX)
			return 0;
		if ((head & 0xffff) == id)
			return at;
		at = head >> 20 & EXT_LAST;
	}
	return 0;
}

/* --- MSI --- */

/* Disabled while it changes: a message with half an address must not go out. */
int vmm_pci_msi_set(struct vmm_pci_dev *dev, uint64_t address, uint32_t data)
{
	unsigned cap = vmm_pci_find_cap(dev, VMM_PCI_CAP_MSI), at;
	uint32_t control;

	if (!cap)
		return VMM_ERROR(ENODEV);
	control = vmm_pci_read(dev, cap + MSI_CONTROL, 2);
	if (address >> 32 && !(control & MSI_64))
		return VMM_ERROR(EINVAL);
	control &= ~(MSI_ENABLE | MSI_MULTIPLE);
	vmm_pci_write(dev, cap + MSI_CONTROL, 2, control);
	at = cap + MSI_ADDRESS;
	vmm_pci_write(dev, at, 4, (uint32_t)address);
	at += 4;
	if (control & MSI_64) {
		vmm_pci_write(dev, at, 4, (uint32_t)(address >> 32));
		at += 4;
	}
	vmm_pci_write(dev, at, 2, data);
	if (control & MSI_MASKABLE)
		vmm_pci_write(dev, at + 4, 4, 0);
	vmm_pci_write(dev, cap + MSI_CONTROL, 2, control | MSI_ENABLE);
	return 0;
}

void vmm_pci_msi_off(struct vmm_pci_dev *dev)
{
	unsigned cap = vmm_pci_find_cap(dev, VMM_PCI_CAP_MSI);

	if (cap)
		vmm_pci_write(dev, cap + MSI_CONTROL, 2,
			      vmm_pci_read(dev, cap + MSI_CONTROL, 2) &
			      ~MSI_ENABLE);
}

/* --- MSI-X --- */

/* Where entry n of the table is. */
static int msix_entry(const struct vmm_pci_dev *dev, unsigned cap, unsigned n,
		      uint64_t *pa)
{
	uint32_t table = vmm_pci_read(dev, cap + MSIX_TABLE, 4);
	uint64_t offset = (table & ~MSIX_BIR) + (uint64_t)n * MSIX_ENTRY;
	const struct vmm_pci_bar *bar;

	if (n > (vmm_pci_read(dev, cap + MSIX_CONTROL, 2) & MSIX_SIZE))
		return VMM_ERROR(EINVAL);
	if ((table & MSIX_BIR) >= VMM_PCI_BARS)
		return VMM_ERROR(ENODEV);
	bar = &dev->bar[table & MSIX_BIR];
	if ((bar->kind != VMM_PCI_BAR_MEM32 &&
	     bar->kind != VMM_PCI_BAR_MEM64) || !bar->base ||
	    bar->size < MSIX_ENTRY || offset > bar->size - MSIX_ENTRY)
		return VMM_ERROR(ENODEV);
	*pa = bar->base + offset;
	return 0;
}

int vmm_pci_msix_set(struct vmm_pci_dev *dev, unsigned n, uint64_t address,
		     uint32_t data)
{
	unsigned cap = vmm_pci_find_cap(dev, VMM_PCI_CAP_MSIX);
	uint32_t control;
	uint64_t pa = 0;
	int rc;

	if (!cap)
		return VMM_ERROR(ENODEV);
	rc = msix_entry(dev, cap, n, &pa);
	if (rc == 0)
		rc = vmm_device_map(&vmm_machine, pa, MSIX_ENTRY);
	if (rc < 0)
		return rc;
	control = vmm_pci_read(dev, cap + MSIX_CONTROL, 2) & ~MSIX_MASK_ALL;
	/* All masked while the entry changes. */
	vmm_pci_write(dev, cap + MSIX_CONTROL, 2,
		      control | MSIX_MASK_ALL | MSIX_ENABLE);
	vmm_device_write(pa, 4, (uint32_t)address);
	vmm_device_write(pa + 4, 4, address >> 32);
	vmm_device_write(pa + 8, 4, data);
	vmm_device_write(pa + 12, 4, 0);	/* not masked */
	vmm_pci_write(dev, cap + MSIX_CONTROL, 2, control | MSIX_ENABLE);
	return 0;
}

void vmm_pci_msix_off(struct vmm_pci_dev *dev)
{
	unsigned cap = vmm_pci_find_cap(dev, VMM_PCI_CAP_MSIX);

	if (cap)
		vmm_pci_write(dev, cap + MSIX_CONTROL, 2,
			      vmm_pci_read(dev, cap + MSIX_CONTROL, 2) &
			      ~MSIX_ENABLE);
}
