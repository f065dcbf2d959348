/* SPDX-License-Identifier: BSD-3-Clause */
/* See vmx_entryfail.h.  Sections: Intel SDM vol. 3. */
#include <vmm/printf.h>
#include <vmm/vcpu.h>
#include <vmm/x86.h>
#include <vmx/vmcs.h>
#include <vmx/vmx_decode.h>
#include <vmx/vmx_entryfail.h>

/* 31.4; the missing numbers are not used. */
static const char *const insn_errors[] = {
	[1] = "VMCALL in VMX root operation",
	[2] = "VMCLEAR with invalid physical address",
	[3] = "VMCLEAR with VMXON pointer",
	[4] = "VMLAUNCH with non-clear VMCS",
	[5] = "VMRESUME with non-launched VMCS",
	[6] = "VMRESUME after VMXOFF",
	[7] = "VM entry with invalid control field(s)",
	[8] = "VM entry with invalid host-state field(s)",
	[9] = "VMPTRLD with invalid physical address",
	[10] = "VMPTRLD with VMXON pointer",
	[11] = "VMPTRLD with incorrect VMCS revision identifier",
	[12] = "VMREAD or VMWRITE of unsupported VMCS component",
	[13] = "VMWRITE to read-only VMCS component",
	[15] = "VMXON executed in VMX root operation",
	[16] = "VM entry with invalid executive-VMCS pointer",
	[17] = "VM entry with non-launched executive VMCS",
	[18] = "VM entry with executive-VMCS pointer not VMXON pointer",
	[19] = "VMCALL with non-clear VMCS",
	[20] = "VMCALL with invalid VM-exit control fields",
	[22] = "VMCALL with incorrect MSEG revision identifier",
	[23] = "VMXOFF under dual-monitor treatment",
	[24] = "VMCALL with invalid SMM-monitor features",
	[25] = "VM entry with invalid execution control fields in executive"
		" VMCS",
	[26] = "VM entry with events blocked by MOV SS",
	[28] = "invalid operand to INVEPT or INVVPID",
};

const char *vmx_insn_error(uint32_t number)
{
	if (number < VMM_ARRAY_SIZE(insn_errors) && insn_errors[number])
		return insn_errors[number];
	return "unknown VM-instruction error";
}

/* --- what the checks share --- */

struct check {
	const struct vmx_fields *f;
	const struct vmx_msrs *msrs;
	unsigned phys_bits;
	char *text;
	size_t size;
	/* guest: what many rules depend on */
	uint64_t cr0, cr4, rflags, efer;
	bool ia32e, virtual_8086;
};

static uint64_t get(const struct check *c, unsigned field)
{
	return c->f->read(c->f->ctx, field);
}

/* Note the rule and stop: false.  The macro keeps each rule on one line. */
static bool fail(const struct check *c, const char *rule, uint64_t value)
{
	vmm_snprintf(c->text, c->size, "%s (it is %#llx)", rule,
		     (unsigned long long)value);
	return false;
}

#define RULE(condition, value, text) do {		\
	if (!(condition))				\
		return fail(c, text, value);		\
} while (0)

/* A processor without 5-level paging wants 48 bits; this lets 57 pass. */
static bool is_canonical(uint64_t a)
{
	return (uint64_t)((int64_t)(a << 7) >> 7) == a; /* 57 bits at most */
}

static bool is_physical(const struct check *c, uint64_t a)
{
	return c->phys_bits >= 64 || !(a >> c->phys_bits);
}

static bool is_page(const struct check *c, uint64_t a)
{
	return !(a & VMM_PAGE_MASK) && is_physical(c, a);
}

/* UC, WC, WT, WP, WB and UC- (12.12.2, table 12-10) */
static bool pat_ok(uint64_t pat)
{
	unsigned i;

	for (i = 0; i < 8; i++, pat >>= 8)
		if ((pat & 0xff) > 7 || (pat & 0xff) == 2 || (pat & 0xff) == 3)
			return false;
	return true;
}

/* --- 27.2.1 "Checks on VMX Controls" --- */

