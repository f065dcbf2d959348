/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From #VMEXIT to a verdict and back: decode the VMCB into a struct vmm_exit,
 * let neutral code decide, apply what it says.
 */
#include <cpu/event.h>
#include <mm/nested.h>
#include <svm/svm_priv.h>
#include <vmm/insn.h>
#include <vmm/log.h>
#include <vmm/panic.h>

#define DR6_BS UINT64_C(0x4000)
#define OP_STRING_IO 0x6c		/* to 0x6f: INS, OUTS */
#define PREFIX_ADDR_SIZE 0x67

static const uint8_t op_cpuid[] = { 0x0f, 0xa2 };
static const uint8_t op_rdmsr[] = { 0x0f, 0x32 };
static const uint8_t op_wrmsr[] = { 0x0f, 0x30 };
static const uint8_t op_invd[] = { 0x0f, 0x08 };
static const uint8_t op_wbinvd[] = { 0x0f, 0x09 };
static const uint8_t op_vmmcall[] = { 0x0f, 0x01, 0xd9 };

void svm_inject(struct vmm_vcpu *v, const struct vmm_event *ev)
{
	uint64_t inj = ev->vector | VMCB_EVENT_VALID |
		(uint64_t)ev->type << VMCB_EVENT_TYPE_SHIFT;

	if (ev->has_error)
		inj |= VMCB_EVENT_ERROR | (uint64_t)ev->error << 32;
	svm_of(v)->vmcb->eventinj = inj;
}

void svm_advance(struct vmm_vcpu *v, unsigned len)
{
	struct vmcb *c = svm_of(v)->vmcb;
	struct vmm_event db = {
		.vector = X86_TRAP_DB, .type = VMM_EVENT_EXCEPTION,
	};

	c->rip += len;
	if (!(c->cs.attr & VMM_SEG_ATTR_L))
		c->rip &= UINT32_MAX;
	c->interrupt_shadow &= ~VMCB_SHADOW;
	if (vmm_unlikely(c->rflags & X86_RFLAGS_TF)) {
		c->dr6 |= DR6_BS;	/* as after an instruction of hardware */
		svm_inject(v, &db);
	}
}

/* Is the opcode, without prefixes, at the guest's RIP, in 64-bit code? */
static bool plain_opcode(const struct vmm_vcpu *v, const struct vmcb *c,
			 const uint8_t *opcode, unsigned n)
{
	const uint8_t *code;
	unsigned i;

	if (!(c->efer & X86_EFER_LMA) || !(c->cs.attr & VMM_SEG_ATTR_L) ||
	    (c->rip & VMM_PAGE_MASK) + n > VMM_PAGE_SIZE)
		return false;
	code = vmm_nested_code(v->vmm->nested, c->cr3, c->cr4, c->rip);
	if (!code)
		return false;
	for (i = 0; i < n; i++)
		if (code[i] != opcode[i])
			return false;
	return true;
}

/* The length of an intercepted instruction: from the CPU if it tells, else
 * by reading the instruction, at first in the way that is nearly always
 * enough. */
static unsigned insn_len(struct vmm_vcpu *v, const uint8_t *opcode, unsigned n)
{
	struct svm_vcpu *s = svm_of(v);

	if (s->nrips && s->vmcb->nrip > s->vmcb->rip)
		return (unsigned)(s->vmcb->nrip - s->vmcb->rip);
	if (vmm_likely(plain_opcode(v, s->vmcb, opcode, n)))
		return n;
	return vmm_insn_len(v, opcode, n);
}

/* An event was on its way to the guest when the exit came: deliver it again
 * (APM 15.20).  Software interrupts and INT3/INTO are raised by executing
 * their instruction again, for RIP still points to it. */
static void redeliver(struct vmcb *c)
{
	uint64_t ev = c->exitintinfo;
	unsigned type = ev >> VMCB_EVENT_TYPE_SHIFT & 7;
	unsigned vector = ev & 0xff;

	c->eventinj = 0;
	if (vmm_likely(!(ev & VMCB_EVENT_VALID)) ||
	    type == VMM_EVENT_SOFT_INTERRUPT)
		return;
	if (type == VMM_EVENT_EXCEPTION &&
	    (vector == X86_TRAP_BP || vector == 4))
		return;
	c->eventinj = ev;
}

static void decode_exception(const struct vmcb *c, struct vmm_exit *e)
{
	unsigned vector = (unsigned)c->exitcode - SVM_EXIT_EXCEPTION_0;

	e->reason = VMM_EXIT_EXCEPTION;
	e->exception.vector = (uint8_t)vector;
	e->exception.type = VMM_EVENT_EXCEPTION;
	/* vectors with an error code: APM vol. 2, table 8-1 */
	e->exception.has_error = 0x60227d00u >> vector & 1;
	e->exception.error = (uint32_t)c->exitinfo1;
}

/* QEMU 7.2 leaves the address size of INS and OUTS out of EXITINFO1: it is that
 * of the code segment, or the other one by a prefix. */
