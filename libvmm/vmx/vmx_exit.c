/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a VM exit to a verdict and back: decode the fields that this exit is
 * about into a struct vmm_exit, let neutral code decide, apply what it says.
 */
#include <cpu/event.h>
#include <vmx/vmx_decode.h>
#include <vmx/vmx_priv.h>
#include <vmx/vmx_start.h>
#include <vmm/log.h>
#include <vmm/panic.h>

#define BLOCK_SHADOW	(VMCS_BLOCK_STI | VMCS_BLOCK_MOV_SS)

/* --- what an exit leads to --- */

void vmx_inject(struct vmm_vcpu *v, const struct vmm_event *ev)
{
	/* Real mode pushes no error codes (SDM vol. 3, 27.2.1.3). */
	bool error = ev->has_error && vmcs_read(VMCS_GUEST_CR0) & X86_CR0_PE;
	struct vmm_event e = *ev;

	e.has_error = error;
	if (error)
		vmcs_write(VMCS_ENTRY_ERROR, e.error & 0xffff);
	if (e.type >= VMM_EVENT_SOFT_INTERRUPT)
		vmcs_write(VMCS_ENTRY_INSN_LEN, e.insn_len);
	vmcs_write(VMCS_ENTRY_EVENT, vmx_encode_event(&e));
	vmx_of(v)->entry_event = true;
}

/* CS.L counts in IA-32e mode only. */
static bool in_64bit_mode(void)
{
	return vmcs_read(VMCS_GUEST_AR + 2 * VMM_SEG_CS) & VMCS_AR_L &&
		vmcs_read(VMCS_GUEST_EFER) & X86_EFER_LMA;
}

/* As the instruction would have left: RIP behind it, no shadow, and a trap if
 * the guest single-steps. */
void vmx_advance(struct vmm_vcpu *v, unsigned len)
{
	uint64_t rip = vmcs_read(VMCS_GUEST_RIP), next = rip + len;
	uint64_t block = vmcs_read(VMCS_GUEST_INTERRUPTIBILITY);

	(void)v;
	if (vmm_unlikely((rip ^ next) >> 32) && !in_64bit_mode())
		next &= UINT32_MAX;
	vmcs_write(VMCS_GUEST_RIP, next);
	if (vmm_unlikely(block & BLOCK_SHADOW))
		vmcs_write(VMCS_GUEST_INTERRUPTIBILITY,
			   block & ~(uint64_t)BLOCK_SHADOW);
	/* A trap follows the instruction, as if hardware had done it. */
	if (vmm_unlikely(vmcs_read(VMCS_GUEST_RFLAGS) & X86_RFLAGS_TF))
		vmcs_write(VMCS_GUEST_PENDING_DEBUG,
			   vmcs_read(VMCS_GUEST_PENDING_DEBUG) |
			   VMCS_PENDING_BS);
}

/* --- NMIs and machine checks for the guest --- */

/*
 * An NMI exit and an NMI in the VMM take the same way: the host's gate, then
 * vcpu->attention, which is looked at before each entry.  Here one NMI waits
 * until the guest can take it, as in a processor; a window tells when.
 */
static uint32_t wanted_proc(const struct vmx_vcpu *x)
{
	uint32_t proc = vmx.controls.proc;

	if (x->nmi && !x->shadow)
		proc |= PROC_NMI_WINDOW;
	if (x->step == VMX_STEP_MONITOR_TRAP || x->machine_check ||
	    (x->nmi && x->shadow))
		proc |= PROC_MONITOR_TRAP & vmx.controls.proc_allowed;
	return proc;
}

void vmx_update_proc(struct vmx_vcpu *x)
{
	x->proc_now = wanted_proc(x);
	vmcs_write(VMCS_PROC, x->proc_now);
}

/* Both run on the way to an entry, before prepare_entry() looks. */
void vmx_nmi(struct vmm_vcpu *v)
{
	vmx_of(v)->nmi = true;
}

void vmx_machine_check(struct vmm_vcpu *v)
{
	vmx_of(v)->machine_check = true;
}

