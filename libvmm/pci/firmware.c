/* SPDX-License-Identifier: BSD-3-Clause */
/* The firmware's drivers of a device, by the loader's services. */
#include <pci/pci_priv.h>
#include <vmm/error.h>
#include <vmm/log.h>

static struct bv_pci_location location_of(const struct vmm_pci_dev *dev)
{
	return (struct bv_pci_location){
		.segment = dev->addr.segment,
		.bus = dev->addr.bus,
		.device = dev->addr.device,
		.function = dev->addr.function,
	};
}

int vmm_pci_disconnect_firmware(struct vmm *vmm, struct vmm_pci_dev *dev)
{
	const struct bv_boot_services *s = vmm->services;
	const struct bv_pci_location location = location_of(dev);
	int64_t n = s->pci_disconnect(s->ctx, &location);

	if (n == -ENODEV)
		return VMM_ERROR(ENODEV);
	if (n < 0) {
		vmm_log_warning(VMM_PCI_FORMAT " Failed to disconnect PCI"
				" device drivers\n", VMM_PCI_ARGS(dev->addr));
		return VMM_ERROR(EBUSY);
	}
	if (n > 0)
		vmm_log_info("Uninstall %u protocol(s) successfully\n",
			     (unsigned)n);
	vmm_log_info(VMM_PCI_FORMAT " Disconnected PCI device drivers\n",
		     VMM_PCI_ARGS(dev->addr));
	return 0;
}

void pci_connect_firmware(struct vmm *vmm, const struct vmm_pci_dev *dev)
{
	const struct bv_boot_services *s = vmm->services;
	const struct bv_pci_location location = location_of(dev);

	s->pci_connect(s->ctx, &location);
}
