/* SPDX-License-Identifier: BSD-3-Clause */
/* Intel VMX with EPT: is it there, what can it do, what all vCPUs share
 * (Intel SDM vol. 3, chapters 24 and 25, appendix A). */
#include <cpu/host.h>
#include <cpu/policy.h>
#include <mm/nested.h>
#include <vmx/vmx_priv.h>
#include <vmx/vmx_start.h>
#include <vmm/error.h>
#include <vmm/log.h>
#include <vmm/printf.h>

#define CPUID_ECX_VMX		(1u << 5)
#define IO_BITMAP_PAGES		2	/* 25.6.4: A, then B */
#define MSR_BITMAP_READ		0	/* 25.6.9: offsets of its four parts */
#define MSR_BITMAP_WRITE	2048
#define MSR_BITMAP_HIGH		1024	/* of C000_0000.. in each half */

struct vmx_machine vmx;

static bool vmx_present(void)
{
	return x86_cpuid(0, 0).eax >= 1 &&
		x86_cpuid(1, 0).ecx & CPUID_ECX_VMX;
}

/*
 * Instructions that work in the guest only with a control that this VMM may
 * not get, and features that it does not virtualize (control 0).  The guest
 * does not see those in CPUID.
 */
static const struct feature {
	uint32_t control;
	uint32_t leaf, subleaf;
	enum cpuid_reg reg;
	uint32_t bits;
} features[] = {
	{ PROC2_RDTSCP, 0x80000001u, CPUID_ANY_SUBLEAF, CPUID_EDX, 1u << 27 },
	{ PROC2_RDTSCP, 7, 0, CPUID_ECX, 1u << 22 },	/* RDPID */
	{ PROC2_INVPCID, 7, 0, CPUID_EBX, 1u << 10 },
	{ PROC2_XSAVES, 0xd, 1, CPUID_EAX, 1u << 3 },
	{ PROC2_USER_WAIT, 7, 0, CPUID_ECX, 1u << 5 },
	{ PROC2_PCONFIG, 7, 0, CPUID_EDX, 1u << 18 },
	/* Processor Trace writes to physical addresses of the guest's choice,
	 * past EPT (26.5.4 "Intel PT and VMX"). */
	{ 0, 7, 0, CPUID_EBX, 1u << 25 },
	/* FRED's event data would have to be kept across exits. */
	{ 0, 7, 1, CPUID_EAX, 1u << 17 },
};

/* Does this CPU have what f stands for? */
static bool cpu_has(const struct feature *f)
{
	struct x86_cpuid r;

	if (x86_cpuid(f->leaf & 0x80000000u, 0).eax < f->leaf)
		return false;
	r = x86_cpuid(f->leaf, f->subleaf);
	return cpuid_reg(&r, f->reg) & f->bits;
}

/* Controls whose instructions exist here: vmx_msrs.instructions. */
static uint32_t instructions(void)
{
	uint32_t controls = 0;
	unsigned i;

	for (i = 0; i < VMM_ARRAY_SIZE(features); i++)
		if (cpu_has(&features[i]))
			controls |= features[i].control;
	return controls;
}

static void hide_features(void)
{
	const struct feature *f;

	for (f = features; f < features + VMM_ARRAY_SIZE(features); f++)
		if (!(vmx.controls.proc2 & f->control) && cpu_has(f))
			cpuid_hide(f->leaf, f->subleaf, f->reg, f->bits);
}

/* The TRUE ones tell of more freedom, where they exist (A.2). */
static void read_msrs(struct vmx_msrs *m)
{
	bool true_controls;

	m->basic = x86_rdmsr(MSR_VMX_BASIC);
	true_controls = m->basic & VMX_BASIC_TRUE;
	m->pin = x86_rdmsr(true_controls ? MSR_VMX_TRUE_PIN : MSR_VMX_PIN);
	m->proc = x86_rdmsr(true_controls ? MSR_VMX_TRUE_PIN + 1 :
			    MSR_VMX_PROC);
	m->exit = x86_rdmsr(true_controls ? MSR_VMX_TRUE_PIN + 2 :
			    MSR_VMX_EXIT);
	m->entry = x86_rdmsr(true_controls ? MSR_VMX_TRUE_PIN + 3 :
			     MSR_VMX_ENTRY);
	m->misc = x86_rdmsr(MSR_VMX_MISC);
	m->cr0_fixed0 = x86_rdmsr(MSR_VMX_CR0_FIXED0);
	m->cr0_fixed1 = x86_rdmsr(MSR_VMX_CR0_FIXED1);
	m->cr4_fixed0 = x86_rdmsr(MSR_VMX_CR4_FIXED0);
	m->cr4_fixed1 = x86_rdmsr(MSR_VMX_CR4_FIXED1);
	/* These two exist only if a control says so (A.3.3, A.10). */
	m->proc2 = m->proc >> 32 & PROC_SECONDARY ?
		x86_rdmsr(MSR_VMX_PROC2) : 0;
	m->ept_vpid = m->proc2 >> 32 & (PROC2_EPT | PROC2_VPID) ?
		x86_rdmsr(MSR_VMX_EPT_VPID) : 0;
	m->instructions = instructions();
}

