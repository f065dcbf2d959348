/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The choice of VMX controls (Intel SDM vol. 3, appendix A.3 to A.5): each
 * bit that the VMM knows has a row that says what it wants of it; the
 * capability MSRs say what it can get.
 */
#include <vmm/error.h>
#include <vmm/printf.h>
#include <cpu/policy.h>
#include <vmx/vmcs.h>
#include <vmx/vmx_caps.h>

enum need {
	OFF,		/* must be off; the VMM does not cope with it */
	OFF_IF_FREE,	/* off; where it is forced on, its exits are handled */
	WANTED,		/* on; can do without */
	INSTRUCTION,	/* on if the CPU has it; the guest can do without */
	NEEDED,		/* on, or the VMM does not start */
	DYNAMIC,	/* off at first, switched at run time if allowed */
};

struct control {
	uint8_t bit;
	uint8_t need;
	const char *name;	/* as in the SDM's tables 25-5 to 25-16 */
};

/* Table 25-5 */
static const struct control pin_controls[] = {
	/* only while TF steps the guest (vmx_step.c) */
	{ 0, DYNAMIC, "external-interrupt exiting" },
	/* NMIs of the guest and for the VMM take one way; always on */
	{ 3, NEEDED, "NMI exiting" },
	/* blocking by NMI is the guest's, not the hardware's */
	{ 5, NEEDED, "virtual NMIs" },
	/* only while TF steps the guest */
	{ 6, DYNAMIC, "activate VMX-preemption timer" },
	/* interrupts go to the guest by themselves */
	{ 7, OFF, "process posted interrupts" },
};

/* Table 25-6.  What is OFF_IF_FREE would only cost exits. */
static const struct control proc_controls[] = {
	/* the VMM injects no interrupts */
	{ 2, OFF, "interrupt-window exiting" },
	/* the TSC is the guest's: the offset stays 0 */
	/* the TSC is the guest's: the offset stays 0 */
	{ 3, OFF_IF_FREE, "use TSC offsetting" },
	{ 7, OFF_IF_FREE, "HLT exiting" },
	{ 9, OFF_IF_FREE, "INVLPG exiting" },
	{ 10, OFF_IF_FREE, "MWAIT exiting" },
	{ 11, OFF_IF_FREE, "RDPMC exiting" },
	{ 12, OFF_IF_FREE, "RDTSC exiting" },
	{ 15, OFF, "CR3-load exiting" },
	{ 16, OFF, "CR3-store exiting" },
	/* nothing in them is wanted */
	{ 17, OFF, "activate tertiary controls" },
	{ 19, OFF_IF_FREE, "CR8-load exiting" },
	{ 20, OFF_IF_FREE, "CR8-store exiting" },
	/* CR8 is the hardware's */
	{ 21, OFF, "use TPR shadow" },
	/* on while an NMI waits for the guest's IRET */
	{ 22, DYNAMIC, "NMI-window exiting" },
	{ 23, OFF_IF_FREE, "MOV-DR exiting" },
	/* the bitmaps win over it */
	/* the bitmaps win over it */
	{ 24, OFF_IF_FREE, "unconditional I/O exiting" },
	/* only ports that the VMM keeps; none in minimal */
	{ 25, NEEDED, "use I/O bitmaps" },
	/* on for one instruction (vmx_step.c) */
	{ 27, DYNAMIC, "monitor trap flag" },
	/* only MSRs that have a row in cpu/msr.c */
	{ 28, NEEDED, "use MSR bitmaps" },
	{ 29, OFF_IF_FREE, "MONITOR exiting" },
	{ 30, OFF_IF_FREE, "PAUSE exiting" },
	/* EPT */
	{ 31, NEEDED, "activate secondary controls" },
};