/* Bits that must be 1, and those that may be, as the capability MSRs say. */
static bool allowed(const struct check *c, unsigned group, uint32_t value,
		    uint64_t cap)
{
	static const char *const names[] = {
		"pin-based", "processor-based", "secondary processor-based",
		"VM-exit", "VM-entry",
	};
	uint32_t wrong = ((uint32_t)cap & ~value) |
		(value & ~(uint32_t)(cap >> 32));
	unsigned bit;

	if (!wrong)
		return true;
	bit = (unsigned)__builtin_ctz(wrong);
	vmm_snprintf(c->text, c->size, "%s controls: bit %u, \"%s\", must be"
		     " %u (they are %#x)", names[group], bit,
		     vmx_control_name(group, bit), !(value >> bit & 1), value);
	return false;
}

static bool check_allowed(const struct check *c)
{
	return allowed(c, 0, (uint32_t)get(c, VMCS_PIN), c->msrs->pin) &&
		allowed(c, 1, (uint32_t)get(c, VMCS_PROC), c->msrs->proc) &&
		allowed(c, 2, (uint32_t)get(c, VMCS_PROC2), c->msrs->proc2) &&
		allowed(c, 3, (uint32_t)get(c, VMCS_EXIT_CONTROLS),
			c->msrs->exit) &&
		allowed(c, 4, (uint32_t)get(c, VMCS_ENTRY_CONTROLS),
			c->msrs->entry);
}

/* 27.2.1.1, as far as this VMM uses the controls */
static bool check_execution(const struct check *c)
{
	uint32_t proc = (uint32_t)get(c, VMCS_PROC);
	uint32_t proc2 = (uint32_t)get(c, VMCS_PROC2);
	uint32_t pin = (uint32_t)get(c, VMCS_PIN);
	uint64_t v;

	RULE(get(c, VMCS_CR3_TARGETS) <= 4, get(c, VMCS_CR3_TARGETS),
	     "CR3-target count must be at most 4");
	v = get(c, VMCS_IO_BITMAP_A);
	RULE(!(proc & PROC_IO_BITMAPS) || is_page(c, v), v,
	     "I/O bitmap A must be a page of physical memory");
	v = get(c, VMCS_IO_BITMAP_B);
	RULE(!(proc & PROC_IO_BITMAPS) || is_page(c, v), v,
	     "I/O bitmap B must be a page of physical memory");
	v = get(c, VMCS_MSR_BITMAP);
	RULE(!(proc & PROC_MSR_BITMAPS) || is_page(c, v), v,
	     "MSR bitmap must be a page of physical memory");
	RULE(pin & PIN_NMI || !(pin & PIN_VIRTUAL_NMIS), pin,
	     "\"virtual NMIs\" needs \"NMI exiting\"");
	RULE(pin & PIN_VIRTUAL_NMIS || !(proc & PROC_NMI_WINDOW), proc,
	     "\"NMI-window exiting\" needs \"virtual NMIs\"");
	v = get(c, VMCS_VPID);
	RULE(!(proc2 & PROC2_VPID) || v, v, "VPID must not be 0");
	RULE(proc2 & PROC2_EPT || !(proc2 & PROC2_UNRESTRICTED), proc2,
	     "\"unrestricted guest\" needs \"enable EPT\"");
	v = get(c, VMCS_EPTP);
	RULE(!(proc2 & PROC2_EPT) || ((v & 7) == 6 || !(v & 7)), v,
	     "EPTP: bits 2:0, the memory type, must be 0 or 6");
	RULE(!(proc2 & PROC2_EPT) || (v & 0x38) == 0x18, v,
	     "EPTP: bits 5:3 must be 3 for four levels");
	RULE(!(proc2 & PROC2_EPT) || (!(v & 0xf00) && is_physical(c, v)), v,
	     "EPTP: reserved bits must be 0");
	return true;
}

/* 27.2.1.3 "VM-Entry Control Fields": the event to be injected */
static bool check_injection(const struct check *c)
{
	uint32_t info = (uint32_t)get(c, VMCS_ENTRY_EVENT);
	unsigned type = info >> VMCS_EVENT_TYPE_SHIFT & 7, vector = info & 0xff;
	uint64_t v;

	if (!(info & VMCS_EVENT_VALID))
		return true;
	RULE(!(info & 0x7ffff000), info,
	     "entry event: reserved bits 30:12 must be 0");
	RULE(type != 1, info, "entry event: type 1 is reserved");
	RULE(type != VMM_EVENT_NMI || vector == 2, info,
	     "entry event: an NMI must have vector 2");
	RULE(type != VMM_EVENT_EXCEPTION || vector < 32, info,
	     "entry event: an exception must have a vector below 32");
	RULE(!(info & VMCS_EVENT_ERROR) || type == VMM_EVENT_EXCEPTION, info,
	     "entry event: only exceptions have an error code");
	v = get(c, VMCS_ENTRY_ERROR);
	RULE(!(info & VMCS_EVENT_ERROR) || !(v >> 16), v,
	     "entry event: bits 31:16 of the error code must be 0");
	v = get(c, VMCS_ENTRY_INSN_LEN);
	RULE(type < VMM_EVENT_SOFT_INTERRUPT || v <= 15, v,
	     "entry event: the instruction's length must be at most 15");
	return true;
}