/* Deliver the NMI if it is neither blocked by one nor in a shadow. */
static void inject_nmi(struct vmm_vcpu *v)
{
	static const struct vmm_event nmi = {
		.vector = X86_TRAP_NMI, .type = VMM_EVENT_NMI,
	};
	struct vmx_vcpu *x = vmx_of(v);
	uint64_t block = vmcs_read(VMCS_GUEST_INTERRUPTIBILITY);

	x->shadow = block & BLOCK_SHADOW &&
		vmx.controls.proc_allowed & PROC_MONITOR_TRAP;
	if (block & (VMCS_BLOCK_NMI | VMCS_BLOCK_MOV_SS) || x->shadow)
		return;
	/* A CPU without monitor trap that opens the window in the shadow of
	 * STI takes NMIs there: the shadow ends with it (26.2). */
	if (block & VMCS_BLOCK_STI)
		vmcs_write(VMCS_GUEST_INTERRUPTIBILITY,
			   block & ~(uint64_t)VMCS_BLOCK_STI);
	x->nmi = false;
	vmx_inject(v, &nmi);
}

static void inject_machine_check(struct vmm_vcpu *v)
{
	static const struct vmm_event mc = {
		.vector = X86_TRAP_MC, .type = VMM_EVENT_EXCEPTION,
	};

	vmx_of(v)->machine_check = false;
	vmx_inject(v, &mc);
}

/* Only called with something waiting, or a window open. */
static void deliver(struct vmm_vcpu *v)
{
	struct vmx_vcpu *x = vmx_of(v);

	if (x->machine_check && !x->entry_event)
		inject_machine_check(v);
	if (x->nmi && !x->entry_event)
		inject_nmi(v);
	vmx_update_proc(x);
}

/* The last thing before an entry. */
static void prepare_entry(struct vmm_vcpu *v)
{
	struct vmx_vcpu *x = vmx_of(v);

	if (vmm_unlikely(v->attention))
		vmm_attend(v);
	if (vmm_unlikely(x->flush_linear))
		vmx_flush_linear(x);
	if (vmm_unlikely(x->nmi | x->machine_check |
			 (x->proc_now != vmx.controls.proc)))
		deliver(v);
}

void vmx_again(struct vmm_vcpu *v)
{
	prepare_entry(v);
}

/* An NMI exit leaves NMIs blocked in the VMM (28.5.6).  Take this one through
 * the VMM's own gate, where those that come in the VMM arrive; its IRET
 * unblocks them. */
static void take_nmi(void)
{
	__asm__ volatile("int $2" ::: "memory");
}

/* --- decoding --- */

/*
 * An event was on its way to the guest when the exit came: deliver it again
 * (28.2.4).  The delivery of an NMI had blocked NMIs already.
 */
void vmx_redeliver(struct vmm_vcpu *v)
{
	uint32_t info = (uint32_t)vmcs_read(VMCS_VECTORING_EVENT);
	struct vmm_event ev;

	if (vmm_likely(!(info & VMCS_EVENT_VALID)))
		return;
	vmx_decode_event(info, (uint32_t)vmcs_read(VMCS_VECTORING_ERROR),
			 (uint32_t)vmcs_read(VMCS_EXIT_INSN_LEN), &ev);
	if (ev.type == VMM_EVENT_NMI)
		vmcs_write(VMCS_GUEST_INTERRUPTIBILITY,
			   vmcs_read(VMCS_GUEST_INTERRUPTIBILITY) &
			   ~(uint64_t)VMCS_BLOCK_NMI);
	vmx_inject(v, &ev);
}

/* The exit came from an IRET that had unblocked NMIs already (28.2.3). */
static void block_nmis_again(void)
{
	vmcs_write(VMCS_GUEST_INTERRUPTIBILITY,
		   vmcs_read(VMCS_GUEST_INTERRUPTIBILITY) | VMCS_BLOCK_NMI);
}

/* The instruction was not executed, so its single-step trap cannot be pending
 * (28.3.4); Bochs says it is, and would trap at the next entry. */
