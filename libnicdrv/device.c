/* SPDX-License-Identifier: BSD-3-Clause */
/* What all drivers of NICs have in common as drivers of PCI devices. */
#include <nicdrv/device.h>

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
	device->moved(device);
}
