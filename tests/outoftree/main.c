/* SPDX-License-Identifier: BSD-3-Clause */
/* A variant from outside of BitVisor's tree, with a unit of its own. */
#include <stddef.h>
#include <vmm/sinks.h>
#include <vmm/vmm.h>
#include "hello.h"

static const struct vmm_vendor_ops *const vendors[] = {
	&vmm_svm_ops,
	&vmm_vmx_ops,
	NULL
};

static const struct vmm_unit *const units[] = {
	&vmm_sink_console,
	&vmm_sink_guest,
	&hello_unit,
	NULL
};

const struct vmm_variant vmm_variant = {
	.name = "prototype",
	.vendors = vendors,
	.units = units,
};
