/* SPDX-License-Identifier: BSD-3-Clause */
/* What happens on each exit, in one table. */
#include <core/core_priv.h>
#include <cpu/apic.h>
#include <cpu/policy.h>
#include <cpu/smp.h>
#include <vmm/log.h>

typedef enum vmm_verdict (*exit_handler)(struct vmm_vcpu *, struct vmm_exit *);

/* SVM and VMX do not exist for the guest: their instructions raise #UD, as on
 * a processor without them (APM vol. 3; SDM vol. 3, 31.1). */
static enum vmm_verdict virt_insn_exit(struct vmm_vcpu *v, struct vmm_exit *e)
{
	(void)v;
	return vmm_fault(e, X86_TRAP_UD);
}

static enum vmm_verdict hypercall_exit(struct vmm_vcpu *v, struct vmm_exit *e)
{
	(void)e;
	vmm_hypercall_dispatch(v);
	return VMM_DONE;
}

/* Modified cache lines of the VMM must reach memory, so write back what the
 * guest only asks to be thrown away. */
static enum vmm_verdict invd_exit(struct vmm_vcpu *v, struct vmm_exit *e)
{
	(void)v;
	(void)e;
	__asm__ volatile("wbinvd" ::: "memory");
	return VMM_DONE;
}

/* Nothing to decide: the vendor's own default follows. */
static enum vmm_verdict pass_exit(struct vmm_vcpu *v, struct vmm_exit *e)
{
	(void)v;
	(void)e;
	return VMM_PASS;
}

static VMM_NORETURN void end_guest(struct vmm_vcpu *v)
{
	vmm_dump_guest(v, VMM_LOG_ERR);
	v->vmm->vendor->dump(v);
	vmm_reset_machine();
}

VMM_NORETURN void vmm_guest_shutdown(struct vmm_vcpu *v)
{
	vmm_log_err("CPU%u: triple fault in the guest, resetting the"
		    " machine\n", v->number);
	end_guest(v);
}

VMM_NORETURN void vmm_guest_refused(struct vmm_vcpu *v, const char *why)
{
	vmm_log_err("CPU%u: the processor refuses the guest's registers: %s;"
		    " resetting the machine\n", v->number, why);
	end_guest(v);
}

static enum vmm_verdict shutdown_exit(struct vmm_vcpu *v, struct vmm_exit *e)
{
	(void)e;
	vmm_guest_shutdown(v);
}

/* The hardware intercepted an INIT that nobody trapped: the sender's SIPI may
 * be lost already, so all look into their ICRs. */
static enum vmm_verdict init_exit(struct vmm_vcpu *v, struct vmm_exit *e)
{
	(void)e;
	smp_native_init(v);
	return VMM_RETRY;
}

static enum vmm_verdict retry_exit(struct vmm_vcpu *v, struct vmm_exit *e)
{
	(void)v;
	(void)e;
	return VMM_RETRY;	/* what there is to do is in v->attention */
}

/* Intercepted only with several processors: one that leaves the system
 * flushes its caches before it halts (as Linux does). */
static enum vmm_verdict wbinvd_exit(struct vmm_vcpu *v, struct vmm_exit *e)
{
	(void)e;
	__asm__ volatile("wbinvd" ::: "memory");
	icr_trap_check_leaving(v);
	return VMM_DONE;
}

/* The guest then does it unwatched. */
static enum vmm_verdict cr0_change_exit(struct vmm_vcpu *v, struct vmm_exit *e)
{
	uint64_t cr0 = v->vmm->vendor->get(v, VMM_REG_CR0);

	icr_trap_check_restart(v, cr0 & ~e->cr.value & X86_CR0_WP);
	return VMM_RETRY;
}

static const exit_handler handlers[VMM_EXIT_REASONS] = {
	[VMM_EXIT_CPUID] = cpuid_exit,
	[VMM_EXIT_MSR_READ] = msr_read_exit,
	[VMM_EXIT_MSR_WRITE] = msr_write_exit,
	[VMM_EXIT_IO] = io_exit,
	[VMM_EXIT_MEM] = memfault_exit,
	[VMM_EXIT_HYPERCALL] = hypercall_exit,
	[VMM_EXIT_VIRT_INSN] = virt_insn_exit,
	[VMM_EXIT_XSETBV] = xsetbv_exit,
	[VMM_EXIT_CR_WRITE] = cr_write_exit,
	[VMM_EXIT_CR_READ] = cr_read_exit,
	[VMM_EXIT_CR0_CHANGE] = cr0_change_exit,
	[VMM_EXIT_INVD] = invd_exit,
	[VMM_EXIT_WBINVD] = wbinvd_exit,
	[VMM_EXIT_EXCEPTION] = pass_exit,
	[VMM_EXIT_STEP] = memfault_step_exit,
	[VMM_EXIT_INTERRUPT] = pass_exit,
	[VMM_EXIT_NMI] = retry_exit,
	[VMM_EXIT_NMI_WINDOW] = retry_exit,
	[VMM_EXIT_INTR_WINDOW] = pass_exit,
	[VMM_EXIT_INIT] = init_exit,
	[VMM_EXIT_SIPI] = pass_exit,
	[VMM_EXIT_SHUTDOWN] = shutdown_exit,
	[VMM_EXIT_TASK_SWITCH] = pass_exit,
	[VMM_EXIT_TIMER] = pass_exit,
	[VMM_EXIT_UNKNOWN] = pass_exit,
};

