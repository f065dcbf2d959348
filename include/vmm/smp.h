/* SPDX-License-Identifier: BSD-3-Clause */
/* All processors at once. */
#ifndef VMM_SMP_H
#define VMM_SMP_H

#include <vmm/compiler.h>

VMM_BEGIN_DECLS

struct vmm_vcpu;

/*
 * Stop the guest: bring all other CPUs into the VMM and hold them there, with
 * interrupts and NMIs of the guest pending, until vmm_cpus_resume().  On the
 * CPU of self, between an exit and the next entry, no lock held.  Two CPUs may
 * call it at a time; one of them waits, stopped by the other, for its turn.
 * Returns the microseconds it took, or -ETIMEDOUT if a CPU did not come within
 * a second: the guest then goes on.
 */
int64_t vmm_cpus_pause(struct vmm_vcpu *self) VMM_MUST_CHECK;
void vmm_cpus_resume(struct vmm_vcpu *self);

VMM_END_DECLS

#endif
