/* SPDX-License-Identifier: BSD-3-Clause */
/* Intel VMX: state of a vCPU and what the files of this folder share. */
#ifndef VMX_VMX_PRIV_H
#define VMX_VMX_PRIV_H

#include <cpu/vcpu_priv.h>
#include <vmx/vmcs.h>
#include <vmx/vmx_caps.h>
#include <vmx/vmx_insn.h>

#define VMX_GUEST_VPID 1	/* the VMM's own is 0 */

/* How the one instruction is ended that vmx_step() was asked for. */
enum vmx_step_kind {
	VMX_STEP_NONE,
	VMX_STEP_MONITOR_TRAP,
	VMX_STEP_TRAP_FLAG,	/* RFLAGS.TF, on a CPU without the former */
	VMX_STEP_TIMER,		/* the same, while an event is delivered */
};

struct vmx_vcpu {
	void *vmxon, *vmcs;	/* a page each, the CPU's own formats */
	bool loaded;		/* VMX is on, and this VMCS the current one */
	bool entry_event;	/* the next entry delivers an event */
	bool shadow;		/* the NMI has to wait for STI or MOV SS */
	enum vmx_step_kind step;
	bool step_guest_tf;	/* the guest's own RFLAGS.TF */

	bool nmi, machine_check;	/* wait until the guest can take them */
	uint32_t proc_now;		/* processor-based controls in force */

	uint64_t cr0_mask, cr4_mask;
	uint64_t eptp;
	bool flush_linear;	/* VMM changed what linear addresses mean */
};

/* Shared by all vCPUs, constant once the first one runs. */
struct vmx_machine {
	struct vmx_msrs msrs;
	struct vmx_controls controls;
	uint8_t *io_bitmap;	/* A and B: two pages, a bit a port */
	uint8_t *msr_bitmap;
};
extern struct vmx_machine vmx;

static inline struct vmx_vcpu *vmx_of(struct vmm_vcpu *v)
{
	return (struct vmx_vcpu *)v->vendor;
}

/* Enter the guest of v for the first time and handle its exits, for ever.
 * Returns only if that first entry fails.  vmx_entry.S */
void vmx_run(struct vmm_vcpu *v);
/* Where the processor goes on after an exit; and in it, the part that enters
 * the guest, for vcpu->enter_begin etc.  vmx_entry.S */
void vmx_exit_stub(void);
extern const char vmx_enter_begin[], vmx_enter_end[], vmx_enter_again[];

/* Handle one exit; called by vmx_exit_stub.  False: leave vmx_run. */
bool vmx_vmexit(struct vmm_vcpu *v);
/* v->attention was set after vmx_vmexit looked at it; called by
 * vmx_exit_stub. */
void vmx_again(struct vmm_vcpu *v);
/* VMRESUME did not even try; called by vmx_exit_stub. */
VMM_NORETURN void vmx_resume_failed(struct vmm_vcpu *v);

/* Deliver ev at the next entry, in place of what was to be delivered. */
void vmx_inject(struct vmm_vcpu *v, const struct vmm_event *ev);
/* Deliver again what was being delivered when the exit came. */
void vmx_redeliver(struct vmm_vcpu *v);
/* Go on behind the instruction of length len. */
void vmx_advance(struct vmm_vcpu *v, unsigned len);
/* Write the processor-based controls that the state of x asks for. */
void vmx_update_proc(struct vmx_vcpu *x);
void vmx_nmi(struct vmm_vcpu *v);
void vmx_machine_check(struct vmm_vcpu *v);
/* Read EXIT_REASON etc. of the last exit into the log. */
void vmx_dump(struct vmm_vcpu *v);

/* vmx_forced.c: carry out an instruction that exits only where the processor
 * insists.  VMM_PASS: it is not one of them. */
enum vmm_verdict vmx_forced_exit(struct vmm_vcpu *v, unsigned basic,
				 struct vmm_exit *e);

/* vmx_task.c: carry out the task switch that this exit is about. */
enum vmm_verdict vmx_task_switch(struct vmm_vcpu *v, struct vmm_exit *e);

/* vmx_start.c: drop translations of linear addresses, of the nested map. */
void vmx_flush_linear(struct vmx_vcpu *x);
void vmx_flush(struct vmm_vcpu *v);

/* vmx_smp.c */
void vmx_park(struct vmm_vcpu *v);
void vmx_unpark(struct vmm_vcpu *v);
void vmx_drain(void);

/* vmx_step.c */
void vmx_step(struct vmm_vcpu *v);
/* An exit came while stepping: undo what vmx_step set.  True if it was the
 * step itself, which is then all there is to this exit. */
bool vmx_step_done(struct vmm_vcpu *v, unsigned basic);

/* vmx_regs.c: the register half of the ops table. */
uint64_t vmx_get(struct vmm_vcpu *v, enum vmm_reg reg);
void vmx_set(struct vmm_vcpu *v, enum vmm_reg reg, uint64_t value);
void vmx_get_seg(struct vmm_vcpu *v, enum vmm_segreg seg,
		 struct vmm_segment *out);
void vmx_set_seg(struct vmm_vcpu *v, enum vmm_segreg seg,
		 const struct vmm_segment *in);
void vmx_walk_state(struct vmm_vcpu *v, struct vmm_walk_state *st);

#endif
