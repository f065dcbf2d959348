/* SPDX-License-Identifier: BSD-3-Clause */
/* What the VMM itself knows of a vCPU, and the table that hides the vendor. */
#ifndef CPU_VCPU_PRIV_H
#define CPU_VCPU_PRIV_H

#include <cpu/asm_offsets.h>
#include <cpu/boot.h>
#include <vmm/gmem.h>
#include <vmm/paging.h>
#include <vmm/vcpu.h>
#include <vmm/vmm.h>

struct host_cpu;

#define VCPU_FLUSH	0x01u	/* drop nested translations */
#define VCPU_INIT	0x02u	/* carry out an INIT */
#define VCPU_SIPI	0x04u	/* leave the wait-for-SIPI state */
#define VCPU_NMI	0x08u	/* the guest is to get an NMI */
#define VCPU_SYNC	0x10u	/* note the state of its local APIC */
#define VCPU_RESEND	0x20u	/* send the SIPI in its ICR once more */
#define VCPU_PAUSE	0x40u	/* stay in the VMM until told to go on */
#define VCPU_MACHINE_CHECK 0x80u /* the guest is to get #MC */
#define VCPU_FLUSH_ALL	0x100u	/* it withheld something from all CPUs */
#define VCPU_SERVICE	0x200u	/* run the services (vmm/service.h) */
#define VCPU_ANY_NMI	0x400u	/* ... for an NMI, of whomever it is */
#define VCPU_SMP_BITS	(VCPU_INIT | VCPU_SIPI | VCPU_SYNC | VCPU_RESEND | \
			 VCPU_PAUSE)	/* smp_attend */

/* Hidden pages that one instruction may write at a time: an XSAVE area of
 * up to 11 KiB that begins in the middle of a page touches four. */
#define VCPU_MAX_WINDOWS 4

struct vmm_vcpu {
	struct vmm_regs regs;	/* see asm_offsets.h; rsp is not kept here */
	uint64_t host_rsp;	/* top of the stack exits are handled on */
	uint64_t guest_area;	/* SVM: physical address of the guest's VMCB */
	uint64_t host_area;	/* SVM: of the VMCB for the host's VMLOAD */
	struct vmm_vcpu *self;	/* in reach of GS while the VMM runs */
	/* What is to be done before the next entry, VCPU_... bits.  Others set
	 * bits atomically and kick; only the CPU itself clears them. */
	uint32_t attention;
	void *vendor;		/* the vendor's own state of this vCPU */
	struct vmm *vmm;
	struct host_cpu *host;
	unsigned number;
	uint32_t apic_id;
	bool running;		/* it has a guest, or will in a moment */
	bool entered;		/* the hardware accepted the first entry */

	/* Where the vendor's code has looked at attention and enters the
	 * guest: an NMI in there goes on at enter_again, which looks again.
	 * Size 0 where no NMI can come then. */
	uint64_t enter_begin, enter_size, enter_again;

	/* smp.c */
	bool kicked;		/* an NMI of ours is on its way */
	bool parked;		/* in the wait-for-SIPI state */
	bool alive;		/* has served an interrupt since its start */
	bool left;		/* halted for good: see icr_trap_check_restart */
	bool waits;		/* in the VMM, for others: see rendezvous.c */
	uint8_t sipi_vector;
	uint32_t ldr, dfr;	/* of its APIC, for logical destinations */
	uint64_t apic_page;	/* where the guest has its APIC */

	unsigned windows;		/* open write windows, see memfault.c */
	uint64_t window[VCPU_MAX_WINDOWS];

	uint64_t hsave_pa;		/* what the guest wrote to VM_HSAVE_PA */
	uint64_t exits[VMM_EXIT_REASONS];
};

VMM_STATIC_ASSERT(offsetof(struct vmm_regs, rbx) == VCPU_RBX, "asm");
VMM_STATIC_ASSERT(offsetof(struct vmm_regs, rsp) == VCPU_RSP, "asm");
VMM_STATIC_ASSERT(offsetof(struct vmm_regs, rdi) == VCPU_RDI, "asm");
VMM_STATIC_ASSERT(offsetof(struct vmm_regs, r15) == VCPU_R15, "asm");
VMM_STATIC_ASSERT(sizeof(struct vmm_regs) == VCPU_REGS_END, "asm");
VMM_STATIC_ASSERT(offsetof(struct vmm_vcpu, host_rsp) == VCPU_HOST_RSP, "asm");
VMM_STATIC_ASSERT(offsetof(struct vmm_vcpu, guest_area) == VCPU_GUEST_AREA,
		  "asm");
VMM_STATIC_ASSERT(offsetof(struct vmm_vcpu, host_area) == VCPU_HOST_AREA,
		  "asm");
VMM_STATIC_ASSERT(offsetof(struct vmm_vcpu, self) == VCPU_SELF, "asm");
VMM_STATIC_ASSERT(offsetof(struct vmm_vcpu, attention) == VCPU_ATTENTION,
		  "asm");

/* Bits, for tables that say to whom a row applies. */
enum vmm_vendor {
	VMM_VENDOR_SVM = 1,
	VMM_VENDOR_VMX = 2,
	VMM_VENDOR_ANY = 3,
};

