/* SPDX-License-Identifier: BSD-3-Clause */
/* See vmx_decode.h.  Sections and tables: Intel SDM vol. 3, chapters 25, 28
 * and appendix C. */
#include <vmx/vmcs.h>
#include <vmx/vmx_decode.h>
#include <vmm/x86.h>

/* Exits that this VMM can get, by their number. */
static const struct {
	const char *name;
	uint8_t neutral;
	bool insn;
} reasons[] = {
#define ROW(n, name, neutral) [VMX_EXIT_##n] = { name, neutral, false }
#define INSN(n, name, neutral) [VMX_EXIT_##n] = { name, neutral, true }
	/* a vector tells which (decode_exception) */
	ROW(EXCEPTION_NMI, "exception or NMI", VMM_EXIT_UNKNOWN),
	/* only while the guest is stepped by TF */
	ROW(INTERRUPT, "external interrupt", VMM_EXIT_INTERRUPT),
	ROW(TRIPLE_FAULT, "triple fault", VMM_EXIT_SHUTDOWN),
	ROW(INIT, "INIT signal", VMM_EXIT_INIT),
	ROW(SIPI, "SIPI", VMM_EXIT_SIPI),
	ROW(INTR_WINDOW, "interrupt window", VMM_EXIT_INTR_WINDOW),
	ROW(NMI_WINDOW, "NMI window", VMM_EXIT_NMI_WINDOW),
	ROW(TASK_SWITCH, "task switch", VMM_EXIT_TASK_SWITCH),
	INSN(CPUID, "CPUID", VMM_EXIT_CPUID),
	/* SMX does not exist for the guest */
	INSN(GETSEC, "GETSEC", VMM_EXIT_VIRT_INSN),
	/* UNKNOWN from here on: vmx_forced.c, if the processor insists */
	INSN(HLT, "HLT", VMM_EXIT_UNKNOWN),
	INSN(INVD, "INVD", VMM_EXIT_INVD),
	INSN(INVLPG, "INVLPG", VMM_EXIT_UNKNOWN),
	INSN(RDPMC, "RDPMC", VMM_EXIT_UNKNOWN),
	INSN(RDTSC, "RDTSC", VMM_EXIT_UNKNOWN),
	INSN(VMCALL, "VMCALL", VMM_EXIT_HYPERCALL),
	/* nor does VMX */
	INSN(VMCLEAR, "VMCLEAR", VMM_EXIT_VIRT_INSN),
	INSN(VMLAUNCH, "VMLAUNCH", VMM_EXIT_VIRT_INSN),
	INSN(VMPTRLD, "VMPTRLD", VMM_EXIT_VIRT_INSN),
	INSN(VMPTRST, "VMPTRST", VMM_EXIT_VIRT_INSN),
	INSN(VMREAD, "VMREAD", VMM_EXIT_VIRT_INSN),
	INSN(VMRESUME, "VMRESUME", VMM_EXIT_VIRT_INSN),
	INSN(VMWRITE, "VMWRITE", VMM_EXIT_VIRT_INSN),
	INSN(VMXOFF, "VMXOFF", VMM_EXIT_VIRT_INSN),
	INSN(VMXON, "VMXON", VMM_EXIT_VIRT_INSN),
	INSN(CR, "control-register access", VMM_EXIT_UNKNOWN),
	INSN(DR, "MOV DR", VMM_EXIT_UNKNOWN),
	INSN(IO, "I/O instruction", VMM_EXIT_IO),
	INSN(RDMSR, "RDMSR", VMM_EXIT_MSR_READ),
	INSN(WRMSR, "WRMSR", VMM_EXIT_MSR_WRITE),
	/* our mistakes: vmx_entryfail.c finds out which */
	ROW(BAD_GUEST_STATE, "entry failure: guest state", VMM_EXIT_UNKNOWN),
	ROW(BAD_MSR_LOAD, "entry failure: MSR loading", VMM_EXIT_UNKNOWN),
	INSN(MWAIT, "MWAIT", VMM_EXIT_UNKNOWN),
	ROW(MONITOR_TRAP, "monitor trap flag", VMM_EXIT_STEP),
	INSN(MONITOR, "MONITOR", VMM_EXIT_UNKNOWN),
	INSN(PAUSE, "PAUSE", VMM_EXIT_UNKNOWN),
	ROW(MACHINE_CHECK, "entry failure: machine check", VMM_EXIT_UNKNOWN),
	ROW(EPT_VIOLATION, "EPT violation", VMM_EXIT_MEM),
	ROW(EPT_MISCONFIG, "EPT misconfiguration", VMM_EXIT_UNKNOWN),
	INSN(INVEPT, "INVEPT", VMM_EXIT_VIRT_INSN),
	INSN(RDTSCP, "RDTSCP", VMM_EXIT_UNKNOWN),
	ROW(PREEMPTION_TIMER, "VMX-preemption timer", VMM_EXIT_TIMER),
	INSN(INVVPID, "INVVPID", VMM_EXIT_VIRT_INSN),
	INSN(WBINVD, "WBINVD", VMM_EXIT_WBINVD),
	INSN(XSETBV, "XSETBV", VMM_EXIT_XSETBV),
	INSN(VMFUNC, "VMFUNC", VMM_EXIT_VIRT_INSN),
	/* exit on every processor that has them (26.1.2) */
	INSN(SEAMCALL, "SEAMCALL", VMM_EXIT_VIRT_INSN),
	INSN(TDCALL, "TDCALL", VMM_EXIT_VIRT_INSN),
#undef ROW
#undef INSN
};

