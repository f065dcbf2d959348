/* SPDX-License-Identifier: BSD-3-Clause */
/* Everything: minimal, all places the log can go to, PCI, a NIC shared with
 * the guest, the VMM's own IP stack, and the debug shell. */
#include <stddef.h>
#include <bvnet/dbgsh.h>
#include <bvnet/netdev.h>
#include <bvnet/services.h>
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
	&vmm_sink_serial,
	&vmm_sink_screen,
	&vmm_sink_guest,
	&bvnet_ip,
	&vmm_pci,
	&bvnet_netdev,
	&bvnet_dbgsh_guest,
	NULL
};

const struct dbgsh_command *const bvnet_dbgsh_commands[] = {
	&dbgsh_help,
	&dbgsh_config,
	&dbgsh_cpu,
	&dbgsh_debug,
	&dbgsh_echoctl,
	&dbgsh_log,
	&dbgsh_mem,
	&dbgsh_net,
	&dbgsh_monitor,
	&dbgsh_pci,
	&dbgsh_recvexample,
	&dbgsh_sendexample,
	&dbgsh_sendint,
	&dbgsh_serialtest,
	&dbgsh_shell,
	&dbgsh_stats,
	&dbgsh_version,
	&dbgsh_reboot,
	&dbgsh_exit,
	NULL
};

static const struct vmm_pci_driver *const pci_drivers[] = {
	&nic_pro1000,
	&vmm_pci_conceal,
	&vmm_pci_monitor,
	NULL
};

const struct vmm_variant vmm_variant = {
	.name = "full",
	.vendors = vendors,
	.units = units,
	.pci_drivers = pci_drivers,
};