static void forget_step_trap(void)
{
	uint64_t pending = vmcs_read(VMCS_GUEST_PENDING_DEBUG);

	if (vmm_unlikely(pending & VMCS_PENDING_BS) &&
	    !(vmcs_read(VMCS_GUEST_INTERRUPTIBILITY) & BLOCK_SHADOW))
		vmcs_write(VMCS_GUEST_PENDING_DEBUG,
			   pending & ~VMCS_PENDING_BS);
}

static void decode_ept(struct vmm_vcpu *v, struct vmm_exit *e)
{
	uint64_t q = vmcs_read(VMCS_EXIT_QUALIFICATION);

	vmx_redeliver(v);
	forget_step_trap();
	if (vmm_unlikely(q & VMX_EPT_NMI_UNBLOCKED) &&
	    !vmx_of(v)->entry_event)
		block_nmis_again();
	vmx_decode_ept(q, vmcs_read(VMCS_GUEST_PHYSICAL),
		       q & VMX_EPT_GLA_VALID ? vmcs_read(VMCS_GUEST_LINEAR) :
		       0, e);
}

/* Exceptions exit only while TF steps the guest; NMIs always. */
static void decode_exception(struct vmm_vcpu *v, struct vmm_exit *e)
{
	uint32_t info = (uint32_t)vmcs_read(VMCS_EXIT_EVENT);

	if ((info >> VMCS_EVENT_TYPE_SHIFT & 7) == VMM_EVENT_NMI) {
		e->reason = VMM_EXIT_NMI;
		take_nmi();
		return;
	}
	vmx_redeliver(v);
	if (info & VMCS_EVENT_NMI_UNBLOCKED && !vmx_of(v)->entry_event &&
	    (info & 0xff) != X86_TRAP_DF)
		block_nmis_again();
	e->reason = VMM_EXIT_EXCEPTION;
	vmx_decode_event(info, (uint32_t)vmcs_read(VMCS_EXIT_ERROR),
			 (uint32_t)vmcs_read(VMCS_EXIT_INSN_LEN),
			 &e->exception);
}

/* Without the instruction information, the address size of a string form is
 * that of the code segment. */
static void decode_io(struct vmm_exit *e)
{
	uint64_t q = vmcs_read(VMCS_EXIT_QUALIFICATION);
	uint32_t info = 0;
	unsigned size = 8;

	if (q & 0x10 && vmx.controls.io_info)
		info = (uint32_t)vmcs_read(VMCS_EXIT_INSN_INFO);
	else if (!in_64bit_mode())
		size = vmcs_read(VMCS_GUEST_AR + 2 * VMM_SEG_CS) &
			VMCS_AR_DB ? 4 : 2;
	vmx_decode_io(q, info, vmx.controls.io_info, size, e);
}

/* Outside of 64-bit mode the operand is 32 bits wide. */
static void decode_cr(struct vmm_vcpu *v, struct vmm_exit *e)
{
	uint64_t q = vmcs_read(VMCS_EXIT_QUALIFICATION);
	enum vmx_cr_access access = vmx_decode_cr(q, e);
	uint64_t gpr = vmx_get(v, (enum vmm_reg)e->cr.gpr);

	if (!in_64bit_mode())
		gpr &= UINT32_MAX;
	if (e->reason == VMM_EXIT_CR_WRITE)
		e->cr.value = vmx_cr_value(access, q,
					   vmx_get(v, VMM_REG_CR0), gpr);
}

static uint64_t edx_eax(const struct vmm_vcpu *v)
{
	return v->regs.rdx << 32 | (uint32_t)v->regs.rax;
}

/* The rest of what the neutral reason alone does not tell. */
static void decode_more(struct vmm_vcpu *v, unsigned basic, struct vmm_exit *e)
{
	switch (basic) {
	case VMX_EXIT_EPT_VIOLATION:
		decode_ept(v, e);
		break;
	case VMX_EXIT_EXCEPTION_NMI:
		decode_exception(v, e);
		break;
	case VMX_EXIT_IO:
		decode_io(e);
		break;
	case VMX_EXIT_CR:
		decode_cr(v, e);
		break;
	case VMX_EXIT_RDMSR:
	case VMX_EXIT_WRMSR:
		e->msr.index = (uint32_t)v->regs.rcx;
		e->msr.value = edx_eax(v);
		break;
	case VMX_EXIT_XSETBV:
		e->xsetbv.index = (uint32_t)v->regs.rcx;
		e->xsetbv.value = edx_eax(v);
		break;
	case VMX_EXIT_SIPI:
		e->sipi_vector =
			(uint8_t)vmcs_read(VMCS_EXIT_QUALIFICATION);
		break;
	}
}

