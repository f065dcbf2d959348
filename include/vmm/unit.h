/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Units: the parts of a variant.  A frontend lists them in dependency order;
 * naming one there is what pulls it out of the archives.
 *
 *	early		its init comes before the VMM looks at the machine, so
 *			that it sees the log as it is written; early units lead
 *			the list.
 *	init		once, boot processor, firmware still in charge: may use
 *			vmm->handoff's services.  0 or a negative errno; on an
 *			error the units before it are shut down in reverse and
 *			the VMM does not start.
 *	cpu_init	on each CPU, in the VMM's own environment, just before
 *			its guest is entered; not allowed to fail.
 *	panic_dump	all CPUs stopped, any state: print what helps.
 *	shutdown	undo init; also before a reset of the machine.
 * Any of them may be NULL.  None may sleep.
 */
#ifndef VMM_UNIT_H
#define VMM_UNIT_H

#include <stdbool.h>
#include <vmm/compiler.h>

VMM_BEGIN_DECLS

struct vmm;
struct vmm_vcpu;

struct vmm_unit {
	const char *name;
	bool early;
	int (*init)(struct vmm *vmm);
	void (*cpu_init)(struct vmm *vmm, struct vmm_vcpu *vcpu);
	void (*suspend)(struct vmm *vmm);
	void (*resume)(struct vmm *vmm);
	void (*panic_dump)(struct vmm *vmm);
	void (*shutdown)(struct vmm *vmm);
};

VMM_END_DECLS

#endif