const char *vmx_reason_name(unsigned basic)
{
	if (basic >= VMM_ARRAY_SIZE(reasons) || !reasons[basic].name)
		return "?";
	return reasons[basic].name;
}

enum vmm_exit_reason vmx_reason_neutral(unsigned basic, bool *insn)
{
	if (basic >= VMM_ARRAY_SIZE(reasons) || !reasons[basic].name) {
		*insn = false;
		return VMM_EXIT_UNKNOWN;
	}
	*insn = reasons[basic].insn;
	return (enum vmm_exit_reason)reasons[basic].neutral;
}

bool vmx_decode_event(uint32_t info, uint32_t error, uint32_t len,
		      struct vmm_event *ev)
{
	/* vector in bits 7:0, type in 10:8, then flags */
	ev->vector = (uint8_t)info;
	ev->type = info >> VMCS_EVENT_TYPE_SHIFT & 7;
	ev->has_error = info & VMCS_EVENT_ERROR;
	ev->error = ev->has_error ? error : 0;
	ev->insn_len = 0;
	if (ev->type >= VMM_EVENT_SOFT_INTERRUPT)
		ev->insn_len = (uint8_t)len;
	return info & VMCS_EVENT_VALID;
}

uint32_t vmx_encode_event(const struct vmm_event *ev)
{
	return VMCS_EVENT_VALID | ev->vector |
		(uint32_t)ev->type << VMCS_EVENT_TYPE_SHIFT |
		(ev->has_error ? VMCS_EVENT_ERROR : 0);
}

void vmx_decode_io(uint64_t q, uint32_t info, bool have_info,
		   unsigned default_size, struct vmm_exit *e)
{
	e->reason = VMM_EXIT_IO;
	/* size less 1 in bits 2:0; IN, string, REP; port in 31:16 */
	e->io.port = (uint16_t)(q >> 16);
	e->io.width = (uint8_t)((q & 7) + 1);
	e->io.in = q & 0x8;
	e->io.string = q & 0x10;
	e->io.rep = q & 0x20;
	e->io.addr_size = (uint8_t)default_size;
	if (e->io.string && have_info)		/* bits 9:7: 0 means 2 bytes */
		e->io.addr_size = (uint8_t)(2u << (info >> 7 & 3));
}

