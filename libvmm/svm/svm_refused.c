/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whose fault it is that VMRUN refused (AMD APM vol. 2, 15.5.1).  The processor
 * only says that it did.  What the VMM answers for is checked first: if all of
 * that is right, it was a register that the guest had loaded.
 */
#include <svm/svm_priv.h>
#include <vmm/printf.h>

#define HIGH_HALF		UINT64_C(0xffffffff00000000)
/* CR4, what no AMD processor has: VMXE, SMXE, 15, 19, and from 25 on but FRED
 * (3.1.7). */
#define CR4_NEVER	(~UINT64_C(0x101ffffff) | UINT64_C(0x8e000))
#define EVENT_RESERVED	UINT64_C(0x7ffff000)

struct rule {
	bool broken;
	const char *text;
	uint64_t value;
};

static const struct rule *first_broken(const struct rule *rule, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		if (rule[i].broken)
			return &rule[i];
	return NULL;
}

/* 15.20: interrupts, NMI, exceptions, software interrupts. */
static bool event_ok(uint64_t ev)
{
	unsigned type = ev >> VMCB_EVENT_TYPE_SHIFT & 7, vector = ev & 0xff;

	if (!(ev & VMCB_EVENT_VALID))
		return true;
	if (ev & EVENT_RESERVED || type == 1 || type > VMM_EVENT_SOFT_INTERRUPT)
		return false;
	return type != VMM_EVENT_EXCEPTION || (vector < 32 && vector != 2);
}

static const char *vmms_rule(const struct vmcb *c, unsigned phys_bits,
			     uint64_t *value)
{
	const uint64_t never = phys_bits < 64 ? ~UINT64_C(0) << phys_bits : 0;
	const struct rule rules[] = {
		{ !(c->intercept[SVM_EXIT_VMRUN / 32] >>
		    SVM_EXIT_VMRUN % 32 & 1),
		  "VMRUN must be intercepted",
		  c->intercept[SVM_EXIT_VMRUN / 32] },
		{ !c->asid, "ASID must not be 0", c->asid },
		{ c->iopm_pa & (never | VMM_PAGE_MASK),
		  "the I/O map must be in memory", c->iopm_pa },
		{ c->msrpm_pa & (never | VMM_PAGE_MASK),
		  "the MSR map must be in memory", c->msrpm_pa },
		{ c->n_cr3 & (never | VMM_PAGE_MASK),
		  "the nested tables must be in memory", c->n_cr3 },
		{ !(c->efer & X86_EFER_SVME), "EFER.SVME must be 1", c->efer },
		{ !event_ok(c->eventinj), "EVENTINJ must be an event",
		  c->eventinj },
	};
	const struct rule *r = first_broken(rules, VMM_ARRAY_SIZE(rules));

	if (r)
		*value = r->value;
	return r ? r->text : NULL;
}

static const char *guests_rule(const struct vmcb *c, unsigned phys_bits,
			       uint64_t *value)
{
	const uint64_t never = phys_bits < 64 ? ~UINT64_C(0) << phys_bits : 0;
	bool paged_long = c->efer & X86_EFER_LME && c->cr0 & X86_CR0_PG;
	const struct rule rules[] = {
		{ c->cr4 & CR4_NEVER, "CR4: reserved bits must be 0", c->cr4 },
		{ c->cr3 & never, "CR3 must be a physical address", c->cr3 },
		{ c->cr0 & HIGH_HALF, "CR0: bits 63:32 must be 0", c->cr0 },
		{ c->cr0 & X86_CR0_NW && !(c->cr0 & X86_CR0_CD),
		  "CR0.NW needs CD", c->cr0 },
		{ c->dr6 & HIGH_HALF, "DR6: bits 63:32 must be 0", c->dr6 },
		{ c->dr7 & HIGH_HALF, "DR7: bits 63:32 must be 0", c->dr7 },
		{ paged_long && !(c->cr4 & X86_CR4_PAE),
		  "long mode needs CR4.PAE", c->cr4 },
		{ paged_long && !(c->cr0 & X86_CR0_PE),
		  "long mode needs CR0.PE", c->cr0 },
		{ paged_long && c->cs.attr & VMM_SEG_ATTR_L &&
		  c->cs.attr & VMM_SEG_ATTR_DB,
		  "CS cannot have both L and D in long mode", c->cs.attr },
	};
	const struct rule *r = first_broken(rules, VMM_ARRAY_SIZE(rules));

	if (r)
		*value = r->value;
	return r ? r->text : NULL;
}

bool svm_refused_guest(const struct vmcb *c, unsigned phys_bits, char *why,
		       size_t size)
{
	uint64_t value = 0;
	const char *rule = vmms_rule(c, phys_bits, &value);
	bool guest = !rule;

	if (guest)
		rule = guests_rule(c, phys_bits, &value);
	if (rule)
		vmm_snprintf(why, size, "%s (it is %#llx)", rule,
			     (unsigned long long)value);
	else	/* or the emulator has overwritten it: QEMU 7.2 */
		vmm_snprintf(why, size, "a register holds what this processor"
			     " does not know");
	return guest;
}
