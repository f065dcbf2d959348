/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * INIT, SIPI and NMI on SVM.
 *
 * A processor that waits for a SIPI runs a guest too: one page with a HLT, in
 * a nested map of its own.  The NMI that the VMM wakes it with ends that HLT
 * by an exit, and cannot come too early: it stays pending until VMRUN.
 */
#include <string.h>
#include <mm/nested.h>
#include <mm/pool_mem.h>
#include <svm/svm_priv.h>
#include <vmm/error.h>

#define DR6_INIT	UINT64_C(0xffff0ff0)

static const uint8_t park_code[] = { 0xf4, 0xeb, 0xfd };	/* hlt; jmp */
static struct vmm_pt park_pt;

int svm_park_init(struct vmm *vmm)
{
	uint8_t *page = vmm_pages_alloc(&vmm->pool, 1);
	int rc;

	if (!page)
		return VMM_ERROR(ENOMEM);
	memcpy(page, park_code, sizeof(park_code));
	rc = vmm_pt_init(&park_pt, &vmm_pt_npt, &vmm_pt_pool_mem,
			 &vmm->pool, 1);
	if (rc < 0)
		return rc;
	return vmm_pt_map(&park_pt, 0, (uint64_t)(uintptr_t)page,
			  VMM_PAGE_SIZE, VMM_PT_R | VMM_PT_X, VMM_MT_WB);
}

void svm_park(struct vmm_vcpu *v)
{
	struct svm_vcpu *s = svm_of(v);
	struct vmcb *c = s->vmcb;

	c->dr6 = DR6_INIT;
	c->interrupt_shadow = 0;
	c->eventinj = 0;
	c->n_cr3 = vmm_pt_root_pa(&park_pt);
	c->tlb_control = s->flush_command;
	s->nmi_pending = s->nmi_blocked = s->iret = false;
	svm_intercept(c, SVM_EXIT_IRET, false);
	svm_intercept(c, SVM_EXIT_CR0_SEL_WRITE, false);
}

/* Its exit switches it off again. */
void svm_watch_cr0(struct vmm_vcpu *v)
{
	svm_intercept(svm_of(v)->vmcb, SVM_EXIT_CR0_SEL_WRITE, true);
}

/* With GIF and IF set the highest comes first, then the next behind its
 * IRET; by the second NOP all are through. */
void svm_drain(void)
{
	__asm__ volatile("stgi; sti; nop; nop; cli; clgi" ::: "memory");
}

void svm_unpark(struct vmm_vcpu *v)
{
	struct svm_vcpu *s = svm_of(v);
	struct vmcb *c = s->vmcb;

	c->n_cr3 = vmm_pt_root_pa(&v->vmm->nested->pt);
	c->tlb_control = s->flush_command;
}

/*
 * NMIs: while one is being served the next waits for its IRET, as in hardware
 * (APM vol. 2, 15.21.10).  The IRET is intercepted and stepped
 * over; NMIs are open again behind it, not before.
 */
void svm_nmi(struct vmm_vcpu *v)
{
	struct svm_vcpu *s = svm_of(v);

	s->nmi_pending = true;
	svm_nmi_try(v);
}

void svm_nmi_try(struct vmm_vcpu *v)
{
	static const struct vmm_event nmi = {
		.vector = X86_TRAP_NMI, .type = VMM_EVENT_NMI,
	};
	struct svm_vcpu *s = svm_of(v);
	struct vmcb *c = s->vmcb;

	if (s->nmi_blocked)
		return;
	if (c->eventinj & VMCB_EVENT_VALID ||
	    c->interrupt_shadow & VMCB_SHADOW) {
		svm_step(v);	/* one instruction further */
		return;
	}
	s->nmi_pending = false;
	s->nmi_blocked = true;
	svm_inject(v, &nmi);
	svm_intercept(c, SVM_EXIT_IRET, true);
}

void svm_iret(struct vmm_vcpu *v)
{
	struct svm_vcpu *s = svm_of(v);

	svm_intercept(s->vmcb, SVM_EXIT_IRET, false);
	s->iret = true;
	s->iret_rip = s->vmcb->rip;
	svm_step(v);
}

void svm_iret_done(struct vmm_vcpu *v)
{
	struct svm_vcpu *s = svm_of(v);

	s->iret = false;
	if (s->vmcb->rip == s->iret_rip) {
		/* it faulted or was interrupted: NMIs are still blocked */
		svm_intercept(s->vmcb, SVM_EXIT_IRET, true);
		return;
	}
	s->nmi_blocked = false;
}
