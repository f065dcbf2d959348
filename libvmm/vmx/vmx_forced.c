/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Instructions that this VMM does not want to see, but whose exits a
 * processor, or a hypervisor that it runs under, may force on (vmx_caps.c,
 * OFF_IF_FREE).  They are done here as the instruction would have done them;
 * faults by privilege have priority over the exit (Intel SDM vol. 3, 26.1.1).
 */
#include <cpu/host.h>
#include <vmx/vmx_decode.h>
#include <vmx/vmx_priv.h>

static void set_edx_eax(struct vmm_vcpu *v, uint64_t value)
{
	v->regs.rax = (uint32_t)value;
	v->regs.rdx = value >> 32;
}

static enum vmm_verdict halt(void)
{
	/* in a CPU that cannot enter it, HLT becomes a spin (A.6) */
	if (vmx.msrs.misc & VMX_MISC_HLT)
		vmcs_write(VMCS_GUEST_ACTIVITY, VMCS_HALTED);
	return VMM_DONE;
}

static enum vmm_verdict read_counter(struct vmm_vcpu *v, struct vmm_exit *e)
{
	uint64_t value;

	if (!x86_rdpmc_safe((uint32_t)v->regs.rcx, &value))
		return vmm_fault_error(e, X86_TRAP_GP, 0);
	set_edx_eax(v, value);
	return VMM_DONE;
}

static uint64_t read_dr(unsigned n)
{
	switch (n) {
	case 0:
		return x86_read_dr0();
	case 1:
		return x86_read_dr1();
	case 2:
		return x86_read_dr2();
	case 3:
		return x86_read_dr3();
	default:
		return x86_read_dr6();
	}
}

static void write_dr(unsigned n, uint64_t value)
{
	switch (n) {
	case 0:
		x86_write_dr0(value);
		break;
	case 1:
		x86_write_dr1(value);
		break;
	case 2:
		x86_write_dr2(value);
		break;
	case 3:
		x86_write_dr3(value);
		break;
	default:
		x86_write_dr6(value);
	}
}

/* MOV DR: DR0 to DR3 and DR6 are the guest's in the processor, DR7 is in the
 * VMCS.  DR4 and DR5 are others' names (17.2.2), or have faulted. */
static enum vmm_verdict move_dr(struct vmm_vcpu *v, struct vmm_exit *e)
{
	struct vmx_dr_access a =
		vmx_decode_dr(vmcs_read(VMCS_EXIT_QUALIFICATION));
	enum vmm_reg gpr = (enum vmm_reg)a.gpr;
	unsigned n = a.dr == 4 || a.dr == 5 ? a.dr + 2u : a.dr;

	if (a.read)
		vmx_set(v, gpr, n == 7 ? vmcs_read(VMCS_GUEST_DR7) :
			read_dr(n));
	else if (n >= 6 && vmx_get(v, gpr) >> 32)
		return vmm_fault_error(e, X86_TRAP_GP, 0);
	else if (n == 7)
		vmcs_write(VMCS_GUEST_DR7, (vmx_get(v, gpr) & 0xffff2fff) |
			   0x400);
	else
		write_dr(n, vmx_get(v, gpr));
	return VMM_DONE;
}

enum vmm_verdict vmx_forced_exit(struct vmm_vcpu *v, unsigned basic,
				 struct vmm_exit *e)
{
	switch (basic) {
	case VMX_EXIT_HLT:
		return halt();
	case VMX_EXIT_PAUSE:
	case VMX_EXIT_MONITOR:
	case VMX_EXIT_MWAIT:		/* may always end at once */
		return VMM_DONE;
	case VMX_EXIT_INVLPG:
		vmx_of(v)->flush_linear = true;
		return VMM_DONE;
	case VMX_EXIT_RDPMC:
		return read_counter(v, e);
	case VMX_EXIT_RDTSCP:
		v->regs.rcx = (uint32_t)x86_rdmsr(MSR_TSC_AUX);
		/* fall through */
	case VMX_EXIT_RDTSC:
		set_edx_eax(v, x86_rdtsc());
		return VMM_DONE;
	case VMX_EXIT_DR:
		return move_dr(v, e);
	case VMX_EXIT_TASK_SWITCH:
		return vmx_task_switch(v, e);
	default:
		return VMM_PASS;
	}
}
