/* SPDX-License-Identifier: BSD-3-Clause */
/* The passthrough-only variant: everything is the guest's; the log goes to
 * the firmware's console until the guest runs. */
#include <stddef.h>
#include <vmm/sinks.h>
#include <vmm/vmm.h>

static const struct vmm_vendor_ops *const vendors[] = {
	&vmm_svm_ops,
	&vmm_vmx_ops,
	NULL
};

static const struct vmm_unit *const units[] = {
	&vmm_sink_console,
	NULL
};

const struct vmm_variant vmm_variant = {
	.name = "minimal",
	.vendors = vendors,
	.units = units,
};