static int check_feature_control(char *error, size_t size)
{
	switch (vmx_feature_state(x86_rdmsr(MSR_FEATURE_CONTROL))) {
	case VMX_FEATURE_OFF:
		vmm_log_err("VMXON is disabled.\n");
		vmm_snprintf(error, size, "VMXON is disabled. Enable VT-x"
			     " (\"Intel Virtualization Technology\") in the"
			     " firmware setup");
		return VMM_ERROR(EACCES);
	case VMX_FEATURE_OPEN:	/* each CPU sets its own: vmx_start.c */
		vmm_log_info("Trying to enable VMXON.\n");
		return 0;
	default:
		return 0;
	}
}

/* Also keeps what it found: vm_init and the vCPUs build on it. */
static int vmx_check(char *error, size_t size)
{
	int rc = check_feature_control(error, size);
	unsigned i;

	if (rc < 0)
		return rc;
	read_msrs(&vmx.msrs);
	rc = vmx_caps_resolve(&vmx.msrs, &vmx.controls, error, size);
	if (rc < 0)
		return rc;
	for (i = 0; i < vmx.controls.missing_count; i++)
		vmm_log_info("VMX: this processor does not offer \"%s\","
			     " going on without it\n", vmx.controls.missing[i]);
	return 0;
}

static unsigned vmx_max_leaf(void)
{
	if (vmx.controls.ept_vpid & VMX_EPT_1G)
		return 3;
	return vmx.controls.ept_vpid & VMX_EPT_2M ? 2 : 1;
}

/* Bitmaps of zeros: nothing exits until policy asks for it. */
static int vmx_vm_init(struct vmm *vmm)
{
	vmx.io_bitmap = vmm_pages_alloc(&vmm->pool, IO_BITMAP_PAGES);
	vmx.msr_bitmap = vmm_pages_alloc(&vmm->pool, 1);
	if (!vmx.io_bitmap || !vmx.msr_bitmap)
		return VMM_ERROR(ENOMEM);
	hide_features();
	return 0;
}

static void set_bit(uint8_t *byte, unsigned bit, bool on)
{
	uint8_t mask = (uint8_t)(1u << bit);

	if (on)
		__atomic_or_fetch(byte, mask, __ATOMIC_RELAXED);
	else
		__atomic_and_fetch(byte, (uint8_t)~mask, __ATOMIC_RELAXED);
}

/* Port p is bit p of both bitmaps, which are one piece (25.6.4). */
static void vmx_intercept_io(struct vmm *vmm, uint16_t port, unsigned count,
			     bool on)
{
	unsigned p;

	(void)vmm;
	for (p = port; p < port + count && p <= UINT16_MAX; p++)
		set_bit(&vmx.io_bitmap[p / 8], p % 8, on);
}

/* A bit for each MSR of two ranges; all others always exit (25.6.9). */
static void vmx_intercept_msr(struct vmm *vmm, uint32_t msr, bool read,
			      bool write)
{
	unsigned part = msr >= 0xc0000000u ? MSR_BITMAP_HIGH : 0;
	uint32_t n = msr - (part ? 0xc0000000u : 0);
	uint8_t *map = vmx.msr_bitmap + part + n / 8;

	(void)vmm;
	if (n >= 0x2000)
		return;
	set_bit(map + MSR_BITMAP_READ, n % 8, read);
	set_bit(map + MSR_BITMAP_WRITE, n % 8, write);
}

static int vmx_vcpu_init(struct vmm_vcpu *v)
{
	struct vmx_vcpu *x = vmm_pages_alloc(&v->vmm->pool, 1);

	VMM_STATIC_ASSERT(sizeof(*x) <= VMM_PAGE_SIZE, "one page");
	if (!x)
		return VMM_ERROR(ENOMEM);
	x->vmxon = vmm_pages_alloc(&v->vmm->pool, 1);
	x->vmcs = vmm_pages_alloc(&v->vmm->pool, 1);
	if (!x->vmxon || !x->vmcs)
		return VMM_ERROR(ENOMEM);
	/* Both begin with the format's number (25.2, 25.11.5). */
	*(uint32_t *)x->vmxon = VMX_BASIC_REVISION(vmx.msrs.basic);
	*(uint32_t *)x->vmcs = VMX_BASIC_REVISION(vmx.msrs.basic);
	x->cr0_mask = vmx_cr0_mask(&vmx.msrs);
	x->cr4_mask = vmx_cr4_mask(&vmx.msrs);
	v->vendor = x;
	v->enter_begin = (uint64_t)(uintptr_t)vmx_enter_begin;
	v->enter_size = (uint64_t)(vmx_enter_end - vmx_enter_begin);
	v->enter_again = (uint64_t)(uintptr_t)vmx_enter_again;
	return 0;
}

const struct vmm_vendor_ops vmm_vmx_ops = {
	.name = "VMX",
	.id = VMM_VENDOR_VMX,
	.nested_format = &vmm_pt_ept,
	.nested_types = true,
	.present = vmx_present,
	.check = vmx_check,
	.max_leaf = vmx_max_leaf,
	.vm_init = vmx_vm_init,
	.vcpu_init = vmx_vcpu_init,
	.start = vmx_start,
	.get = vmx_get,
	.set = vmx_set,
	.get_seg = vmx_get_seg,
	.set_seg = vmx_set_seg,
	.walk_state = vmx_walk_state,
	.park = vmx_park,
	.unpark = vmx_unpark,
	.drain = vmx_drain,
	.nmi = vmx_nmi,
	.machine_check = vmx_machine_check,
	.flush = vmx_flush,
	.step = vmx_step,
	.intercept_msr = vmx_intercept_msr,
	.intercept_io = vmx_intercept_io,
	.dump = vmx_dump,
};
