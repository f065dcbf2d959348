/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PANICLAB_H
#define PANICLAB_H

struct vmm_vcpu;

/* On SVM only: the next VMRUN is refused, and not for the guest's sake. */
void paniclab_asid_call(struct vmm_vcpu *v, void *ctx);

#endif