static VMM_COLD uint8_t string_addr_size(struct vmm_vcpu *v)
{
	uint8_t code[VMM_INSN_MAX];
	unsigned mode, i, n = vmm_insn_fetch(v, code, sizeof(code), &mode);
	bool other = false;

	for (i = 0; i < n && (code[i] & 0xfc) != OP_STRING_IO; i++)
		other |= code[i] == PREFIX_ADDR_SIZE;
	if (mode == 64)
		return other ? 4 : 8;
	return (mode == 32) != other ? 4 : 2;
}

static void decode_io(struct vmm_vcpu *v, const struct vmcb *c,
		      struct vmm_exit *e)
{
	uint32_t info = (uint32_t)c->exitinfo1;

	e->reason = VMM_EXIT_IO;
	e->insn_len = (uint32_t)(c->exitinfo2 - c->rip);
	e->io.port = (uint16_t)(info >> 16);
	e->io.width = VMCB_IO_WIDTH(info);
	e->io.addr_size = (uint8_t)(VMCB_IO_ADDR(info) << 1);
	e->io.in = info & VMCB_IO_IN;
	e->io.string = info & VMCB_IO_STRING;
	e->io.rep = info & VMCB_IO_REP;
	if (vmm_unlikely(e->io.string && !e->io.addr_size))
		e->io.addr_size = string_addr_size(v);
}

static void decode_npf(const struct vmcb *c, struct vmm_exit *e)
{
	e->reason = VMM_EXIT_MEM;
	e->mem.gpa = c->exitinfo2;
	e->mem.write = c->exitinfo1 & VMCB_NPF_WRITE;
	e->mem.exec = c->exitinfo1 & VMCB_NPF_FETCH;
	e->mem.read = !e->mem.write && !e->mem.exec;
	e->mem.table_walk = c->exitinfo1 & VMCB_NPF_TABLE;
	e->mem.gla_valid = false;
}

static void decode_msr(struct vmm_vcpu *v, const struct vmcb *c,
		       struct vmm_exit *e)
{
	bool write = c->exitinfo1 & 1;

	e->reason = write ? VMM_EXIT_MSR_WRITE : VMM_EXIT_MSR_READ;
	e->insn_len = insn_len(v, write ? op_wrmsr : op_rdmsr, 2);
	e->msr.index = (uint32_t)v->regs.rcx;
	e->msr.value = (v->regs.rdx << 32) | (uint32_t)v->regs.rax;
}

static void decode_cpuid(struct vmm_vcpu *v, struct vmm_exit *e)
{
	e->reason = VMM_EXIT_CPUID;
	e->insn_len = insn_len(v, op_cpuid, sizeof(op_cpuid));
}

/* MOV to CR0, or LMSW, whose value does not matter to anybody. */
static void decode_cr0(struct vmm_vcpu *v, const struct vmcb *c,
		       struct vmm_exit *e)
{
	uint8_t code[4];
	unsigned mode, rex = 0, i = 0;
	unsigned n = vmm_insn_fetch(v, code, sizeof(code), &mode);

	svm_intercept(svm_of(v)->vmcb, SVM_EXIT_CR0_SEL_WRITE, false);
	e->reason = VMM_EXIT_CR0_CHANGE;
	e->cr.cr = 0;
	e->cr.value = c->cr0;
	if (n && mode == 64 && (code[0] & 0xf0) == 0x40)
		rex = code[i++];
	if (n < i + 3 || code[i] != 0x0f || code[i + 1] != 0x22)
		return;
	e->cr.gpr = (uint8_t)((code[i + 2] & 7) | (rex & 1) << 3);
	e->cr.value = svm_get(v, (enum vmm_reg)e->cr.gpr);
}

/* An exit that nobody asked for: do without the intercept.  What has none
 * cannot be told to stop; say so and go on. */
static void drop_intercept(struct vmcb *c)
{
	static struct vmm_ratelimit limit = VMM_RATELIMIT(5);
	uint32_t suppressed;

	if (vmm_ratelimit_ok(&limit, &suppressed))
		vmm_log_warning("SVM: unexpected exit %#llx (%#llx, %#llx)"
				" at %#llx\n", (unsigned long long)c->exitcode,
				(unsigned long long)c->exitinfo1,
				(unsigned long long)c->exitinfo2,
				(unsigned long long)c->rip);
	if (c->exitcode < SVM_EXIT_INTERCEPTS)
		svm_intercept(c, (unsigned)c->exitcode, false);
}

/* An intercepted NMI or INIT is still pending (APM 15.13.2, 15.13.4): let it
 * in, to host_exception; an INIT comes as #SX, see svm_start. */
static void take_pending(void)
{
	__asm__ volatile("stgi; nop; clgi" ::: "memory");
}