static const char no_rule[] = "no rule known to be broken";

void vmx_explain_controls(const struct vmx_fields *f,
			  const struct vmx_msrs *msrs, unsigned phys_bits,
			  char *text, size_t size)
{
	struct check c = { .f = f, .msrs = msrs, .phys_bits = phys_bits,
			   .text = text, .size = size };

	if (check_allowed(&c) && check_execution(&c) && check_injection(&c))
		vmm_snprintf(text, size, no_rule);
}

/* --- 27.2.2 to 27.2.4 "Checks on Host ..." --- */

static bool check_host_control(const struct check *c)
{
	uint64_t v = get(c, VMCS_HOST_CR0);

	RULE(!(c->msrs->cr0_fixed0 & ~v) && !(v & ~c->msrs->cr0_fixed1), v,
	     "host CR0: bits that VMX fixes");
	v = get(c, VMCS_HOST_CR4);
	RULE(!(c->msrs->cr4_fixed0 & ~v) && !(v & ~c->msrs->cr4_fixed1), v,
	     "host CR4: bits that VMX fixes");
	RULE(v & X86_CR4_PAE, v, "host CR4.PAE must be 1 on a 64-bit host");
	v = get(c, VMCS_HOST_CR3);
	RULE(is_physical(c, v), v, "host CR3 must be a physical address");
	v = get(c, VMCS_HOST_PAT);
	RULE(pat_ok(v), v, "host PAT: each byte must be 0, 1, 4, 5, 6 or 7");
	v = get(c, VMCS_HOST_EFER);
	RULE((v & (X86_EFER_LMA | X86_EFER_LME)) ==
	     (X86_EFER_LMA | X86_EFER_LME), v,
	     "host EFER: LME and LMA must be 1 on a 64-bit host");
	RULE(get(c, VMCS_EXIT_CONTROLS) & EXIT_HOST_64,
	     get(c, VMCS_EXIT_CONTROLS),
	     "\"host address-space size\" must be 1");
	return true;
}

/* 27.2.3; only FS to RIP are addresses that the guest cannot change, so a
 * wrong one is a mistake of vmx_start.c. */
static bool check_host_segments(const struct check *c)
{
	unsigned field;
	uint64_t v;

	for (field = VMCS_HOST_ES; field <= VMCS_HOST_TR; field += 2) {
		v = get(c, field);
		RULE(!(v & 7), v, "host selectors: RPL and TI must be 0");
	}
	v = get(c, VMCS_HOST_CS);
	RULE(v, v, "host CS must not be null");
	v = get(c, VMCS_HOST_TR);
	RULE(v, v, "host TR must not be null");
	for (field = VMCS_HOST_FS_BASE; field <= VMCS_HOST_RIP; field += 2) {
		if (field == VMCS_HOST_RSP)
			continue;
		v = get(c, field);
		RULE(is_canonical(v), v, "host FS, GS, TR, GDTR, IDTR base,"
		     " SYSENTER_ESP, SYSENTER_EIP and RIP must be canonical");
	}
	return true;
}

void vmx_explain_host(const struct vmx_fields *f, const struct vmx_msrs *msrs,
		      unsigned phys_bits, char *text, size_t size)
{
	struct check c = { .f = f, .msrs = msrs, .phys_bits = phys_bits,
			   .text = text, .size = size };

	if (check_host_control(&c) && check_host_segments(&c))
		vmm_snprintf(text, size, no_rule);
}

/* --- 27.3.1.1 "Checks on Guest Control Registers, Debug Registers, and
 * MSRs" --- */

