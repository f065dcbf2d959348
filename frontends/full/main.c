/* SPDX-License-Identifier: BSD-3-Clause */
/* Everything: minimal and all places the log can go to. */
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
	&vmm_sink_serial,
	&vmm_sink_screen,
	&vmm_sink_guest,
	NULL
};

const struct vmm_variant vmm_variant = {
	.name = "full",
	.vendors = vendors,
	.units = units,
};