/* Table 25-7 */
static const struct control proc2_controls[] = {
	/* the APIC page is the guest's */
	{ 0, OFF, "virtualize APIC accesses" },
	/* keeps the guest out of the VMM's memory; always on */
	{ 1, NEEDED, "enable EPT" },
	{ 2, OFF, "descriptor-table exiting" },
	/* and RDPID: #UD without it */
	{ 3, INSTRUCTION, "enable RDTSCP" },
	{ 4, OFF, "virtualize x2APIC mode" },
	/* spares a TLB flush at each entry and exit */
	{ 5, WANTED, "enable VPID" },
	{ 6, OFF_IF_FREE, "WBINVD exiting" },
	/* real mode and paging off without an exit */
	{ 7, NEEDED, "unrestricted guest" },
	{ 8, OFF, "APIC-register virtualization" },
	{ 9, OFF, "virtual-interrupt delivery" },
	{ 10, OFF_IF_FREE, "PAUSE-loop exiting" },
	{ 11, OFF, "RDRAND exiting" },
	/* #UD without it */
	{ 12, INSTRUCTION, "enable INVPCID" },
	/* VMFUNC does not exist for the guest */
	{ 13, OFF, "enable VM functions" },
	{ 14, OFF, "VMCS shadowing" },
	{ 15, OFF, "enable ENCLS exiting" },
	{ 16, OFF, "RDSEED exiting" },
	{ 17, OFF, "enable PML" },
	/* EPT violations are the VMM's affair */
	{ 18, OFF, "EPT-violation #VE" },
	{ 19, OFF, "conceal VMX from PT" },
	/* XSAVES and XRSTORS raise #UD without it */
	{ 20, INSTRUCTION, "enable XSAVES/XRSTORS" },
	{ 22, OFF, "mode-based execute control for EPT" },
	{ 23, OFF, "sub-page write permissions for EPT" },
	/* Processor Trace is hidden (vmx.c) */
	{ 24, OFF, "Intel PT uses guest physical addresses" },
	/* the TSC is the guest's */
	{ 25, OFF, "use TSC scaling" },
	/* TPAUSE, UMONITOR, UMWAIT: #UD without it */
	{ 26, INSTRUCTION, "enable user wait and pause" },
	/* #UD without it */
	{ 27, INSTRUCTION, "enable PCONFIG" },
	{ 28, OFF, "enable ENCLV exiting" },
	{ 30, OFF, "VMM bus-lock detection" },
	{ 31, OFF, "instruction timeout" },
};

/* Table 25-13.  State that the VMM does not use stays the guest's in the
 * processor, so it is neither saved nor loaded. */
static const struct control exit_controls[] = {
	/* DR7 and DEBUGCTL are the guest's */
	{ 2, NEEDED, "save debug controls" },
	/* the VMM is 64-bit code */
	{ 9, NEEDED, "host address-space size" },
	/* counters go on in the VMM, as in firmware */
	{ 12, OFF, "load IA32_PERF_GLOBAL_CTRL" },
	/* interrupts stay pending for the guest */
	{ 15, OFF, "acknowledge interrupt on exit" },
	/* the guest writes its PAT without an exit */
	{ 18, NEEDED, "save IA32_PAT" },
	/* the VMM's tables rely on its own */
	{ 19, NEEDED, "load IA32_PAT" },
	/* LME and LMA change without an exit */
	{ 20, NEEDED, "save IA32_EFER" },
	/* the VMM needs LMA and NXE */
	{ 21, NEEDED, "load IA32_EFER" },
	{ 22, OFF, "save VMX-preemption timer value" },
	{ 23, OFF, "clear IA32_BNDCFGS" },
	{ 24, OFF, "conceal VMX from PT" },
	{ 25, OFF, "clear IA32_RTIT_CTL" },
	{ 26, OFF, "clear IA32_LBR_CTL" },
	{ 27, OFF, "clear UINV" },
	{ 28, OFF, "load CET state" },
	{ 29, OFF, "load PKRS" },
	{ 30, OFF, "save IA32_PERF_GLOBAL_CTRL" },
	{ 31, OFF, "activate secondary controls" },
};