static bool check_guest_control(const struct check *c)
{
	uint64_t v = c->cr0;

	RULE(!(v & X86_CR0_PG) || v & X86_CR0_PE, v,
	     "guest CR0.PG needs CR0.PE");
	RULE(!(c->msrs->cr0_fixed0 & ~(X86_CR0_PE | X86_CR0_PG) & ~v), v,
	     "guest CR0: a bit that VMX fixes to 1");
	RULE(!(v & ~c->msrs->cr0_fixed1), v,
	     "guest CR0: a bit that VMX fixes to 0");
	v = c->cr4;
	RULE(!(c->msrs->cr4_fixed0 & ~v), v,
	     "guest CR4: a bit that VMX fixes to 1");
	RULE(!(v & ~c->msrs->cr4_fixed1), v,
	     "guest CR4: a bit that VMX fixes to 0");
	RULE(!(v & X86_CR4_CET) || c->cr0 & X86_CR0_WP, v,
	     "guest CR4.CET needs CR0.WP");
	RULE(!c->ia32e || c->cr0 & X86_CR0_PG, c->cr0,
	     "guest CR0.PG must be 1 in IA-32e mode");
	RULE(!c->ia32e || v & X86_CR4_PAE, v,
	     "guest CR4.PAE must be 1 in IA-32e mode");
	RULE(c->ia32e || !(v & X86_CR4_PCIDE), v,
	     "guest CR4.PCIDE must be 0 outside of IA-32e mode");
	v = get(c, VMCS_GUEST_CR3);
	RULE(is_physical(c, v), v, "guest CR3 must be a physical address");
	v = get(c, VMCS_GUEST_DR7);
	RULE(!(v >> 32), v, "guest DR7: bits 63:32 must be 0");
	return true;
}

/* SYSENTER, PAT and EFER; DEBUGCTL and others are not checked, for the VMM
 * leaves them as the guest wrote them. */
static bool check_guest_msrs(const struct check *c)
{
	uint64_t v = get(c, VMCS_GUEST_SYSENTER_ESP);

	RULE(is_canonical(v), v, "guest SYSENTER_ESP must be canonical");
	v = get(c, VMCS_GUEST_SYSENTER_EIP);
	RULE(is_canonical(v), v, "guest SYSENTER_EIP must be canonical");
	v = get(c, VMCS_GUEST_PAT);
	RULE(pat_ok(v), v, "guest PAT: each byte must be 0, 1, 4, 5, 6 or 7");
	v = c->efer;
	RULE(!(v & X86_EFER_LMA) == !c->ia32e, v,
	     "guest EFER.LMA must equal the control \"IA-32e mode guest\"");
	RULE(!(c->cr0 & X86_CR0_PG) ||
	     !(v & X86_EFER_LMA) == !(v & X86_EFER_LME), v,
	     "guest EFER: LMA and LME must be equal with CR0.PG");
	return true;
}

/* --- 27.3.1.2 "Checks on Guest Segment Registers" --- */

static const char *const seg_names[VMM_SEGS] = {
	"ES", "CS", "SS", "DS", "FS", "GS", "LDTR", "TR",
};

/* One segment register of the VMCS */
struct seg {
	unsigned n;
	uint16_t selector;
	uint32_t ar, limit;
	uint64_t base;
};

static struct seg seg_read(const struct check *c, unsigned n)
{
	return (struct seg){
		.n = n,
		.selector = (uint16_t)get(c, VMCS_GUEST_SELECTOR + 2 * n),
		.ar = (uint32_t)get(c, VMCS_GUEST_AR + 2 * n),
		.limit = (uint32_t)get(c, VMCS_GUEST_LIMIT + 2 * n),
		.base = get(c, VMCS_GUEST_BASE + 2 * n),
	};
}

/* Like fail(), with all that is known of the segment. */
static bool seg_fail(const struct check *c, const struct seg *s,
		     const char *rule)
{
	vmm_snprintf(c->text, c->size, "guest %s: %s (selector %#x, access"
		     " rights %#x, limit %#x, base %#llx)", seg_names[s->n],
		     rule, s->selector, s->ar, s->limit,
		     (unsigned long long)s->base);
	return false;
}

#define SEG_RULE(condition, text) do {			\
	if (!(condition))				\
		return seg_fail(c, s, text);		\
} while (0)

/* What holds for every segment that can be used */
static bool check_seg_format(const struct check *c, const struct seg *s)
{
	SEG_RULE(s->ar & VMCS_AR_P, "must be present");
	SEG_RULE(!(s->ar & VMCS_AR_RESERVED),
		 "reserved bits of the access rights must be 0");
	SEG_RULE(!(s->ar & VMCS_AR_G) || (s->limit & 0xfff) == 0xfff,
		 "with G, bits 11:0 of the limit must be 1");
	SEG_RULE(s->ar & VMCS_AR_G || !(s->limit >> 20),
		 "without G, bits 31:20 of the limit must be 0");
	return true;
}

