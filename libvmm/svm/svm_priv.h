/* SPDX-License-Identifier: BSD-3-Clause */
/* AMD SVM: state of a vCPU and what the files of this folder share. */
#ifndef SVM_SVM_PRIV_H
#define SVM_SVM_PRIV_H

#include <cpu/vcpu_priv.h>
#include <svm/vmcb.h>

struct svm_vcpu {
	struct vmcb *vmcb;		/* the guest's */
	struct vmcb *host_vmcb;		/* VMSAVE of the VMM's own state */
	void *hsave;			/* the hardware's, for VM_HSAVE_PA */
	bool nrips;			/* VMCB.nRIP is filled by exits */
	bool decode_assists;
	uint8_t flush_command;		/* VMCB_TLB_FLUSH_... */

	/* While one instruction is stepped (svm_step.c) */
	bool stepping;
	bool step_guest_tf;		/* the guest's own RFLAGS.TF */
	uint32_t step_exceptions;	/* intercepts to restore */
	uint32_t step_nmi;
	uint64_t step_dr6;

	/* NMIs of the guest (svm_smp.c) */
	bool nmi_pending, nmi_blocked;
	bool iret;		/* an IRET that ends an NMI is being stepped */
	uint64_t iret_rip;
};

static inline struct svm_vcpu *svm_of(struct vmm_vcpu *v)
{
	return (struct svm_vcpu *)v->vendor;
}

static inline void svm_intercept(struct vmcb *c, unsigned code, bool on)
{
	uint32_t bit = UINT32_C(1) << code % 32;

	if (on)
		c->intercept[code / 32] |= bit;
	else
		c->intercept[code / 32] &= ~bit;
}

/* Enter the guest of v (VMRUN) and handle its exits, for ever.  Returns only
 * if the very first VMRUN is refused.  GIF is 0 from here on in the VMM.
 * svm_entry.S */
void svm_run(struct vmm_vcpu *v);

/* Handle one exit; called by svm_run.  False: leave svm_run. */
bool svm_vmexit(struct vmm_vcpu *v);

/* Deliver ev at the next entry. */
void svm_inject(struct vmm_vcpu *v, const struct vmm_event *ev);
/* Go on behind the instruction of length len. */
void svm_advance(struct vmm_vcpu *v, unsigned len);

/* svm_usable.c: by VM_CR and CPUID 0x8000000a.EDX.  Pure; logs why not.  Errors
 * as for vmm_vendor_ops.check: -EACCES (the firmware has it off), -ENODEV. */
int svm_usable(uint64_t vm_cr, uint32_t features, char *error, size_t size)
	VMM_MUST_CHECK;

/* svm_refused.c: VMRUN has refused c.  True: all that the VMM has put there is
 * right, so it was the guest's registers; false: the VMM's fault.  why: a rule
 * that is broken, or that none is known.  Pure. */
bool svm_refused_guest(const struct vmcb *c, unsigned phys_bits, char *why,
		       size_t size);

/* svm_step.c */
void svm_step(struct vmm_vcpu *v);
/* An exit came while stepping: undo what svm_step set.  True if it was the
 * step itself, which is then all there is to this exit. */
bool svm_step_done(struct vmm_vcpu *v);

/* svm_smp.c */
int svm_park_init(struct vmm *vmm) VMM_MUST_CHECK;
void svm_park(struct vmm_vcpu *v);
void svm_unpark(struct vmm_vcpu *v);
void svm_drain(void);
void svm_watch_cr0(struct vmm_vcpu *v);
/* The guest is to get an NMI; then at each exit while one is pending. */
void svm_nmi(struct vmm_vcpu *v);
void svm_nmi_try(struct vmm_vcpu *v);
/* The guest is about to execute the IRET of an NMI handler; has tried to. */
void svm_iret(struct vmm_vcpu *v);
void svm_iret_done(struct vmm_vcpu *v);

/* svm_regs.c: the register half of the ops table. */
uint64_t svm_get(struct vmm_vcpu *v, enum vmm_reg reg);
void svm_set(struct vmm_vcpu *v, enum vmm_reg reg, uint64_t value);
void svm_get_seg(struct vmm_vcpu *v, enum vmm_segreg seg,
		 struct vmm_segment *out);
void svm_set_seg(struct vmm_vcpu *v, enum vmm_segreg seg,
		 const struct vmm_segment *in);
void svm_walk_state(struct vmm_vcpu *v, struct vmm_walk_state *st);

#endif
