/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When the VMM does work of its own: the network, above all.
 *
 * The VMM has no timer and takes none of the guest's interrupts.  A device
 * that works for the VMM interrupts by a message that is delivered as NMI to
 * one processor, the service CPU (the boot processor): an NMI comes whatever
 * the guest does, has its interrupts off or halts, and exits anyway.  The
 * registered services run then, between that exit and the next entry.  An NMI
 * that no service has the cause of is the guest's.
 *
 * A device may interrupt once more while its first NMI is on its way, and be
 * asked once for both: after each NMI with a cause one more without is expected
 * for a second, as if by vmm_service_expect_nmi().
 */
#ifndef VMM_SERVICE_H
#define VMM_SERVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <vmm/compiler.h>

VMM_BEGIN_DECLS

struct vmm;

struct vmm_service {
	const char *name;
	/* Do what there is to do.  True: a device of this service had
	 * interrupted, and its interrupt is acknowledged.  On the service CPU,
	 * interrupts off, NMIs may come; must not block. */
	bool (*run)(void *ctx);
	void *ctx;
};

/* While units are initialised, boot processor.  service stays the caller's
 * and lives on.  -ENOSPC: too many. */
int vmm_service_register(struct vmm *vmm, const struct vmm_service *service)
	VMM_MUST_CHECK;

/* Undo it, in a unit's shutdown. */
void vmm_service_unregister(struct vmm *vmm,
			    const struct vmm_service *service);

/* The interrupt message (MSI address and data; SDM vol. 3, 11.11) that runs
 * the services.  While units are initialised or later, on any CPU. */
void vmm_service_message(struct vmm *vmm, uint64_t *address, uint32_t *data);

/* A device of a service's may interrupt once more until then (microseconds of
 * uptime) without a cause that could be found, because that was acknowledged
 * elsewhere than in run, or before its message was sent: such an NMI goes to
 * nobody.  Counted, up to four at a time, until the latest of the times.  Any
 * CPU, any context but an NMI handler's. */
void vmm_service_expect_nmi(uint64_t until);

/* Have the services run soon.  Any CPU, between an exit and an entry. */
void vmm_service_wake(struct vmm *vmm);

VMM_END_DECLS

#endif
