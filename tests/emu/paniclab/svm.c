/* SPDX-License-Identifier: BSD-3-Clause */
/* A bug of the VMM's own in a VMCB, which no public header lets one make. */
#include <svm/svm_priv.h>
#include "paniclab.h"

/* APM vol. 2, 15.5.1: VMRUN refuses ASID 0, the host's. */
void paniclab_asid_call(struct vmm_vcpu *v, void *ctx)
{
	(void)ctx;
	svm_of(v)->vmcb->asid = 0;
	svm_of(v)->vmcb->clean = 0;
}