void vmx_decode_ept(uint64_t q, uint64_t gpa, uint64_t gla,
		    struct vmm_exit *e)
{
	e->reason = VMM_EXIT_MEM;
	e->mem.gpa = gpa;
	e->mem.read = q & VMX_EPT_READ;
	e->mem.write = q & VMX_EPT_WRITE;
	e->mem.exec = q & VMX_EPT_FETCH;
	e->mem.gla_valid = q & VMX_EPT_GLA_VALID;
	/* bit 8 clear: the access was to a paging-structure entry */
	e->mem.table_walk = e->mem.gla_valid && !(q & VMX_EPT_TRANSLATED);
	e->mem.gla = e->mem.gla_valid ? gla : 0;
}

enum vmx_cr_access vmx_decode_cr(uint64_t q, struct vmm_exit *e)
{
	enum vmx_cr_access access = (enum vmx_cr_access)(q >> 4 & 3);

	e->reason = access == VMX_CR_READ ? VMM_EXIT_CR_READ :
		VMM_EXIT_CR_WRITE;
	/* register in bits 3:0, access in 5:4, general register in 11:8 */
	e->cr.cr = q & 0xf;
	e->cr.gpr = q >> 8 & 0xf;
	e->cr.lmsw = access == VMX_CR_LMSW;
	e->cr.clts = access == VMX_CR_CLTS;
	e->cr.value = 0;
	return access;
}

uint64_t vmx_cr_value(enum vmx_cr_access access, uint64_t q, uint64_t cr0,
		      uint64_t gpr)
{
	const uint64_t msw = X86_CR0_PE | X86_CR0_MP | X86_CR0_EM | X86_CR0_TS;

	/* LMSW: the four low bits, from bits 31:16 of the qualification */
	switch (access) {
	case VMX_CR_CLTS:
		return cr0 & ~X86_CR0_TS;
	case VMX_CR_LMSW:
		return (cr0 & (~msw | X86_CR0_PE)) | (q >> 16 & msw);
	default:
		return gpr;
	}
}

struct vmx_dr_access vmx_decode_dr(uint64_t q)
{
	return (struct vmx_dr_access){
		.dr = q & 7,
		.read = q & 0x10,
		.gpr = q >> 8 & 0xf,
	};
}

#define AR_LOW	0xffu
#define AR_SHIFT 4	/* of AVL, L, D/B, G */

uint32_t vmx_ar_of_attr(uint32_t attr)
{
	return (attr & AR_LOW) | (attr & 0xf00) << AR_SHIFT |
		(attr & VMM_SEG_UNUSABLE);
}

uint32_t vmx_attr_of_ar(uint32_t ar)
{
	return (ar & AR_LOW) | (ar >> AR_SHIFT & 0xf00) |
		(ar & VMCS_AR_UNUSABLE);
}

VMM_STATIC_ASSERT(VMM_SEG_UNUSABLE == VMCS_AR_UNUSABLE, "one bit");

#define TYPE_ACCESSED	1u
#define TYPE_BUSY	2u
#define TSS_32_BUSY	0x8bu	/* present; in IA-32e mode: 64-bit */

struct vmm_segment vmx_segment_fit(enum vmm_segreg seg, struct vmm_segment in,
				   bool long_mode)
{
	/* an I/O access or a stack switch through it faults, as through a
	 * null TR */
	if (seg == VMM_SEG_TR && in.attr & VMM_SEG_UNUSABLE) {
		in.attr = TSS_32_BUSY;
		in.base = 0;
		in.limit = 0;
		return in;
	}
	if (in.attr & VMM_SEG_UNUSABLE || seg == VMM_SEG_LDTR)
		return in;
	/* the hidden part says what loading did, the descriptor may not */
	if (seg == VMM_SEG_TR)
		in.attr |= long_mode ? TSS_32_BUSY : TYPE_BUSY;
	else
		in.attr |= TYPE_ACCESSED;
	return in;
}
