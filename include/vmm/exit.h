/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM exit in neutral terms.  Vendor code decodes the hardware's fields into
 * a struct vmm_exit; neutral code decides and answers with a verdict, which
 * vendor code applies.  Policy never sees a VMCS or VMCB field.
 */
#ifndef VMM_EXIT_H
#define VMM_EXIT_H

#include <stdbool.h>
#include <vmm/compiler.h>

VMM_BEGIN_DECLS

enum vmm_exit_reason {
	VMM_EXIT_CPUID,
	VMM_EXIT_MSR_READ,
	VMM_EXIT_MSR_WRITE,
	VMM_EXIT_IO,
	VMM_EXIT_MEM,		/* nested page fault, EPT violation */
	VMM_EXIT_HYPERCALL,	/* VMMCALL, VMCALL */
	VMM_EXIT_VIRT_INSN,	/* any other instruction of SVM or VMX */
	VMM_EXIT_XSETBV,
	VMM_EXIT_CR_WRITE,
	VMM_EXIT_CR_READ,
	VMM_EXIT_CR0_CHANGE,	/* not done yet: see ops->watch_cr0 */
	VMM_EXIT_INVD,
	VMM_EXIT_WBINVD,
	VMM_EXIT_EXCEPTION,
	VMM_EXIT_STEP,		/* one instruction done, see ops->step */
	VMM_EXIT_INTERRUPT,	/* external interrupt, left pending */
	VMM_EXIT_NMI,		/* consumed by the host's handler */
	VMM_EXIT_NMI_WINDOW,	/* the guest can take an NMI now */
	VMM_EXIT_INTR_WINDOW,
	VMM_EXIT_INIT,
	VMM_EXIT_SIPI,
	VMM_EXIT_SHUTDOWN,	/* triple fault */
	VMM_EXIT_TASK_SWITCH,
	VMM_EXIT_TIMER,		/* the VMM's own one-shot for this CPU */
	VMM_EXIT_UNKNOWN,	/* see vmm_exit.code */
	VMM_EXIT_REASONS	/* their number */
};

/* Name of a reason, for logs and statistics ("CPUID"). */
const char *vmm_exit_name(enum vmm_exit_reason reason);

struct vmm_event {
	uint8_t vector;
	uint8_t type;		/* enum vmm_event_type */
	bool has_error;
	uint32_t error;
	uint8_t insn_len;	/* software interrupts and exceptions only */
};

enum vmm_event_type {
	VMM_EVENT_INTERRUPT = 0,	/* numbers of both vendors */
	VMM_EVENT_NMI = 2,
	VMM_EVENT_EXCEPTION = 3,
	VMM_EVENT_SOFT_INTERRUPT = 4,
	VMM_EVENT_PRIV_SOFT_EXCEPTION = 5,	/* INT1 (VMX) */
	VMM_EVENT_SOFT_EXCEPTION = 6,		/* INT3, INTO (VMX) */
};

struct vmm_exit {
	enum vmm_exit_reason reason;
	uint32_t insn_len;	/* bytes; 0: the vendor finds it when needed */
	uint64_t code;		/* the hardware's own code, for messages */
	union {
		struct {
			uint32_t index;
			uint64_t value;	/* in for writes, out for reads */
		} msr;
		struct {
			uint16_t port;
			uint8_t width;		/* 1, 2, 4 */
			uint8_t addr_size;	/* string forms: 2, 4, 8 */
			bool in, string, rep;
		} io;
		struct {
			uint64_t gpa;
			bool read, write, exec;
			bool gla_valid;		/* gla is meaningful */
			bool table_walk;	/* access of the guest's walk */
			uint64_t gla;
		} mem;
		struct {
			uint8_t cr, gpr;
			uint64_t value;
			bool lmsw, clts;
		} cr;
		struct {
			uint32_t index;
			uint64_t value;
		} xsetbv;
		struct vmm_event exception;
		uint8_t sipi_vector;
	};
	struct vmm_event fault;	/* set by a handler that returns VMM_FAULT */
};

enum vmm_verdict {
	VMM_PASS,	/* not mine: go on to the next, at last the default */
	VMM_DONE,	/* the instruction is done: go on behind it */
	VMM_FAULT,	/* deliver exit->fault instead of the instruction */
	VMM_RETRY,	/* enter the guest again at the same place */
};

/* Set exit->fault to an exception and return VMM_FAULT. */
static inline enum vmm_verdict vmm_fault(struct vmm_exit *exit,
					 uint8_t vector)
{
	exit->fault.vector = vector;
	exit->fault.type = VMM_EVENT_EXCEPTION;
	exit->fault.has_error = false;
	exit->fault.error = 0;
	return VMM_FAULT;
}

static inline enum vmm_verdict vmm_fault_error(struct vmm_exit *exit,
					       uint8_t vector, uint32_t error)
{
	vmm_fault(exit, vector);
	exit->fault.has_error = true;
	exit->fault.error = error;
	return VMM_FAULT;
}

VMM_END_DECLS

#endif