/* Type 3, data, is allowed by unrestricted guest: CS of real mode. */
static bool check_code(const struct check *c, const struct seg *s,
		       const struct seg *ss)
{
	unsigned type = s->ar & VMCS_AR_TYPE, dpl = VMCS_AR_DPL(s->ar);
	unsigned ss_dpl = VMCS_AR_DPL(ss->ar);

	SEG_RULE(type == 3 || (type & 9) == 9,
		 "type must be 3, 9, 11, 13 or 15");
	SEG_RULE(type != 3 || dpl == 0, "DPL of type 3 must be 0");
	SEG_RULE((type != 9 && type != 11) || dpl == ss_dpl,
		 "DPL must be that of SS");
	SEG_RULE((type != 13 && type != 15) || dpl <= ss_dpl,
		 "DPL must not be above that of SS");
	SEG_RULE(!c->ia32e || !(s->ar & VMCS_AR_L) || !(s->ar & VMCS_AR_DB),
		 "D must be 0 if L is 1");
	return true;
}

/* SS must be writable; DS, ES, FS and GS readable */
static bool check_data(const struct check *c, const struct seg *s)
{
	unsigned type = s->ar & VMCS_AR_TYPE;

	if (s->n == VMM_SEG_SS) {
		SEG_RULE(type == 3 || type == 7, "type must be 3 or 7");
		SEG_RULE(c->cr0 & X86_CR0_PE || VMCS_AR_DPL(s->ar) == 0,
			 "DPL must be 0 without CR0.PE");
		return true;
	}
	SEG_RULE(type & 1, "type must be an accessed one");
	SEG_RULE(!(type & 8) || type & 2, "a code segment must be readable");
	return true;
}

/* Virtual-8086 mode: all segments are what they were in an 8086. */
static bool check_v8086(const struct check *c, const struct seg *s)
{
	SEG_RULE(s->base == (uint64_t)s->selector << 4,
		 "base must be 16 * selector in virtual-8086 mode");
	SEG_RULE(s->limit == 0xffff, "limit must be 0xffff in virtual-8086"
		 " mode");
	SEG_RULE(s->ar == 0xf3, "access rights must be 0xf3 in virtual-8086"
		 " mode");
	return true;
}

/* ES to GS in any mode */
static bool check_segment(const struct check *c, const struct seg *s,
			  const struct seg *ss)
{
	if (c->virtual_8086)
		return check_v8086(c, s);
	if (s->n == VMM_SEG_FS || s->n == VMM_SEG_GS)
		SEG_RULE(is_canonical(s->base), "base must be canonical");
	if (s->ar & VMCS_AR_UNUSABLE) {
		SEG_RULE(s->n != VMM_SEG_CS, "cannot be unusable");
		return true;
	}
	if (s->n != VMM_SEG_FS && s->n != VMM_SEG_GS)
		SEG_RULE(!(s->base >> 32), "bits 63:32 of the base must be 0");
	SEG_RULE(s->ar & VMCS_AR_S, "must be a code or data segment");
	if (!check_seg_format(c, s))
		return false;
	return s->n == VMM_SEG_CS ? check_code(c, s, ss) : check_data(c, s);
}

/* LDTR may be unusable ... */
static bool check_ldtr(const struct check *c)
{
	struct seg ldtr = seg_read(c, VMM_SEG_LDTR), *s = &ldtr;

	if (s->ar & VMCS_AR_UNUSABLE)
		return true;
	SEG_RULE(!(s->selector & 4), "TI must be 0");
	SEG_RULE((s->ar & (VMCS_AR_TYPE | VMCS_AR_S)) == 2,
		 "type must be 2 (LDT)");
	SEG_RULE(is_canonical(s->base), "base must be canonical");
	return check_seg_format(c, s);
}

