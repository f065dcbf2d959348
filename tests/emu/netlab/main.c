/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The variant "full" with a hypercall "burst": logs as many lines as RBX says,
 * all within one exit.  Nothing else makes the VMM log that much at once.
 */
#include <stddef.h>
#include <bvnet/dbgsh.h>
#include <bvnet/netdev.h>
#include <bvnet/services.h>
#include <nicdrv/device.h>
#include <vmm/hypercall.h>
#include <vmm/log.h>
#include <vmm/sinks.h>
#include <vmm/vcpu.h>
#include <vmm/vmm.h>

/* The log holds 2048 lines, or 64 KiB. */
#define MOST	2000u

static void burst_call(struct vmm_vcpu *v, void *ctx)
{
	uint64_t n = vmm_vcpu_get(v, VMM_REG_RBX);

	(void)ctx;
	for (unsigned i = 0; i < n && i < MOST; i++)
		vmm_log_info("burst %u\n", i);
}

static int init(struct vmm *vmm)
{
	(void)vmm;
	return vmm_hypercall_register("burst", burst_call, NULL,
				      VMM_HYPERCALL_ANYONE);
}

static const struct vmm_unit unit = {
	.name = "netlab",
	.init = init,
};

static const struct vmm_vendor_ops *const vendors[] = {
	&vmm_svm_ops,
	&vmm_vmx_ops,
	NULL
};

static const struct vmm_unit *const units[] = {
	&vmm_sink_guest,
	&bvnet_ip,
	&vmm_pci,
	&bvnet_netdev,
	&unit,
	NULL
};

const struct dbgsh_command *const bvnet_dbgsh_commands[] = {
	&dbgsh_help,
	&dbgsh_mem,
	&dbgsh_net,
	&dbgsh_exit,
	NULL
};

static const struct vmm_pci_driver *const pci_drivers[] = {
	&nic_pro1000,
	NULL
};

const struct vmm_variant vmm_variant = {
	.name = "netlab",
	.vendors = vendors,
	.units = units,
	.pci_drivers = pci_drivers,
};
