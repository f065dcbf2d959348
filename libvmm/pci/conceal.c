/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The driver "conceal": the guest finds nothing in the device's place, and
 * ones where its BARs were.  The device does nothing more, neither DMA nor
 * interrupts nor decoding.  What the machine itself stands on goes on:
 * bridges, and the screen.
 */
#include <pci/pci_priv.h>
#include <vmm/error.h>
#include <vmm/log.h>

#define CLASS_DISPLAY	3u

static bool is_essential(const struct vmm_pci_dev *dev)
{
	return dev->header[VMM_PCI_HEADER_TYPE] & PCI_HEADER_TYPE_MASK ||
		dev->header[VMM_PCI_CLASS + 2] == CLASS_DISPLAY;
}

/* Without the hooks the bus answers, which mostly is ones, too. */
static void silence(struct vmm *vmm, struct vmm_pci_dev *dev)
{
	int rc;

	vmm_pci_msi_off(dev);
	vmm_pci_msix_off(dev);
	vmm_pci_size_bars(dev);
	vmm_pci_write(dev, VMM_PCI_COMMAND, 2, VMM_PCI_COMMAND_INTX_OFF);
	rc = vmm_pci_hide_bars(vmm, dev);
	if (rc < 0)
		vmm_log_warning(VMM_PCI_FORMAT " its BARs are not hooked: %s\n",
				VMM_PCI_ARGS(dev->addr), vmm_error_name(rc));
}

static int conceal(struct vmm *vmm, struct vmm_pci_dev *dev,
		   const struct vmm_pci_options *options)
{
	static const struct vmm_pci_ops ops = {
		.config_read = vmm_pci_absent_read,
		.config_write = vmm_pci_absent_write,
	};
	int rc;

	(void)options;
	rc = vmm_pci_own(vmm, dev, &ops, NULL, PCI_FIXED);
	if (rc < 0)
		return rc;
	/* -ENODEV: the firmware does not use it. */
	rc = vmm_pci_disconnect_firmware(vmm, dev);
	if (!is_essential(dev) && (rc == 0 || rc == -ENODEV))
		silence(vmm, dev);
	vmm_log_info("[%02X:%02X.%u/%04X:%04X] concealed\n", dev->addr.bus,
		     dev->addr.device, dev->addr.function,
		     vmm_pci_header16(dev, VMM_PCI_VENDOR),
		     vmm_pci_header16(dev, VMM_PCI_DEVICE));
	return 0;
}

const struct vmm_pci_driver vmm_pci_conceal = {
	.name = "conceal",
	.long_name = "PCI device concealer",
	.probe = conceal,
};