/* ... but TR may not; a 16-bit TSS only outside of IA-32e mode. */
static bool check_tr(const struct check *c)
{
	struct seg tr = seg_read(c, VMM_SEG_TR), *s = &tr;
	unsigned type = s->ar & (VMCS_AR_TYPE | VMCS_AR_S);

	SEG_RULE(!(s->ar & VMCS_AR_UNUSABLE), "cannot be unusable");
	SEG_RULE(!(s->selector & 4), "TI must be 0");
	SEG_RULE(type == 11 || (!c->ia32e && type == 3),
		 "type must be that of a busy TSS (11)");
	SEG_RULE(is_canonical(s->base), "base must be canonical");
	return check_seg_format(c, s);
}

static bool check_guest_segments(const struct check *c)
{
	struct seg ss = seg_read(c, VMM_SEG_SS);
	unsigned n;

	for (n = VMM_SEG_ES; n <= VMM_SEG_GS; n++) {
		struct seg s = seg_read(c, n);

		if (!check_segment(c, &s, &ss))
			return false;
	}
	return check_ldtr(c) && check_tr(c);
}

/* --- 27.3.1.3 "... Descriptor-Table Registers", 27.3.1.4 "RIP, RSP, and
 * RFLAGS" --- */

static bool check_guest_flow(const struct check *c)
{
	uint64_t v = get(c, VMCS_GUEST_GDTR_LIMIT) |
		get(c, VMCS_GUEST_IDTR_LIMIT);
	uint32_t cs = (uint32_t)get(c, VMCS_GUEST_AR + 2 * VMM_SEG_CS);

	RULE(!(v >> 16), v,
	     "guest GDTR and IDTR limit: bits 31:16 must be 0");
	v = get(c, VMCS_GUEST_GDTR_BASE);
	RULE(is_canonical(v), v, "guest GDTR base must be canonical");
	v = get(c, VMCS_GUEST_IDTR_BASE);
	RULE(is_canonical(v), v, "guest IDTR base must be canonical");
	v = get(c, VMCS_GUEST_RIP);
	RULE((c->ia32e && cs & VMCS_AR_L) || !(v >> 32), v,
	     "guest RIP: bits 63:32 must be 0 outside of 64-bit mode");
	RULE(is_canonical(v), v, "guest RIP must be canonical");
	v = c->rflags;
	RULE(!(v & UINT64_C(0xffffffffffc08028)) && v & X86_RFLAGS_FIXED, v,
	     "guest RFLAGS: reserved bits");
	RULE(!(v & X86_RFLAGS_VM) || (!c->ia32e && c->cr0 & X86_CR0_PE), v,
	     "guest RFLAGS.VM must be 0 in IA-32e mode and without CR0.PE");
	return true;
}

/* --- 27.3.1.5 "Checks on Guest Non-Register State" --- */

static bool check_guest_activity(const struct check *c)
{
	uint64_t activity = get(c, VMCS_GUEST_ACTIVITY);
	uint64_t block = get(c, VMCS_GUEST_INTERRUPTIBILITY);
	uint32_t ss = (uint32_t)get(c, VMCS_GUEST_AR + 2 * VMM_SEG_SS);

	RULE(activity <= VMCS_WAIT_FOR_SIPI, activity,
	     "guest activity state must be 0 to 3");
	RULE(activity != VMCS_HALTED || VMCS_AR_DPL(ss) == 0, ss,
	     "guest SS.DPL must be 0 in activity state HLT");
	RULE(!(block & (VMCS_BLOCK_STI | VMCS_BLOCK_MOV_SS)) ||
	     activity == VMCS_ACTIVE, block,
	     "guest is not active, but in the shadow of STI or MOV SS");
	RULE(!(block >> 5), block,
	     "guest interruptibility: reserved bits must be 0");
	RULE((block & 3) != 3, block,
	     "guest cannot be blocked by both STI and MOV SS");
	RULE(!(block & VMCS_BLOCK_STI) || c->rflags & X86_RFLAGS_IF, block,
	     "guest cannot be blocked by STI with RFLAGS.IF 0");
	RULE(!(block & VMCS_BLOCK_SMI), block,
	     "guest cannot be blocked by SMI outside of SMM");
	return true;
}

