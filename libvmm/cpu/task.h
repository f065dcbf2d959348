/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Task switches by the 80386's hardware: VMX does not do them for a guest
 * (Intel SDM vol. 3, 26.4.2).  Pure: the processor's state and memory come in
 * as arguments.  Only outside of IA-32e mode, so that addresses have 32 bits.
 */
#ifndef CPU_TASK_H
#define CPU_TASK_H

#include <vmm/exit.h>
#include <vmm/vcpu.h>

/* Numbers of the exit qualification (table 28-2) */
enum task_source { TASK_CALL, TASK_IRET, TASK_JMP, TASK_GATE };

struct task_switch {
	uint16_t selector;	/* of the new TSS */
	enum task_source source;
	bool external;		/* not by an instruction: EXT in error codes */
};

/* What a task switch reads and changes. */
struct task_cpu {
	uint32_t gpr[8];	/* in the order of enum vmm_reg */
	uint32_t eip;		/* where the old task is to go on */
	uint32_t eflags, cr0, dr7;
	uint32_t gdt_base, gdt_limit;
	struct vmm_segment seg[VMM_SEGS];
};

/* Linear memory in the context of CR3, by accesses VMM_ACCESS_...; and the
 * loading of CR3.  False: the guest is to get *fault instead. */
struct task_world {
	bool (*read)(void *ctx, uint32_t linear, void *buf, size_t n,
		     unsigned access, struct vmm_event *fault);
	bool (*write)(void *ctx, uint32_t linear, const void *buf, size_t n,
		      unsigned access, struct vmm_event *fault);
	bool (*load_cr3)(void *ctx, uint32_t cr3, struct vmm_event *fault);
	void *ctx;
};

enum task_result {
	TASK_DONE,
	TASK_TRAP,	/* done; the TSS asks for a debug trap */
	TASK_FAULT_OLD,	/* *fault in the old task, *c is as before */
	TASK_FAULT_NEW,	/* *fault in the new task, as far as it is loaded */
};

/* Switch (SDM vol. 3, 8.3).  What the processor has checked before the exit is
 * checked only as far as memory could have changed since.  All that *c holds
 * afterwards can be entered: a segment that was not loaded is unusable; CS and
 * SS are then empty. */
enum task_result task_switch(struct task_cpu *c, const struct task_switch *t,
			     const struct task_world *w,
			     struct vmm_event *fault) VMM_MUST_CHECK;

/* Push the error code of the exception that led to the switch (7.12.2), when
 * the world is that of the new task.  False: *fault instead, nothing pushed. */
bool task_push_error(struct task_cpu *c, uint32_t error,
		     const struct task_world *w, struct vmm_event *fault)
	VMM_MUST_CHECK;

#endif