/* --- the default of each reason --- */

/* The delivery of an exception may have led to this one. */
static void inject_exception(struct vmm_vcpu *v, const struct vmm_event *ev)
{
	static const struct vmm_event double_fault = {
		.vector = X86_TRAP_DF, .type = VMM_EVENT_EXCEPTION,
		.has_error = true,
	};
	enum event_pair pair = EVENT_SECOND;
	struct vmm_event first;

	if (vmx_of(v)->entry_event &&
	    vmx_decode_event((uint32_t)vmcs_read(VMCS_VECTORING_EVENT), 0, 0,
			     &first) && first.type == VMM_EVENT_EXCEPTION)
		pair = event_combine(first.vector, ev->vector);
	if (pair == EVENT_SHUTDOWN)
		vmm_guest_shutdown(v);
	vmx_inject(v, pair == EVENT_SECOND ? ev : &double_fault);
}

/* An exception that was intercepted goes to the guest as it came; the exit
 * has not changed CR2, DR6 or DR7 (28.1). */
static void reflect(struct vmm_vcpu *v, const struct vmm_event *ev)
{
	uint64_t q = vmcs_read(VMCS_EXIT_QUALIFICATION);

	if (ev->vector == X86_TRAP_PF)
		x86_write_cr2(q);
	if (ev->vector == X86_TRAP_DB)
		x86_write_dr6((x86_read_dr6() & ~UINT64_C(0xf)) |
			      (q & 0xe00f));
	inject_exception(v, ev);
}

/* Nothing forbids the new value: with it in the read shadow, the instruction
 * does not exit again, and the processor does it with all its checks. */
static void let_cr_write(const struct vmm_exit *e)
{
	unsigned field = e->cr.cr == 4 ? VMCS_CR4_SHADOW : VMCS_CR0_SHADOW;

	vmcs_write(field, e->cr.value);
}

/* Nobody asked for it: say so, and go on where the guest was. */
static void unexpected(struct vmm_vcpu *v, const struct vmm_exit *e)
{
	static struct vmm_ratelimit limit = VMM_RATELIMIT(5);
	uint32_t suppressed;

	if (e->code == VMX_EXIT_EPT_MISCONFIG)	/* our tables, our bug */
		vmm_panic("EPT misconfiguration for guest-physical address"
			  " %#llx", (unsigned long long)
			  vmcs_read(VMCS_GUEST_PHYSICAL));
	if (vmm_ratelimit_ok(&limit, &suppressed))
		vmm_log_warning("CPU%u: unexpected VM exit %llu (%s),"
				" qualification %#llx, at %#llx\n", v->number,
				(unsigned long long)e->code,
				vmx_reason_name((unsigned)e->code),
				(unsigned long long)
				vmcs_read(VMCS_EXIT_QUALIFICATION),
				(unsigned long long)
				vmcs_read(VMCS_GUEST_RIP));
}

static void pass(struct vmm_vcpu *v, struct vmm_exit *e)
{
	switch (e->reason) {
	case VMM_EXIT_EXCEPTION:
		reflect(v, &e->exception);
		break;
	case VMM_EXIT_CR_WRITE:
		let_cr_write(e);
		break;
	case VMM_EXIT_INTERRUPT:	/* stays pending, comes after entry */
	case VMM_EXIT_TIMER:
		break;
	default:
		unexpected(v, e);
	}
}