/* Table 25-16 */
static const struct control entry_controls[] = {
	/* DR7 and DEBUGCTL are the guest's */
	{ 2, NEEDED, "load debug controls" },
	/* the processor keeps it up to date (A.6) */
	{ 9, DYNAMIC, "IA-32e mode guest" },
	/* the VMM is no SMM monitor */
	{ 10, OFF, "entry to SMM" },
	{ 11, OFF, "deactivate dual-monitor treatment" },
	{ 13, OFF, "load IA32_PERF_GLOBAL_CTRL" },
	/* the guest's PAT gives its memory types */
	{ 14, NEEDED, "load IA32_PAT" },
	/* the guest's own SCE, LME, NXE */
	{ 15, NEEDED, "load IA32_EFER" },
	{ 16, OFF, "load IA32_BNDCFGS" },
	{ 17, OFF, "conceal VMX from PT" },
	{ 18, OFF, "load IA32_RTIT_CTL" },
	{ 19, OFF, "load UINV" },
	{ 20, OFF, "load CET state" },
	{ 21, OFF, "load guest IA32_LBR_CTL" },
	{ 22, OFF, "load PKRS" },
};

#define GROUP(n, t) { n, t, VMM_ARRAY_SIZE(t) }
static const struct group {
	const char *name;
	const struct control *controls;
	unsigned count;
} groups[] = {
	GROUP("pin-based", pin_controls),
	GROUP("processor-based", proc_controls),
	GROUP("secondary processor-based", proc2_controls),
	GROUP("VM-exit", exit_controls),
	GROUP("VM-entry", entry_controls),
};

/* The row of a bit; NULL for a reserved one. */
static const struct control *find(const struct group *g, unsigned bit)
{
	unsigned i;

	for (i = 0; i < g->count; i++)
		if (g->controls[i].bit == bit)
			return &g->controls[i];
	return NULL;
}

const char *vmx_control_name(unsigned group, unsigned bit)
{
	const struct control *c = group < VMM_ARRAY_SIZE(groups) ?
		find(&groups[group], bit) : NULL;

	return c ? c->name : "?";
}

/* What the functions below share. */
struct resolve {
	const struct vmx_msrs *msrs;
	struct vmx_controls *out;
	char *error;
	size_t size;
};

/* The VMM cannot run because of c: say so by its name. */
static int refuse(const struct resolve *r, const struct group *g,
		  const struct control *c, const char *what)
{
	vmm_snprintf(r->error, r->size, "this processor's VMX %s \"%s\" (%s"
		     " controls); the VMM cannot run on it", what, c->name,
		     g->name);
	return VMM_ERROR(ENODEV);
}

static void note_missing(struct vmx_controls *out, const char *name)
{
	if (out->missing_count < VMX_MAX_MISSING)
		out->missing[out->missing_count++] = name;
}

static int resolve_one(const struct resolve *r, const struct group *g,
		       const struct control *c, uint64_t cap, uint32_t *value)
{
	uint32_t bit = UINT32_C(1) << c->bit;
	bool forced = (uint32_t)cap & bit, allowed = cap >> 32 & bit;

	switch (c->need) {
	case INSTRUCTION:
		if (!(r->msrs->instructions & bit))
			return 0;
		/* fall through */
	case NEEDED:
	case WANTED:
		if (allowed)
			*value |= bit;
		else if (c->need == NEEDED)
			return refuse(r, g, c, "does not allow");
		else
			note_missing(r->out, c->name);
		return 0;
	case OFF_IF_FREE:
		return 0;
	default:
		return forced ? refuse(r, g, c, "forces") : 0;
	}
}

/* cap: low half, bits that must be 1; high half, bits that may be 1.  Bits
 * without a row are reserved and stay as the processor wants them. */
static int resolve_group(const struct resolve *r, unsigned group, uint64_t cap,
			 uint32_t *value)
{
	const struct group *g = &groups[group];
	unsigned i;
	int rc = 0;

	*value = (uint32_t)cap;
	for (i = 0; rc == 0 && i < g->count; i++)
		rc = resolve_one(r, g, &g->controls[i], cap, value);
	return rc;
}

static bool has(uint64_t value, uint64_t bits)
{
	return (value & bits) == bits;
}

