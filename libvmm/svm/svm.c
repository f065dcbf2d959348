/* SPDX-License-Identifier: BSD-3-Clause */
/* AMD SVM with nested paging: set-up (AMD APM vol. 2, chapter 15). */
#include <string.h>
#include <cpu/host.h>
#include <mm/nested.h>
#include <svm/svm_priv.h>
#include <vmm/error.h>
#include <vmm/log.h>
#include <vmm/printf.h>

#define CPUID_EXT_MAX		0x80000000u
#define CPUID_EXT_FEATURES	0x80000001u
#define CPUID_EXT_SVM		0x8000000au
#define CPUID_ECX_SVM		(1u << 2)
#define CPUID_EDX_1G_PAGES	(1u << 26)
#define CPUID_SVM_NRIPS		(1u << 3)
#define CPUID_SVM_FLUSH_ASID	(1u << 6)
#define CPUID_SVM_DECODE	(1u << 7)
#define VM_CR_R_INIT		(1u << 1)

#define GUEST_ASID		1u	/* the host's is 0 */
#define IOPM_PAGES		3	/* 15.10.1: 12 KiB */
#define MSRPM_PAGES		2	/* 15.11: 8 KiB */

/* Shared by all vCPUs; a set bit intercepts. */
static struct {
	uint8_t *iopm, *msrpm;
} svm;

static bool svm_present(void)
{
	return x86_cpuid(CPUID_EXT_MAX, 0).eax >= CPUID_EXT_SVM &&
		x86_cpuid(CPUID_EXT_FEATURES, 0).ecx & CPUID_ECX_SVM;
}

static int svm_check(char *error, size_t size)
{
	return svm_usable(x86_rdmsr(MSR_AMD_VM_CR),
			  x86_cpuid(CPUID_EXT_SVM, 0).edx, error, size);
}

/* Nested tables are the processor's ordinary ones. */
static unsigned svm_max_leaf(void)
{
	return x86_cpuid(CPUID_EXT_FEATURES, 0).edx & CPUID_EDX_1G_PAGES ?
		3 : 2;
}

static int svm_vm_init(struct vmm *vmm)
{
	svm.iopm = vmm_pages_alloc(&vmm->pool, IOPM_PAGES);
	svm.msrpm = vmm_pages_alloc(&vmm->pool, MSRPM_PAGES);
	if (!svm.iopm || !svm.msrpm)
		return VMM_ERROR(ENOMEM);
	return svm_park_init(vmm);
}

static void svm_intercept_io(struct vmm *vmm, uint16_t port, unsigned count,
			     bool on)
{
	unsigned p;

	(void)vmm;
	for (p = port; p < port + count && p <= UINT16_MAX; p++) {
		uint8_t bit = (uint8_t)(1u << p % 8);

		if (on)
			__atomic_or_fetch(&svm.iopm[p / 8], bit,
					  __ATOMIC_RELAXED);
		else
			__atomic_and_fetch(&svm.iopm[p / 8], (uint8_t)~bit,
					   __ATOMIC_RELAXED);
	}
}

/* Two bits for each MSR of three ranges; all others always exit (15.11). */
static void svm_intercept_msr(struct vmm *vmm, uint32_t msr, bool read,
			      bool write)
{
	static const uint32_t start[] = { 0, 0xc0000000u, 0xc0010000u };
	unsigned i, bit, value = read | write << 1;

	(void)vmm;
	for (i = 0; i < VMM_ARRAY_SIZE(start); i++) {
		uint8_t *byte;

		if (msr - start[i] >= 0x2000)
			continue;
		bit = (i * 0x2000 + (msr - start[i])) * 2;
		byte = &svm.msrpm[bit / 8];
		*byte = (uint8_t)((*byte & ~(3u << bit % 8)) |
				  value << bit % 8);
	}
}

/*
 * Every intercept, and why.  They stay on as long as the VMM runs; none of
 * them is met by a guest in steady state.
 */
