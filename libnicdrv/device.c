/* SPDX-License-Identifier: BSD-3-Clause */
/* What all drivers of NICs have in common as drivers of PCI devices. */
#include <nicdrv/device.h>
#include <vmm/log.h>
#include <vmm/mmio.h>

static bool net_known(const char *text)
{
	return nic_user.net_known(text);
}

const struct vmm_pci_option_desc nic_device_options[] = {
	{ "tty", VMM_PCI_OPTION_BOOL, NULL, NULL },
	{ "net", VMM_PCI_OPTION_TEXT,
	  "pass, ip, ippass, ippassfilter or ippassfilter2", net_known },
	{ "virtio", VMM_PCI_OPTION_BOOL, NULL, NULL },
	{ NULL, VMM_PCI_OPTION_END, NULL, NULL },
};

void nic_device_moved(struct nic_device *device)
{
	const struct vmm_pci_bar *bar = &device->dev->bar[device->bar];

	/* Unmapped registers would fault; ones are as if it had gone. */
	if (vmm_device_map(device->vmm, bar->base, bar->size))
		vmm_log_err(VMM_PCI_FORMAT " registers cannot be mapped\n",
			    VMM_PCI_ARGS(device->dev->addr));
}
