/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Run one guest instruction and come back.  SVM has no monitor trap flag, so
 * RFLAGS.TF does it: the interrupt shadow holds external interrupts off for
 * that instruction, and all exceptions and NMIs are intercepted meanwhile, so
 * that none is delivered with our TF in the flags that it pushes.
 */
#include <svm/svm_priv.h>

#define DR6_BS UINT64_C(0x4000)		/* single step */
#define DR6_B0123 UINT64_C(0xf)
#define EXCEPTION_WORD 2		/* intercepts of exit codes 0x40.. */

void svm_step(struct vmm_vcpu *v)
{
	struct svm_vcpu *s = svm_of(v);
	struct vmcb *c = s->vmcb;

	if (s->stepping)
		return;
	s->stepping = true;
	s->step_guest_tf = c->rflags & X86_RFLAGS_TF;
	s->step_dr6 = c->dr6;
	s->step_exceptions = c->intercept[EXCEPTION_WORD];
	s->step_nmi = c->intercept[SVM_EXIT_NMI / 32] &
		UINT32_C(1) << SVM_EXIT_NMI % 32;
	c->intercept[EXCEPTION_WORD] = UINT32_MAX;
	svm_intercept(c, SVM_EXIT_NMI, true);
	c->rflags |= X86_RFLAGS_TF;
	c->interrupt_shadow |= VMCB_SHADOW;
}

/* The single-step trap of the VMM: forget it, unless the guest was stepping
 * itself or one of its breakpoints hit at the same instruction. */
static void step_trap(struct vmm_vcpu *v, struct svm_vcpu *s)
{
	struct vmcb *c = s->vmcb;
	struct vmm_event db = {
		.vector = X86_TRAP_DB, .type = VMM_EVENT_EXCEPTION,
	};

	if (s->step_guest_tf || c->dr6 & ~s->step_dr6 & DR6_B0123) {
		if (!s->step_guest_tf)
			c->dr6 &= ~DR6_BS | s->step_dr6;
		svm_inject(v, &db);
	} else {
		c->dr6 = s->step_dr6;
	}
}

bool svm_step_done(struct vmm_vcpu *v)
{
	struct svm_vcpu *s = svm_of(v);
	struct vmcb *c = s->vmcb;
	bool trap = c->exitcode == SVM_EXIT_EXCEPTION_0 + X86_TRAP_DB &&
		c->dr6 & DR6_BS;

	s->stepping = false;
	c->intercept[EXCEPTION_WORD] = s->step_exceptions;
	if (!s->step_nmi)
		svm_intercept(c, SVM_EXIT_NMI, false);
	/* An IRET that was carried out has loaded TF itself. */
	if (!s->step_guest_tf && !(s->iret && c->rip != s->iret_rip))
		c->rflags &= ~X86_RFLAGS_TF;
	if (s->iret)
		svm_iret_done(v);
	if (!trap)
		return false;
	step_trap(v, s);
	return true;
}