static void decode(struct vmm_vcpu *v, const struct vmcb *c,
		   struct vmm_exit *e)
{
	switch (c->exitcode) {
	case SVM_EXIT_CPUID:
		decode_cpuid(v, e);
		return;
	case SVM_EXIT_MSR:
		decode_msr(v, c, e);
		return;
	case SVM_EXIT_IOIO:
		decode_io(v, c, e);
		return;
	case SVM_EXIT_NPF:
		decode_npf(c, e);
		return;
	case SVM_EXIT_NMI:
		take_pending();
		e->reason = VMM_EXIT_NMI;
		return;
	case SVM_EXIT_IRET:
		svm_iret(v);
		e->reason = VMM_EXIT_NMI_WINDOW;
		return;
	case SVM_EXIT_WBINVD:
		e->reason = VMM_EXIT_WBINVD;
		e->insn_len = insn_len(v, op_wbinvd, sizeof(op_wbinvd));
		if (!e->insn_len)	/* QEMU 7.2 takes INVD for it */
			e->insn_len = insn_len(v, op_invd, sizeof(op_invd));
		return;
	case SVM_EXIT_INVD:
		e->reason = VMM_EXIT_INVD;
		e->insn_len = insn_len(v, op_invd, sizeof(op_invd));
		return;
	case SVM_EXIT_VMMCALL:
		e->reason = VMM_EXIT_HYPERCALL;
		e->insn_len = insn_len(v, op_vmmcall, sizeof(op_vmmcall));
		return;
	case SVM_EXIT_INVLPGA:
	case SVM_EXIT_VMRUN:
	case SVM_EXIT_VMLOAD:
	case SVM_EXIT_VMSAVE:
	case SVM_EXIT_STGI:
	case SVM_EXIT_CLGI:
	case SVM_EXIT_SKINIT:
		e->reason = VMM_EXIT_VIRT_INSN;
		return;
	case SVM_EXIT_CR0_SEL_WRITE:
		decode_cr0(v, c, e);
		return;
	case SVM_EXIT_SHUTDOWN:
		e->reason = VMM_EXIT_SHUTDOWN;
		return;
	case SVM_EXIT_INIT:
		take_pending();
		e->reason = VMM_EXIT_INIT;
		return;
	case SVM_EXIT_EXCEPTION_0 ... SVM_EXIT_EXCEPTION_31:
		decode_exception(c, e);
		return;
	default:
		e->reason = VMM_EXIT_UNKNOWN;
	}
}

/* An exception that was only intercepted for the VMM's stepping goes to the
 * guest, as the second one if another was on its way. */
static void pass_exception(struct vmm_vcpu *v, struct vmcb *c,
			   const struct vmm_event *ev)
{
	static const struct vmm_event double_fault = {
		.vector = X86_TRAP_DF, .type = VMM_EVENT_EXCEPTION,
		.has_error = true,
	};
	enum event_pair pair = EVENT_SECOND;

	if (c->exitintinfo & VMCB_EVENT_VALID &&
	    (c->exitintinfo >> VMCB_EVENT_TYPE_SHIFT & 7) ==
	    VMM_EVENT_EXCEPTION)
		pair = event_combine((uint8_t)c->exitintinfo, ev->vector);
	if (pair == EVENT_SHUTDOWN)
		vmm_guest_shutdown(v);
	if (ev->vector == X86_TRAP_PF)
		c->cr2 = c->exitinfo2;
	svm_inject(v, pair == EVENT_SECOND ? ev : &double_fault);
}

static void apply(struct vmm_vcpu *v, struct vmcb *c, struct vmm_exit *e,
		  enum vmm_verdict verdict)
{
	switch (verdict) {
	case VMM_DONE:
		svm_advance(v, e->insn_len);
		break;
	case VMM_FAULT:
		svm_inject(v, &e->fault);
		break;
	case VMM_RETRY:
		break;
	case VMM_PASS:
		if (e->reason == VMM_EXIT_EXCEPTION)
			pass_exception(v, c, &e->exception);
		else
			drop_intercept(c);
		break;
	}
}

/* What a guest has loaded into its registers ends the guest, not the VMM. */
static VMM_COLD void refused(struct vmm_vcpu *v)
{
	char why[128];

	if (svm_refused_guest(svm_of(v)->vmcb, v->vmm->nested->phys_bits, why,
			      sizeof(why)))
		vmm_guest_refused(v, why);
	vmm_panic("VMRUN refused the VMM's state (VMEXIT_INVALID): %s", why);
}

bool svm_vmexit(struct vmm_vcpu *v)
{
	struct svm_vcpu *s = svm_of(v);
	struct vmcb *c = s->vmcb;
	struct vmm_exit e;

	if (vmm_unlikely((uint32_t)c->exitcode == SVM_EXIT_INVALID)) {
		if (!v->entered)
			return false;
		refused(v);
	}
	v->entered = true;
	v->regs.rax = c->rax;
	c->tlb_control = VMCB_TLB_NOTHING;
	redeliver(c);
	if (vmm_unlikely(s->stepping) && svm_step_done(v)) {
		e.reason = VMM_EXIT_STEP;
	} else {
		e.insn_len = 0;
		e.code = c->exitcode;
		decode(v, c, &e);
	}
	apply(v, c, &e, vmm_exit_dispatch(v, &e));
	if (vmm_unlikely(v->attention))
		vmm_attend(v);
	if (vmm_unlikely(s->nmi_pending))
		svm_nmi_try(v);
	c->rax = v->regs.rax;
	return true;
}