static const uint8_t intercepts[] = {
	SVM_EXIT_CPUID,		/* hide SVM, show the BitVisor leaf */
	SVM_EXIT_INVD,		/* would throw away the VMM's dirty lines */
	SVM_EXIT_IOIO,		/* only ports in the IOPM; empty in minimal */
	SVM_EXIT_MSR,		/* only MSRs in the MSRPM: see cpu/msr.c */
	SVM_EXIT_SHUTDOWN,	/* log the guest's state, reset the machine */
	SVM_EXIT_VMRUN,		/* required by the architecture (15.5.1) */
	SVM_EXIT_VMMCALL,	/* hypercalls */
	/* EFER.SVME is 1 under the guest, so these would work: #UD instead */
	SVM_EXIT_INVLPGA, SVM_EXIT_VMLOAD, SVM_EXIT_VMSAVE, SVM_EXIT_STGI,
	SVM_EXIT_CLGI, SVM_EXIT_SKINIT,
};

/* With more than one processor, in addition; on one they are never needed. */
static const uint8_t smp_intercepts[] = {
	SVM_EXIT_NMI,		/* how CPUs call each other into the VMM */
	SVM_EXIT_INIT,		/* a CPU must not be reset out of the VMM */
	SVM_EXIT_WBINVD,	/* sign of one leaving the system: icrtrap.c */
};

static void vmcb_controls(struct vmm_vcpu *v)
{
	struct vmcb *c = svm_of(v)->vmcb;
	unsigned i;

	for (i = 0; i < VMM_ARRAY_SIZE(intercepts); i++)
		svm_intercept(c, intercepts[i], true);
	if (v->vmm->handoff->cpu_count > 1)
		for (i = 0; i < VMM_ARRAY_SIZE(smp_intercepts); i++)
			svm_intercept(c, smp_intercepts[i], true);
	c->iopm_pa = (uint64_t)(uintptr_t)svm.iopm;
	c->msrpm_pa = (uint64_t)(uintptr_t)svm.msrpm;
	c->asid = GUEST_ASID;
	c->tlb_control = VMCB_TLB_FLUSH_ALL;
	c->np_enable = VMCB_NP_ENABLE;
	c->n_cr3 = vmm_pt_root_pa(&v->vmm->nested->pt);
}

static int svm_vcpu_init(struct vmm_vcpu *v)
{
	struct svm_vcpu *s = vmm_pages_alloc(&v->vmm->pool, 1);
	uint32_t features = x86_cpuid(CPUID_EXT_SVM, 0).edx;

	VMM_STATIC_ASSERT(sizeof(*s) <= VMM_PAGE_SIZE, "one page");
	if (!s)
		return VMM_ERROR(ENOMEM);
	s->vmcb = vmm_pages_alloc(&v->vmm->pool, 1);
	s->host_vmcb = vmm_pages_alloc(&v->vmm->pool, 1);
	s->hsave = vmm_pages_alloc(&v->vmm->pool, 1);
	if (!s->vmcb || !s->host_vmcb || !s->hsave)
		return VMM_ERROR(ENOMEM);
	s->nrips = features & CPUID_SVM_NRIPS;
	s->decode_assists = features & CPUID_SVM_DECODE;
	s->flush_command = features & CPUID_SVM_FLUSH_ASID ?
		VMCB_TLB_FLUSH_ASID : VMCB_TLB_FLUSH_ALL;
	v->vendor = s;
	v->guest_area = (uint64_t)(uintptr_t)s->vmcb;
	v->host_area = (uint64_t)(uintptr_t)s->host_vmcb;
	vmcb_controls(v);
	return 0;
}

static void load_segments(struct vmm_vcpu *v, const struct boot_state *b)
{
	struct vmcb *c = svm_of(v)->vmcb;
	unsigned i;

	for (i = 0; i < VMM_SEGS; i++)
		svm_set_seg(v, (enum vmm_segreg)i, &b->seg[i]);
	c->cpl = 0;
	c->gdtr.base = b->gdtr.base;
	c->gdtr.limit = b->gdtr.limit;
	c->idtr.base = b->idtr.base;
	c->idtr.limit = b->idtr.limit;
}

/* The guest goes on behind the loader's call: what the ABI says a callee
 * preserves, and RAX = 0. */