static const char *const names[VMM_EXIT_REASONS] = {
	[VMM_EXIT_CPUID] = "CPUID",
	[VMM_EXIT_MSR_READ] = "RDMSR",
	[VMM_EXIT_MSR_WRITE] = "WRMSR",
	[VMM_EXIT_IO] = "I/O",
	[VMM_EXIT_MEM] = "memory",
	[VMM_EXIT_HYPERCALL] = "hypercall",
	[VMM_EXIT_VIRT_INSN] = "virtualization instruction",
	[VMM_EXIT_XSETBV] = "XSETBV",
	[VMM_EXIT_CR_WRITE] = "CR write",
	[VMM_EXIT_CR_READ] = "CR read",
	[VMM_EXIT_CR0_CHANGE] = "CR0 change",
	[VMM_EXIT_INVD] = "INVD",
	[VMM_EXIT_WBINVD] = "WBINVD",
	[VMM_EXIT_EXCEPTION] = "exception",
	[VMM_EXIT_STEP] = "step",
	[VMM_EXIT_INTERRUPT] = "interrupt",
	[VMM_EXIT_NMI] = "NMI",
	[VMM_EXIT_NMI_WINDOW] = "NMI window",
	[VMM_EXIT_INTR_WINDOW] = "interrupt window",
	[VMM_EXIT_INIT] = "INIT",
	[VMM_EXIT_SIPI] = "SIPI",
	[VMM_EXIT_SHUTDOWN] = "shutdown",
	[VMM_EXIT_TASK_SWITCH] = "task switch",
	[VMM_EXIT_TIMER] = "timer",
	[VMM_EXIT_UNKNOWN] = "unknown",
};

const char *vmm_exit_name(enum vmm_exit_reason reason)
{
	return reason < VMM_EXIT_REASONS ? names[reason] : "?";
}

/* Exits of instructions that the VMM carries out, and so has to skip. */
static const bool has_length[VMM_EXIT_REASONS] = {
	[VMM_EXIT_CPUID] = true,
	[VMM_EXIT_MSR_READ] = true,
	[VMM_EXIT_MSR_WRITE] = true,
	[VMM_EXIT_IO] = true,
	[VMM_EXIT_HYPERCALL] = true,
	[VMM_EXIT_XSETBV] = true,
	[VMM_EXIT_CR_WRITE] = true,
	[VMM_EXIT_CR_READ] = true,
	[VMM_EXIT_INVD] = true,
	[VMM_EXIT_WBINVD] = true,
};

/* What is at RIP now is not what exited: another CPU has changed it, or its
 * translation.  The guest runs what is there now. */
static VMM_COLD enum vmm_verdict unknown_length(struct vmm_vcpu *v,
						const struct vmm_exit *e)
{
	static struct vmm_ratelimit limit = VMM_RATELIMIT(1);
	uint32_t suppressed;

	if (vmm_ratelimit_ok(&limit, &suppressed))
		vmm_log_warning("CPU%u: no %s instruction at %#llx after an"
				" exit for it\n", v->number,
				vmm_exit_name(e->reason), (unsigned long long)
				v->vmm->vendor->get(v, VMM_REG_RIP));
	return VMM_RETRY;
}

enum vmm_verdict vmm_exit_dispatch(struct vmm_vcpu *v, struct vmm_exit *e)
{
	v->exits[e->reason]++;
	if (vmm_unlikely(!e->insn_len) && has_length[e->reason])
		return unknown_length(v, e);
	/* Write windows are closed before anything else happens, be it the
	 * step or an exception of the instruction that opened them. */
	if (vmm_unlikely(v->windows) && e->reason != VMM_EXIT_MEM)
		memfault_close(v);
	return handlers[e->reason](v, e);
}

static void attend_once(struct vmm_vcpu *v)
{
	uint32_t bits = smp_take_attention(v);

	if (bits & VCPU_FLUSH)
		v->vmm->vendor->flush(v);
	if (bits & VCPU_FLUSH_ALL)
		smp_flush_all(v);
	if (bits & VCPU_SERVICE && v->vmm->serve &&
	    v->vmm->serve(bits & VCPU_ANY_NMI))
		bits |= VCPU_NMI;
	if (bits & VCPU_SMP_BITS)
		smp_attend(v, bits);
	if (bits & VCPU_MACHINE_CHECK && !v->parked)
		v->vmm->vendor->machine_check(v);
	if (bits & VCPU_NMI && !v->parked)
		v->vmm->vendor->nmi(v);
}

/* Again while there is more: an NMI that comes meanwhile (in svm_drain, or any
 * time on VMX) was the only kick for what it brought. */
void vmm_attend(struct vmm_vcpu *v)
{
	do
		attend_once(v);
	while (__atomic_load_n(&v->attention, __ATOMIC_ACQUIRE));
}
