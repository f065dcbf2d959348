/* SPDX-License-Identifier: BSD-3-Clause */
/* The neutral handlers of exits, one a reason; see exit.c for the table. */
#ifndef CPU_POLICY_H
#define CPU_POLICY_H

#include <cpu/vcpu_priv.h>
#include <vmm/x86.h>

/* cpuid.c */
enum vmm_verdict cpuid_exit(struct vmm_vcpu *v, struct vmm_exit *e);

/* The documented leaves of BitVisor, unless vmm.hide_cpuid is set:
 * 0x40004200: EAX highest leaf of this range, EBX ECX EDX "BitVisorBitV";
 * 0x40004201: EAX major << 16 | minor version, EBX number of this vCPU,
 *	ECX number of vCPUs, EDX 0;
 * 0x40004202: physical memory of the VMM: EAX, EBX low and high half of its
 *	address, ECX, EDX of its size. */
#define CPUID_BITVISOR		0x40004200u
#define CPUID_BITVISOR_VERSION	0x40004201u
#define CPUID_BITVISOR_MEMORY	0x40004202u

enum cpuid_reg { CPUID_EAX, CPUID_EBX, CPUID_ECX, CPUID_EDX };

static inline uint32_t cpuid_reg(const struct x86_cpuid *r, enum cpuid_reg reg)
{
	return (&r->eax)[reg];
}

#define CPUID_ANY_SUBLEAF	UINT32_MAX	/* the leaf ignores ECX */

/* The guest reads these bits as 0 from now on: a feature that works for it on
 * bare hardware, but not under this vendor's virtualization.  vm_init only. */
void cpuid_hide(uint32_t leaf, uint32_t subleaf, enum cpuid_reg reg,
		uint32_t bits);

/* cr.c */
enum vmm_verdict cr_write_exit(struct vmm_vcpu *v, struct vmm_exit *e);
enum vmm_verdict cr_read_exit(struct vmm_vcpu *v, struct vmm_exit *e);
enum vmm_verdict xsetbv_exit(struct vmm_vcpu *v, struct vmm_exit *e);

/* Bits of CR4 that are reserved for the guest, because the features do not
 * exist for it: read as 0, and a 1 gives #GP. */
#define CPU_CR4_HIDDEN	(X86_CR4_VMXE | X86_CR4_SMXE | X86_CR4_FRED)

/* msr.c */
enum vmm_verdict msr_read_exit(struct vmm_vcpu *v, struct vmm_exit *e);
enum vmm_verdict msr_write_exit(struct vmm_vcpu *v, struct vmm_exit *e);
/* Set the intercepts of all rules that this vendor needs. */
void msr_intercepts(struct vmm *vmm);
/* Copy the MTRRs of this CPU; all UC if it has none. */
void msr_read_mtrrs(struct vmm_mtrr *m);

/* microcode.c: a write to IA32_BIOS_UPDT_TRIG. */
enum vmm_verdict microcode_write(struct vmm_vcpu *v, struct vmm_exit *e);

/* io.c */
enum vmm_verdict io_exit(struct vmm_vcpu *v, struct vmm_exit *e);
/* Set the intercepts of the ports hooked so far; from now on they are set as
 * the hooks come and go. */
void io_intercepts(struct vmm *vmm);

/* mmio.c: is there a hook in the page of gpa?  Then the handler. */
bool mmio_hook_page(uint64_t gpa);
enum vmm_verdict mmio_hook_exit(struct vmm_vcpu *v, struct vmm_exit *e);

/* memfault.c */
enum vmm_verdict memfault_exit(struct vmm_vcpu *v, struct vmm_exit *e);
enum vmm_verdict memfault_step_exit(struct vmm_vcpu *v, struct vmm_exit *e);
/* Close the write windows of v: its hidden pages are read-only again. */
void memfault_close(struct vmm_vcpu *v);
/* Writes of the guest to the VMM's memory that were dropped. */
uint64_t memfault_dropped(void);

/* time.c */
void time_start(void);
/* Find the TSC's frequency; log it.  Boot processor, before the guest. */
void time_calibrate(struct vmm *vmm);

/* The widest physical address of this machine in bits (CPUID 8000_0008). */
unsigned cpu_phys_bits(void);

#endif
