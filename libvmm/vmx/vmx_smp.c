/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * INIT and SIPI on VMX.  A processor that waits for a SIPI of the guest is
 * halted with interrupts off in VMX non-root operation: of what can end that,
 * NMI and INIT exit.  (In the wait-for-SIPI activity state the VMM's NMIs
 * would not reach it: Intel SDM vol. 3, 25.4.2.)
 */
#include <vmx/vmx_priv.h>

#define DR6_INIT	UINT64_C(0xffff0ff0)

void vmx_park(struct vmm_vcpu *v)
{
	struct vmx_vcpu *x = vmx_of(v);

	if (x->step)	/* its trap flag is gone with the registers */
		vmx_step_done(v, VMX_EXIT_INIT);
	vmcs_write(VMCS_GUEST_RFLAGS, X86_RFLAGS_FIXED);
	x86_write_dr6(DR6_INIT);
	vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, 0);
	vmcs_write(VMCS_GUEST_PENDING_DEBUG, 0);
	vmcs_write(VMCS_ENTRY_EVENT, 0);
	vmcs_write(VMCS_GUEST_ACTIVITY, VMCS_HALTED);
	x->entry_event = x->nmi = x->machine_check = false;
}

void vmx_unpark(struct vmm_vcpu *v)
{
	(void)v;
	vmcs_write(VMCS_GUEST_ACTIVITY, VMCS_ACTIVE);
}

/* The highest comes first, then the next behind its IRET; by the second NOP
 * all are through. */
void vmx_drain(void)
{
	__asm__ volatile("sti; nop; nop; cli" ::: "memory");
}