/* The event to be injected against the state that is to receive it */
static bool check_guest_event(const struct check *c)
{
	uint32_t info = (uint32_t)get(c, VMCS_ENTRY_EVENT);
	unsigned type = info >> VMCS_EVENT_TYPE_SHIFT & 7;
	uint64_t block = get(c, VMCS_GUEST_INTERRUPTIBILITY);

	if (!(info & VMCS_EVENT_VALID))
		return true;
	RULE(type != VMM_EVENT_INTERRUPT || c->rflags & X86_RFLAGS_IF,
	     c->rflags, "an interrupt is injected with guest RFLAGS.IF 0");
	RULE(type != VMM_EVENT_INTERRUPT || !(block & 3), block,
	     "an interrupt is injected in the shadow of STI or MOV SS");
	RULE(type != VMM_EVENT_NMI || !(block & VMCS_BLOCK_MOV_SS), block,
	     "an NMI is injected in the shadow of MOV SS");
	RULE(type != VMM_EVENT_NMI || !(block & VMCS_BLOCK_NMI), block,
	     "an NMI is injected with NMIs blocked");
	RULE(type != VMM_EVENT_NMI || !(block & VMCS_BLOCK_STI), block,
	     "an NMI is injected in the shadow of STI, which this processor"
	     " may not allow");
	return true;
}

/* A trap that waits behind a shadow is the single-step trap of RFLAGS.TF */
static bool check_guest_pending(const struct check *c)
{
	uint64_t pending = get(c, VMCS_GUEST_PENDING_DEBUG);
	uint64_t block = get(c, VMCS_GUEST_INTERRUPTIBILITY) & 3;
	bool halted = get(c, VMCS_GUEST_ACTIVITY) == VMCS_HALTED;
	bool btf = get(c, VMCS_GUEST_DEBUGCTL) & 2;
	bool step = c->rflags & X86_RFLAGS_TF && !btf;

	RULE(!(pending & ~UINT64_C(0x1580f)), pending,
	     "guest pending debug exceptions: reserved bits must be 0");
	RULE(!(block || halted) || !step == !(pending & VMCS_PENDING_BS),
	     pending, "guest pending debug exceptions: BS must equal RFLAGS.TF"
	     " (without BTF) in a shadow or in activity state HLT");
	return true;
}

static bool check_guest_link(const struct check *c)
{
	uint64_t v = get(c, VMCS_LINK_POINTER);

	RULE(v == VMCS_NO_LINK || is_page(c, v), v,
	     "VMCS link pointer must be a page or all ones");
	return true;
}

/* --- 27.3.1.6 "Checks on Guest Page-Directory-Pointer-Table Entries" --- */

static bool check_guest_pdptes(const struct check *c)
{
	unsigned i;
	uint64_t v;

	if (c->ia32e || !(c->cr0 & X86_CR0_PG) || !(c->cr4 & X86_CR4_PAE))
		return true;
	for (i = 0; i < 4; i++) {
		v = get(c, VMCS_GUEST_PDPTE0 + 2 * i);
		RULE(!(v & 1) || (!(v & 0x1e6) && is_physical(c, v)), v,
		     "guest PDPTEs: reserved bits must be 0");
	}
	return true;
}

/* 27.8: the qualification of such an exit is a number for some rules. */
static const char *qualified(uint64_t qualification)
{
	switch (qualification) {
	case 2:
		return "loading the PDPTEs failed: ";
	case 3:
		return "an NMI was to be injected in the shadow of STI: ";
	case 4:
		return "VMCS link pointer: ";
	default:
		return "";
	}
}

void vmx_explain_guest(const struct vmx_fields *f, const struct vmx_msrs *msrs,
		       unsigned phys_bits, uint64_t qualification,
		       char *text, size_t size)
{
	int n = vmm_snprintf(text, size, "%s", qualified(qualification));
	struct check c = { .f = f, .msrs = msrs, .phys_bits = phys_bits,
			   .text = text, .size = size };

	if (n > 0 && (size_t)n < size) {
		c.text += n;
		c.size -= (size_t)n;
	}
	c.cr0 = get(&c, VMCS_GUEST_CR0);
	c.cr4 = get(&c, VMCS_GUEST_CR4);
	c.rflags = get(&c, VMCS_GUEST_RFLAGS);
	c.efer = get(&c, VMCS_GUEST_EFER);
	c.ia32e = get(&c, VMCS_ENTRY_CONTROLS) & ENTRY_IA32E;
	c.virtual_8086 = c.rflags & X86_RFLAGS_VM;
	if (check_guest_control(&c) && check_guest_msrs(&c) &&
	    check_guest_segments(&c) && check_guest_flow(&c) &&
	    check_guest_activity(&c) && check_guest_event(&c) &&
	    check_guest_pending(&c) && check_guest_link(&c) &&
	    check_guest_pdptes(&c))
		vmm_snprintf(c.text, c.size, no_rule);
}
