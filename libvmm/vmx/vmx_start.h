/* SPDX-License-Identifier: BSD-3-Clause */
/* VMX on and off on one processor. */
#ifndef VMX_VMX_START_H
#define VMX_VMX_START_H

#include <vmx/vmx_priv.h>

/* ops->start */
int vmx_start(struct vmm_vcpu *v, const struct boot_state *state, char *error,
	      size_t size);

/* What the last attempt to enter the guest failed for; reason is that of an
 * exit (VMCS_REASON_ENTRY_FAILURE set), 0 if there was none but a VMX
 * instruction failed. */
void vmx_explain(struct vmm_vcpu *v, uint32_t reason, char *text, size_t size);

#endif