/* Capabilities that no control bit stands for; NULL if all are there. */
static const char *unusable(const struct vmx_msrs *m)
{
	if (!(m->proc2 >> 32 & PROC2_EPT))
		return "has no EPT (nested paging)";
	if (!(m->proc2 >> 32 & PROC2_UNRESTRICTED))
		return "has no unrestricted guest (real mode without"
			" emulation)";
	if (!(m->ept_vpid & VMX_EPT_4_LEVELS))
		return "has no EPT with four levels";
	if (!(m->ept_vpid & VMX_EPT_WB))
		return "cannot walk EPT tables in write-back memory";
	if (!has(m->ept_vpid, VMX_INVEPT) ||
	    !(m->ept_vpid & (VMX_INVEPT_SINGLE | VMX_INVEPT_ALL)))
		return "has no INVEPT";
	/* Required of CPUs with unrestricted guest (A.6); without it, a
	 * guest that enters or leaves long mode would have to exit. */
	if (!(m->misc & VMX_MISC_SAVES_LMA))
		return "does not save the guest's IA-32e mode";
	if (VMX_BASIC_TYPE(m->basic) != 6 || m->basic & VMX_BASIC_32BIT ||
	    VMX_BASIC_SIZE(m->basic) > VMM_PAGE_SIZE)
		return "keeps its VMCS in no ordinary page of memory";
	return NULL;
}

/* A tag on translations is of no use if they cannot be dropped by it. */
static bool vpid_usable(uint64_t ept_vpid)
{
	return ept_vpid & VMX_INVVPID &&
		ept_vpid & (VMX_INVVPID_SINGLE | VMX_INVVPID_ALL);
}

int vmx_caps_resolve(const struct vmx_msrs *m, struct vmx_controls *out,
		     char *error, size_t size)
{
	const struct resolve r = { m, out, error, size };
	const char *why = unusable(m);
	int rc;

	*out = (struct vmx_controls){ .ept_vpid = m->ept_vpid };
	if (why) {
		vmm_snprintf(error, size, "this processor's VMX %s; one with"
			     " it is needed", why);
		return VMM_ERROR(ENODEV);
	}
	rc = resolve_group(&r, 0, m->pin, &out->pin);
	if (rc == 0)
		rc = resolve_group(&r, 1, m->proc, &out->proc);
	if (rc == 0)
		rc = resolve_group(&r, 2, m->proc2, &out->proc2);
	if (rc == 0)
		rc = resolve_group(&r, 3, m->exit, &out->exit);
	if (rc == 0)
		rc = resolve_group(&r, 4, m->entry, &out->entry);
	if (out->proc2 & PROC2_VPID && !vpid_usable(m->ept_vpid)) {
		out->proc2 &= ~PROC2_VPID;
		note_missing(out, "INVVPID");
	}
	out->pin_allowed = (uint32_t)(m->pin >> 32);
	out->proc_allowed = (uint32_t)(m->proc >> 32);
	out->io_info = m->basic & VMX_BASIC_IO_INFO;
	return rc;
}

enum vmx_feature vmx_feature_state(uint64_t fc)
{
	if (!(fc & FEATURE_CONTROL_LOCK))
		return VMX_FEATURE_OPEN;
	return fc & FEATURE_CONTROL_VMX ? VMX_FEATURE_ON : VMX_FEATURE_OFF;
}

uint64_t vmx_feature_value(uint64_t fc)
{
	return fc | FEATURE_CONTROL_LOCK | FEATURE_CONTROL_VMX;
}

#define CR0_FREE	(X86_CR0_PE | X86_CR0_PG)

uint64_t vmx_cr0_mask(const struct vmx_msrs *m)
{
	/* only what has to be 1 and need not be for the guest: NE */
	return m->cr0_fixed0 & ~CR0_FREE;
}

uint64_t vmx_cr0_real(const struct vmx_msrs *m, uint64_t guest)
{
	return guest | (m->cr0_fixed0 & ~CR0_FREE);
}

uint64_t vmx_cr4_mask(const struct vmx_msrs *m)
{
	/* VMXE, which has to be 1 and shows as 0, and what is hidden */
	return m->cr4_fixed0 | CPU_CR4_HIDDEN;
}

uint64_t vmx_cr4_real(const struct vmx_msrs *m, uint64_t guest)
{
	return (guest & ~CPU_CR4_HIDDEN) | m->cr4_fixed0;
}
