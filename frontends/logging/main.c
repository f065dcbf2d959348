/* SPDX-License-Identifier: BSD-3-Clause */
/* The logging-only variant: minimal, and the log over the network by a NIC
 * that is shared with the guest (net=pass, tty=1).  There is neither an IP
 * stack nor a shell: nothing that comes from the wire is worked on, but answers
 * to ARP where the receiver's MAC address is not configured. */
#include <stddef.h>
#include <bvnet/netdev.h>
#include <nicdrv/device.h>
#include <vmm/pci.h>
#include <vmm/sinks.h>
#include <vmm/vmm.h>

static const struct vmm_vendor_ops *const vendors[] = {
	&vmm_svm_ops,
	&vmm_vmx_ops,
	NULL
};

static const struct vmm_unit *const units[] = {
	&vmm_sink_console,
	&vmm_pci,
	&bvnet_netdev,
	NULL
};

static const struct vmm_pci_driver *const pci_drivers[] = {
	&nic_pro1000,
	&vmm_pci_conceal,
	NULL
};

const struct vmm_variant vmm_variant = {
	.name = "logging",
	.vendors = vendors,
	.units = units,
	.pci_drivers = pci_drivers,
};