/* Verdicts are neutral; what they mean for the VMCS is here. */
static void apply(struct vmm_vcpu *v, struct vmm_exit *e,
		  enum vmm_verdict verdict)
{
	switch (verdict) {
	case VMM_DONE:
		vmx_advance(v, e->insn_len);
		break;
	case VMM_FAULT:
		inject_exception(v, &e->fault);
		break;
	case VMM_RETRY:
		break;
	case VMM_PASS:
		pass(v, e);
		break;
	}
}

/* --- exits --- */

/* The entry was tried and failed; the guest's state is as before.  A machine
 * check during it (27.9) is the guest's, as on bare hardware.  Anything else is
 * the VMM's fault: what a guest can load without an exit, its instructions check
 * at least as strictly as an entry does (27.3.1). */
static bool entry_failed(struct vmm_vcpu *v, uint32_t reason)
{
	char why[200];

	if (!v->entered)
		return false;
	if ((reason & VMCS_REASON_BASIC) == VMX_EXIT_MACHINE_CHECK) {
		vmx_of(v)->machine_check = true;
		vmx_of(v)->entry_event = vmcs_read(VMCS_ENTRY_EVENT) &
			VMCS_EVENT_VALID;
		prepare_entry(v);
		return true;
	}
	vmx_explain(v, reason, why, sizeof(why));
	vmm_panic("VM entry failed: %s", why);
}

void vmx_resume_failed(struct vmm_vcpu *v)
{
	char why[200];

	vmx_explain(v, 0, why, sizeof(why));
	vmm_panic("VMRESUME failed: %s", why);
}

/* Decode, decide, apply: all there is to nearly every exit. */
static void handle(struct vmm_vcpu *v, unsigned basic, struct vmm_exit *e)
{
	enum vmm_verdict verdict;
	bool insn;

	e->code = basic;
	e->reason = vmx_reason_neutral(basic, &insn);
	e->insn_len = insn ? (uint32_t)vmcs_read(VMCS_EXIT_INSN_LEN) : 0;
	decode_more(v, basic, e);
	verdict = vmm_exit_dispatch(v, e);
	if (vmm_unlikely(verdict == VMM_PASS &&
			 (e->reason == VMM_EXIT_UNKNOWN ||
			  e->reason == VMM_EXIT_TASK_SWITCH)))
		verdict = vmx_forced_exit(v, basic, e);
	apply(v, e, verdict);
}

bool vmx_vmexit(struct vmm_vcpu *v)
{
	struct vmx_vcpu *x = vmx_of(v);
	uint32_t reason = (uint32_t)vmcs_read(VMCS_EXIT_REASON);
	struct vmm_exit e;

	if (vmm_unlikely(reason & VMCS_REASON_ENTRY_FAILURE))
		return entry_failed(v, reason);
	v->entered = true;
	x->entry_event = false;
	if (vmm_unlikely(x->step) &&
	    vmx_step_done(v, reason & VMCS_REASON_BASIC)) {
		e.reason = VMM_EXIT_STEP;
		apply(v, &e, vmm_exit_dispatch(v, &e));
	} else {
		handle(v, reason & VMCS_REASON_BASIC, &e);
	}
	prepare_entry(v);
	return true;
}

void vmx_dump(struct vmm_vcpu *v)
{
	if (!vmx_of(v)->loaded)
		return;
	vmm_log_err("VMX exit reason %#llx qualification %#llx"
		    " guest-physical %#llx vectoring %#llx event %#llx\n",
		    (unsigned long long)vmcs_read(VMCS_EXIT_REASON),
		    (unsigned long long)vmcs_read(VMCS_EXIT_QUALIFICATION),
		    (unsigned long long)vmcs_read(VMCS_GUEST_PHYSICAL),
		    (unsigned long long)vmcs_read(VMCS_VECTORING_EVENT),
		    (unsigned long long)vmcs_read(VMCS_ENTRY_EVENT));
	vmm_log_err("VMX activity %llu interruptibility %#llx pending debug"
		    " %#llx\n",
		    (unsigned long long)vmcs_read(VMCS_GUEST_ACTIVITY),
		    (unsigned long long)
		    vmcs_read(VMCS_GUEST_INTERRUPTIBILITY),
		    (unsigned long long)
		    vmcs_read(VMCS_GUEST_PENDING_DEBUG));
}