static void load_state(struct vmm_vcpu *v, const struct boot_state *b)
{
	struct vmcb *c = svm_of(v)->vmcb;

	/* system-call and SYSENTER MSRs, KERNEL_GS_BASE: still the guest's */
	__asm__ volatile("vmsave %0" :: "a"(v->guest_area) : "memory");
	load_segments(v, b);
	c->efer = b->efer | X86_EFER_SVME;
	c->cr0 = b->cr0;
	c->cr2 = b->cr2;
	c->cr3 = b->cr3;
	c->cr4 = b->cr4;
	c->dr6 = b->dr6;
	c->dr7 = b->dr7;
	c->g_pat = b->pat;
	c->rflags = b->rflags;
	c->rip = b->rip;
	c->rsp = b->rsp;
	c->rax = 0;
	v->regs.rbx = b->rbx;
	v->regs.rbp = b->rbp;
	v->regs.r12 = b->r12;
	v->regs.r13 = b->r13;
	v->regs.r14 = b->r14;
	v->regs.r15 = b->r15;
}

static int svm_start(struct vmm_vcpu *v, const struct boot_state *state,
		     char *error, size_t size)
{
	struct svm_vcpu *s = svm_of(v);
	uint64_t vm_cr;

	x86_wrmsr(MSR_EFER, x86_rdmsr(MSR_EFER) | X86_EFER_SVME);
	x86_wrmsr(MSR_AMD_VM_HSAVE_PA, (uint64_t)(uintptr_t)s->hsave);
	/* An INIT in the VMM raises #SX instead of a reset (15.30.1). */
	vm_cr = x86_rdmsr(MSR_AMD_VM_CR);
	x86_wrmsr(MSR_AMD_VM_CR, vm_cr | VM_CR_R_INIT);
	load_state(v, state);
	/* Also on a single processor a device of the VMM's needs it. */
	if (v->vmm->serve)
		svm_intercept(s->vmcb, SVM_EXIT_NMI, true);
	v->running = true;
	__asm__ volatile("vmsave %0" :: "a"(v->host_area) : "memory");
	__asm__ volatile("clgi" ::: "memory");
	if (v->attention)	/* from here on NMIs exit */
		vmm_attend(v);
	svm_run(v);
	v->running = false;
	vmm_snprintf(error, size, "the processor refused the first VMRUN"
		     " (EFER %#llx CR0 %#llx CR4 %#llx)",
		     (unsigned long long)s->vmcb->efer,
		     (unsigned long long)s->vmcb->cr0,
		     (unsigned long long)s->vmcb->cr4);
	x86_wrmsr(MSR_AMD_VM_CR, vm_cr);
	x86_wrmsr(MSR_AMD_VM_HSAVE_PA, 0);
	x86_wrmsr(MSR_EFER, x86_rdmsr(MSR_EFER) & ~X86_EFER_SVME);
	return VMM_ERROR(EIO);
}

static void svm_flush(struct vmm_vcpu *v)
{
	svm_of(v)->vmcb->tlb_control = svm_of(v)->flush_command;
}

static void svm_dump(struct vmm_vcpu *v)
{
	const struct vmcb *c = svm_of(v)->vmcb;

	vmm_log_err("SVM exit code %#llx info1 %#llx info2 %#llx"
		    " exitintinfo %#llx eventinj %#llx\n",
		    (unsigned long long)c->exitcode,
		    (unsigned long long)c->exitinfo1,
		    (unsigned long long)c->exitinfo2,
		    (unsigned long long)c->exitintinfo,
		    (unsigned long long)c->eventinj);
}

const struct vmm_vendor_ops vmm_svm_ops = {
	.name = "SVM",
	.id = VMM_VENDOR_SVM,
	.nested_format = &vmm_pt_npt,
	.nested_types = false,
	.present = svm_present,
	.check = svm_check,
	.max_leaf = svm_max_leaf,
	.vm_init = svm_vm_init,
	.vcpu_init = svm_vcpu_init,
	.start = svm_start,
	.get = svm_get,
	.set = svm_set,
	.get_seg = svm_get_seg,
	.set_seg = svm_set_seg,
	.walk_state = svm_walk_state,
	.park = svm_park,
	.unpark = svm_unpark,
	.drain = svm_drain,
	.watch_cr0 = svm_watch_cr0,
	.nmi = svm_nmi,
	.flush = svm_flush,
	.step = svm_step,
	.intercept_msr = svm_intercept_msr,
	.intercept_io = svm_intercept_io,
	.dump = svm_dump,
};
