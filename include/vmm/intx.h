/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The interrupt pin of a device that works for the VMM and has no message
 * signalled interrupts.
 *
 * The pin leads to an input of an I/O APIC, and that can deliver what comes
 * as NMI to the service CPU, just as an MSI is: the services (vmm/service.h)
 * run whatever the guest does.  No interrupt of the guest's is intercepted
 * for it.  Which input it is only ACPI's AML tells; so it is found by trying:
 * the device drives its pin, and it is seen where an NMI comes from.
 *
 * The guest finds that input masked, and what it writes to its entry goes
 * nowhere, until it unmasks it: then another device on the same input is the
 * guest's, and the input is, too.
 */
#ifndef VMM_INTX_H
#define VMM_INTX_H

#include <stdbool.h>
#include <vmm/compiler.h>

VMM_BEGIN_DECLS

struct vmm;

struct vmm_intx {
	/* Drive the pin, or release it. */
	void (*drive)(void *ctx, bool on);
	/* The guest has the input now, and no NMI comes any more: the device
	 * must not drive its pin.  Without any lock, on any CPU, between an
	 * exit and an entry. */
	void (*lost)(void *ctx);
	void *ctx;
};

/*
 * Once, from a unit's cpu_init on the boot processor, with a service
 * registered.  Takes some milliseconds, and drives the pin meanwhile.  The
 * edge counts: the pin must be released before it is driven again.  *intx
 * lives on.  -ENODEV: no I/O APIC's free input reacts; -EBUSY: there is one
 * already; -ENOMEM, -ENOSPC, -EINVAL: its registers cannot be hooked.
 */
int vmm_intx_claim(struct vmm *vmm, const struct vmm_intx *intx)
	VMM_MUST_CHECK;

/* Put the input back as it was found, when the VMM does not start. */
void vmm_intx_release(struct vmm *vmm, const struct vmm_intx *intx);

VMM_END_DECLS

#endif