/*
 * One vendor's half.  All but present and check are called with the object
 * they act on first; those with a vCPU run on its CPU.
 */
struct vmm_vendor_ops {
	const char *name;	/* as in the log: "Using SVM." */
	enum vmm_vendor id;
	const struct vmm_pt_format *nested_format;
	/* Leaves carry the MTRRs' memory type (EPT); else the hardware's own
	 * MTRRs act on the guest's accesses and the guest may write them. */
	bool nested_types;

	/* Does CPUID of this processor offer it? */
	bool (*present)(void);
	/* Can it be used?  0, or a negative errno and one line in error. */
	int (*check)(char *error, size_t size);
	/* Highest level of leaves in nested tables (vmm/paging.h).  After
	 * check, as everything below. */
	unsigned (*max_leaf)(void);
	/* Allocate what all vCPUs share; later intercepts are set in it. */
	int (*vm_init)(struct vmm *vmm);
	/* Allocate what one vCPU needs; on any CPU, before it starts. */
	int (*vcpu_init)(struct vmm_vcpu *v);
	/* In the VMM's environment: enter the guest in the given state.
	 * Returns only if the hardware refuses, everything undone, the reason
	 * in error. */
	int (*start)(struct vmm_vcpu *v, const struct boot_state *state,
		     char *error, size_t size);

	uint64_t (*get)(struct vmm_vcpu *v, enum vmm_reg reg);
	void (*set)(struct vmm_vcpu *v, enum vmm_reg reg, uint64_t value);
	void (*get_seg)(struct vmm_vcpu *v, enum vmm_segreg seg,
			struct vmm_segment *out);
	void (*set_seg)(struct vmm_vcpu *v, enum vmm_segreg seg,
			const struct vmm_segment *in);
	/* Everything that vmm_walk() wants, at once. */
	void (*walk_state)(struct vmm_vcpu *v, struct vmm_walk_state *st);

	/* Wait for a SIPI, in the registers of after INIT: no event is left,
	 * DR6 is reset.  And go on from there. */
	void (*park)(struct vmm_vcpu *v);
	void (*unpark)(struct vmm_vcpu *v);
	/* Let pending external interrupts into the VMM, all of them. */
	void (*drain)(void);
	/* Deliver an NMI, or a machine check, as soon as the guest can take
	 * it.  (No machine_check if none can come while the VMM runs.) */
	void (*nmi)(struct vmm_vcpu *v);
	void (*machine_check)(struct vmm_vcpu *v);
	/* Exit at the guest's next write of CR0 that changes more than TS and
	 * MP, once.  NULL where an exit leaves a halted processor halted. */
	void (*watch_cr0)(struct vmm_vcpu *v);
	/* Drop this CPU's translations of the nested map. */
	void (*flush)(struct vmm_vcpu *v);

	/* Exit with VMM_EXIT_STEP after the next guest instruction. */
	void (*step)(struct vmm_vcpu *v);
	/* Exit on these accesses and no others of the MSR, or on these ports,
	 * or no more (shared by all vCPUs; each sees it at its next entry). */
	void (*intercept_msr)(struct vmm *vmm, uint32_t msr, bool read,
			      bool write);
	void (*intercept_io)(struct vmm *vmm, uint16_t port, unsigned count,
			     bool on);
	/* Log what the hardware recorded of the last exit. */
	void (*dump)(struct vmm_vcpu *v);
};

/* Ask v to do something before its next entry.  Any CPU; kick it if it is not
 * this one's. */
static inline void vcpu_attention(struct vmm_vcpu *v, uint32_t bits)
{
	__atomic_or_fetch(&v->attention, bits, __ATOMIC_ACQ_REL);
}

/* Neutral policy: decide what happens with an exit.  exit.c */
enum vmm_verdict vmm_exit_dispatch(struct vmm_vcpu *v, struct vmm_exit *e);
/* See to v->attention; vendor code calls it at the end of an exit if there
 * is any.  exit.c */
void vmm_attend(struct vmm_vcpu *v);

/* Bytes at the guest's RIP: n of them, or as many as can be read without
 * crossing into a page that is not there; returns their number.  *mode: of the
 * code segment, 16, 32 or 64 bits.  insn.c */
unsigned vmm_insn_fetch(struct vmm_vcpu *v, uint8_t *buf, unsigned n,
			unsigned *mode);

/* The guest's CPU is in the shutdown state: log its state, reset the machine as
 * the chipset of a bare one does.  exit.c */
VMM_NORETURN void vmm_guest_shutdown(struct vmm_vcpu *v);
/* The same for one in a state that the processor does not run; why, in words. */
VMM_NORETURN void vmm_guest_refused(struct vmm_vcpu *v, const char *why);

/* Length of the instruction at the guest's RIP if, behind legacy and REX
 * prefixes, it is this opcode; 0 if it is not or cannot be read.  insn.c */
unsigned vmm_insn_len(struct vmm_vcpu *v, const uint8_t *opcode, unsigned n);

/* Record the state that the firmware called in, enter the VMM's environment
 * and the guest of v, on this CPU.  Returns only if the processor refused, in
 * the firmware's environment, with the reason in error.  main.c */
int vmm_start_cpu(struct vmm_vcpu *v, const struct boot_frame *frame,
		  char *error, size_t size) VMM_MUST_CHECK;

#endif
