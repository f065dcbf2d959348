/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Many processors: their start under the VMM, NMIs that bring them into the
 * VMM, and INIT and SIPI, which the VMM carries out itself.
 *
 * INIT and SIPI must not reach a processor that runs a guest on hardware that
 * cannot intercept them: an INIT would take it out of the VMM.  So as long as
 * the guest may start a processor, writes to the interrupt command registers
 * are trapped; see smp.c for when that is.
 */
#ifndef CPU_SMP_H
#define CPU_SMP_H

#include <cpu/vcpu_priv.h>

struct ipi;

/* Make the other processors guests, through the firmware's MP services.
 * Boot processor, before its own guest.  Processors that cannot be had stay
 * where they are, and no SIPI of the guest will reach them. */
void smp_start_others(struct vmm *vmm);

/* Before a CPU enters its guest, on it. */
void smp_cpu_init(struct vmm_vcpu *v);

/* Send v an NMI that is the VMM's own: it exits and sees to v->attention. */
void smp_kick(struct vmm_vcpu *v);

/* An NMI arrived on v: the VMM's own, or else noted as the guest's. */
void smp_nmi_arrived(struct vmm_vcpu *v);

/* --- rendezvous.c --- */

/* On a CPU that was asked to by VCPU_PAUSE. */
void smp_stay_paused(struct vmm_vcpu *v);

/* All CPUs drop their translations of the nested map: the others at once (they
 * are waited for, within bounds), self and who has left at their next entry. */
void smp_flush_all(struct vmm_vcpu *self);

/* INIT and SIPI as the guest sends them (ipi.low's delivery mode).  True: it
 * is done; false: any other kind, which the hardware is to send. */
bool smp_guest_ipi(struct vmm_vcpu *sender, const struct ipi *ipi);

/* Take all of v->attention; then carry out what of it is about SMP.  Both on
 * v's CPU. */
uint32_t smp_take_attention(struct vmm_vcpu *v);
void smp_attend(struct vmm_vcpu *v, uint32_t bits);

/* An INIT reached v and its hardware intercepted it. */
void smp_native_init(struct vmm_vcpu *v);
void smp_attend(struct vmm_vcpu *v, uint32_t bits);

/* initstate.c: give v the registers of a processor after INIT, but DR6, which
 * the vendors keep in different places; then those after a SIPI. */
void smp_init_state(struct vmm_vcpu *v);
void smp_sipi_state(struct vmm_vcpu *v, uint8_t vector);

/* --- icrtrap.c: the trap on the interrupt command registers --- */

/* The guest may start a processor from now on; traps when it returns.  On the
 * CPU of v. */
void icr_trap_arm(struct vmm_vcpu *v);
/* v serves interrupts; when all do, the trap is dropped. */
void icr_trap_alive(struct vmm_vcpu *v);
/* v executed something that a CPU does on its way out of the system: with
 * interrupts off and its APIC disabled by software it can be started anew. */
void icr_trap_check_leaving(struct vmm_vcpu *v);
/* v changes CR0, or even clears its WP: with interrupts off perhaps because it
 * starts another system in the place of this one. */
void icr_trap_check_restart(struct vmm_vcpu *v, bool clears_wp);
/* The guest has changed APIC_BASE of v. */
void icr_trap_apic_moved(struct vmm_vcpu *v);
/* Is gpa in a trapped APIC page?  Then the handler of the access. */
bool icr_trap_page(const struct vmm_vcpu *v, uint64_t gpa);
enum vmm_verdict icr_trap_mem_exit(struct vmm_vcpu *v, struct vmm_exit *e);
enum vmm_verdict icr_trap_msr_exit(struct vmm_vcpu *v, struct vmm_exit *e);

#endif
