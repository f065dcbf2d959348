/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A variant that breaks on demand, by hypercall: what a panic shows can only
 * be tested with a bug in the VMM, and the real variants have none to offer.
 * It also tells how many exits there were.
 * Built from the public headers, as a prototype would be (but for svm.c).
 */
#include <stddef.h>
#include <bvnet/netdev.h>
#include <nicdrv/device.h>
#include <vmm/error.h>
#include <vmm/hypercall.h>
#include <vmm/log.h>
#include <vmm/panic.h>
#include <vmm/pci.h>
#include <vmm/sinks.h>
#include <vmm/smp.h>
#include <vmm/vcpu.h>
#include <vmm/vmm.h>
#include "paniclab.h"

static void panic_call(struct vmm_vcpu *v, void *ctx)
{
	(void)v;
	(void)ctx;
	vmm_panic("asked to, with %d", 42);
}

static void assert_call(struct vmm_vcpu *v, void *ctx)
{
	VMM_ASSERT(v == ctx);
}

/* Nothing is mapped above the memory of a test machine. */
static void fault_call(struct vmm_vcpu *v, void *ctx)
{
	volatile uint64_t *nowhere = (volatile uint64_t *)(UINT64_C(1) << 46);

	(void)v;
	(void)ctx;
	*nowhere = 1;
}

/* The VMM's own code is not writable. */
static void text_call(struct vmm_vcpu *v, void *ctx)
{
	(void)v;
	(void)ctx;
	*(volatile uint8_t *)(uintptr_t)fault_call = 0xc3;
}

/* Nor is its data executable. */
static void data_call(struct vmm_vcpu *v, void *ctx)
{
	static uint8_t code[] = { 0xc3 };

	(void)v;
	(void)ctx;
	((void (*)(void))(uintptr_t)code)();
}

static uint64_t sink;

static void recurse(volatile uint8_t *outer, uint64_t depth)
{
	volatile uint8_t frame[128];

	frame[0] = (uint8_t)depth;
	if (depth)
		recurse(frame, depth - 1);
	sink += frame[0] + outer[0];
}

/* Below the stack is a guard page; the #DF that follows has its own stack. */
static void stack_call(struct vmm_vcpu *v, void *ctx)
{
	volatile uint8_t outer[1] = { 0 };

	(void)v;
	(void)ctx;
	recurse(outer, 100000);
}

/* CR4 bit 15 is reserved: the processor will not take the guest back.  A bug of
 * the VMM's on VMX; on SVM the guest itself may have done so (svm_refused.c). */
static void entry_call(struct vmm_vcpu *v, void *ctx)
{
	(void)ctx;
	vmm_vcpu_set(v, VMM_REG_CR4, vmm_vcpu_get(v, VMM_REG_CR4) | 1u << 15);
}

/* No bug, but something that is to be seen from outside, too. */
static void pause_call(struct vmm_vcpu *v, void *ctx)
{
	int64_t usec = vmm_cpus_pause(v);

	(void)ctx;
	if (usec < 0) {
		vmm_log_err("pause: %s\n", vmm_error_name((int)usec));
		return;
	}
	vmm_cpus_resume(v);
	vmm_log_err("pause: all stopped after %lld us\n", (long long)usec);
}

/* RAX: exits of this vCPU so far, with this one */
static void exits_call(struct vmm_vcpu *v, void *ctx)
{
	uint64_t sum = 0;
	int i;

	(void)ctx;
	for (i = 0; i < VMM_EXIT_REASONS; i++)
		sum += vmm_vcpu_exits(v, (enum vmm_exit_reason)i);
	vmm_vcpu_set(v, VMM_REG_RAX, sum);
}

static int init(struct vmm *vmm)
{
	static const struct {
		const char *name;
		vmm_hypercall_fn fn;
	} calls[] = {
		{ "panic", panic_call }, { "assert", assert_call },
		{ "fault", fault_call }, { "text", text_call },
		{ "data", data_call }, { "stack", stack_call },
		{ "entry", entry_call }, { "asid", paniclab_asid_call },
		{ "pause", pause_call }, { "exits", exits_call },
	};
	size_t i;
	int rc = 0;

	(void)vmm;
	for (i = 0; rc == 0 && i < VMM_ARRAY_SIZE(calls); i++)
		rc = vmm_hypercall_register(calls[i].name, calls[i].fn, NULL,
					    VMM_HYPERCALL_ANYONE);
	return rc;
}

static void panic_dump(struct vmm *vmm)
{
	(void)vmm;
	vmm_log_err("paniclab: dump of a unit\n");
}

static const struct vmm_unit unit = {
	.name = "paniclab",
	.init = init,
	.panic_dump = panic_dump,
};

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
	&unit,
	&vmm_pci,
	&bvnet_netdev,
	NULL
};

static const struct vmm_pci_driver *const pci_drivers[] = {
	&nic_pro1000,
	NULL
};

const struct vmm_variant vmm_variant = {
	.name = "paniclab",
	.vendors = vendors,
	.units = units,
	.pci_drivers = pci_drivers,
};
