/* SPDX-License-Identifier: BSD-3-Clause */
/* The neutral handlers of exits, one a reason; see exit.c for the table. */
#ifndef CPU_POLICY_H
#define CPU_POLICY_H

#include <cpu/vcpu_priv.h>

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

/* msr.c */
enum vmm_verdict msr_read_exit(struct vmm_vcpu *v, struct vmm_exit *e);
enum vmm_verdict msr_write_exit(struct vmm_vcpu *v, struct vmm_exit *e);
/* Set the intercepts of all rules that this vendor needs. */
void msr_intercepts(struct vmm *vmm);
/* Copy the MTRRs of this CPU; all UC if it has none. */
void msr_read_mtrrs(struct vmm_mtrr *m);

/* io.c */
enum vmm_verdict io_exit(struct vmm_vcpu *v, struct vmm_exit *e);
/* Set the intercepts of the ports that vmm_io_hide() was asked for. */
void io_intercepts(struct vmm *vmm);

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
