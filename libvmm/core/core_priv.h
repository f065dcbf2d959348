/* SPDX-License-Identifier: BSD-3-Clause */
/* What libvmm/core shares with the other parts of libvmm, and what it wants
 * of them; not installed. */
#ifndef CORE_PRIV_H
#define CORE_PRIV_H

#include <stdbool.h>
#include <vmm/compiler.h>
#include <vmm/log.h>
#include <vmm/unit.h>
#include <vmm/vcpu.h>

struct vmm;
struct vmm_vcpu;

/* --- stackprot.c --- */

/* Choose the stack guard.  Once, as the very first C code of the image; its
 * callers must not return through a protected function that was entered
 * before. */
void vmm_stack_guard_init(void);

/* --- log.c --- */

/* Longest line; longer text goes on in a further line. */
#define VMM_LOG_LINE_MAX 512

/* Break the log's lock if it stays taken, and let this CPU hand out lines
 * whatever another one was doing.  A sink inside whose emit the previous
 * panic happened gets no more lines.  Only for the panicking CPU, after the
 * others have been stopped.  Returns the number of the next line. */
uint64_t vmm_log_enter_panic(void);

/* --- unit.c --- */

/* Run init of vmm->units in order, from where the last call ended: the early
 * ones, or all.  On an error, which is logged, the units initialised before
 * are shut down in reverse order. */
int vmm_units_init(struct vmm *vmm, bool early) VMM_MUST_CHECK;
/* In order; on the CPU of vcpu. */
void vmm_units_cpu_init(struct vmm *vmm, struct vmm_vcpu *vcpu);
/* suspend in reverse order, resume in order. */
void vmm_units_suspend(struct vmm *vmm);
void vmm_units_resume(struct vmm *vmm);
/* Only units that were initialised are asked for a dump or shut down. */
void vmm_units_panic_dump(struct vmm *vmm);
void vmm_units_shutdown(struct vmm *vmm);

/* --- hypercall.c --- */

/* Carry out the hypercall of an exit VMM_EXIT_HYPERCALL.  The vCPU's RIP is
 * the caller's affair. */
void vmm_hypercall_dispatch(struct vmm_vcpu *v);
/* Is the guest in 64-bit mode, so that it sees R8 to R15? */
bool vmm_hypercall_is_64bit(struct vmm_vcpu *v);

/* --- panic.c --- */

/* Number of the first log line of a panic; UINT64_MAX while there is none. */
uint64_t vmm_panic_first_line(void);

/* What the entry code of a host exception leaves on the stack, lowest address
 * first: the general registers that it pushed, its vector, the error code
 * (0 if the vector has none) and what the processor pushed (SDM vol. 3,
 * 6.14.2 "64-Bit Mode Stack Frame"). */
struct vmm_host_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rdi, rsi, rbp, rbx, rdx, rcx, rax;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

/* An exception in the VMM that nobody expected: dump and panic. */
VMM_NORETURN void vmm_panic_regs(const struct vmm_host_frame *frame) VMM_COLD;

/* The end of a CPU that vmm_cpus_stop reached; called on it, from an NMI
 * handler for example.  It dumps its guest when the panicking CPU asks. */
VMM_NORETURN void vmm_panic_stopped(void) VMM_COLD;

/* --- guestdump.c --- */

/* Log the state of a guest CPU, at the level given.  On its own CPU. */
void vmm_dump_guest(struct vmm_vcpu *v, enum vmm_log_level level);

/* --- hostdump.c --- */

uint32_t vmm_host_apic_id(void);	/* of this CPU, by CPUID */
void vmm_host_interrupts_off(void);
VMM_NORETURN void vmm_host_halt(void);
/* Log control registers and descriptor tables. */
void vmm_host_dump_control(void);

/* --- provided by libvmm/cpu --- */

/* Stop all other CPUs, as well as that can be done; they end in
 * vmm_panic_stopped.  Returns after a bounded time whether they answer or
 * not.  Must not log: the log's lock may be held below it. */
void vmm_cpus_stop(void);

#endif
