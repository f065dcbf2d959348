/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Run one guest instruction and come back: the monitor trap flag is made for
 * it (Intel SDM vol. 3, 26.5.2).
 *
 * Where a processor has none, RFLAGS.TF does it.  Interrupts exit (and stay
 * pending) and so do all exceptions meanwhile, so that none is delivered with
 * our TF in the flags that it pushes.  If the next thing to happen is not an
 * instruction but the delivery of an event, which clears TF, then the
 * preemption timer with the value 0 ends it: it exits before the first
 * instruction, but after the delivery (26.5.1).
 */
#include <vmx/vmx_priv.h>

#define TRAPS_ALL	UINT32_MAX
#define DB_BS		(UINT64_C(1) << 14)
#define DB_BREAKPOINTS	UINT64_C(0xf)

static void step_with_timer(struct vmx_vcpu *x)
{
	x->step = VMX_STEP_TIMER;
	vmcs_write(VMCS_GUEST_PREEMPTION_TIMER, 0);
	vmcs_write(VMCS_PIN, vmx.controls.pin | PIN_PREEMPTION_TIMER);
}

static void step_with_tf(struct vmx_vcpu *x)
{
	uint64_t rflags = vmcs_read(VMCS_GUEST_RFLAGS);
	uint64_t block = vmcs_read(VMCS_GUEST_INTERRUPTIBILITY);

	x->step = VMX_STEP_TRAP_FLAG;
	x->step_guest_tf = rflags & X86_RFLAGS_TF;
	vmcs_write(VMCS_GUEST_RFLAGS, rflags | X86_RFLAGS_TF);
	vmcs_write(VMCS_EXCEPTION_BITMAP, TRAPS_ALL);
	vmcs_write(VMCS_PIN, vmx.controls.pin | PIN_EXTERNAL_INTERRUPT);
	/* With TF, a shadow would need a trap pending already (27.3.1.5);
	 * it would end with this instruction anyway. */
	vmcs_write(VMCS_GUEST_INTERRUPTIBILITY,
		   block & ~(uint64_t)(VMCS_BLOCK_STI | VMCS_BLOCK_MOV_SS));
}

void vmx_step(struct vmm_vcpu *v)
{
	struct vmx_vcpu *x = vmx_of(v);

	if (x->step)
		return;
	if (vmx.controls.proc_allowed & PROC_MONITOR_TRAP) {
		x->step = VMX_STEP_MONITOR_TRAP;
		vmx_update_proc(x);
	} else if (!x->entry_event) {
		step_with_tf(x);
	} else if (vmx.controls.pin_allowed & PIN_PREEMPTION_TIMER) {
		step_with_timer(x);
	}
	/* else: the next exit, whatever its reason, is the end */
}

/* The single-step trap of the VMM: forget it, unless the guest was stepping
 * itself or one of its breakpoints hit at the same instruction; then it is the
 * guest's #DB, with the causes that are the guest's. */
static void step_trap(struct vmm_vcpu *v, uint64_t causes)
{
	static const struct vmm_event db = {
		.vector = X86_TRAP_DB, .type = VMM_EVENT_EXCEPTION,
	};
	struct vmx_vcpu *x = vmx_of(v);

	if (!x->step_guest_tf) {
		causes &= ~DB_BS;
		if (!(causes & DB_BREAKPOINTS))
			return;
	}
	x86_write_dr6((x86_read_dr6() & ~DB_BREAKPOINTS) |
		      (causes & (DB_BS | DB_BREAKPOINTS)));
	vmx_inject(v, &db);
}

static bool is_step_trap(unsigned basic)
{
	return basic == VMX_EXIT_EXCEPTION_NMI &&
		(vmcs_read(VMCS_EXIT_EVENT) & 0xff) == X86_TRAP_DB &&
		vmcs_read(VMCS_EXIT_QUALIFICATION) & DB_BS;
}

static bool tf_done(struct vmm_vcpu *v, unsigned basic)
{
	struct vmx_vcpu *x = vmx_of(v);

	vmcs_write(VMCS_EXCEPTION_BITMAP, 0);
	vmcs_write(VMCS_PIN, vmx.controls.pin);
	if (!x->step_guest_tf)
		vmcs_write(VMCS_GUEST_RFLAGS, vmcs_read(VMCS_GUEST_RFLAGS) &
			   ~X86_RFLAGS_TF);
	if (!is_step_trap(basic))
		return false;
	step_trap(v, vmcs_read(VMCS_EXIT_QUALIFICATION));
	return true;
}

bool vmx_step_done(struct vmm_vcpu *v, unsigned basic)
{
	struct vmx_vcpu *x = vmx_of(v);
	enum vmx_step_kind kind = x->step;

	x->step = VMX_STEP_NONE;
	switch (kind) {
	case VMX_STEP_TRAP_FLAG:
		return tf_done(v, basic);
	case VMX_STEP_TIMER:
		vmcs_write(VMCS_PIN, vmx.controls.pin);
		return basic == VMX_EXIT_PREEMPTION_TIMER;
	default:		/* vmx_attend takes the monitor trap back */
		return basic == VMX_EXIT_MONITOR_TRAP;
	}
}
