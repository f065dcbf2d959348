/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The trap on the interrupt command registers.
 *
 * It is armed as long as the guest may start a processor: from the start of
 * the VMM until every processor has served an interrupt (and so is part of a
 * running system, not parked by firmware).  It is armed again when a guest
 * gets ready to start one, of which it gives signs: it copies its fixed
 * MTRRs (SDM vol. 3, 12.11.8: all processors need the same), or a processor
 * with interrupts off and its APIC disabled flushes its caches or asks CPUID
 * on its way out.  On AMD there is a third: a processor with interrupts off
 * changes CR0.  Each sign may come in vain: every processor then serves an
 * interrupt sooner or later, and the trap goes.  While it is dropped, IPIs,
 * timers and device interrupts make no exits at all.
 * vmm.localapic_intercept = 1 keeps it armed for ever, 0 never arms it again
 * once it was dropped.
 *
 * In xAPIC mode the page of the APIC is mapped read-only and writes are
 * emulated; in x2APIC mode writes of the ICR and EOI MSRs are intercepted.
 */
#include <bitvisor/config.h>
#include <core/core_priv.h>
#include <cpu/apic.h>
#include <cpu/policy.h>
#include <cpu/smp.h>
#include <mm/nested.h>
#include <vmm/log.h>
#include <vmm/mmio.h>
#include <vmm/spinlock.h>

#define MSR_X2APIC_EOI		0x80bu
#define APIC_BASE_MASK		UINT64_C(0x000ffffffffff000)
#define INTERCEPT_ALWAYS	1
#define HALT_USEC		1000u

static struct vmm_spinlock trap_lock = VMM_SPINLOCK_INIT;
static bool armed, dropped_once;

static void trap_msrs(struct vmm *vmm, bool on)
{
	vmm->vendor->intercept_msr(vmm, MSR_X2APIC_ICR, false, on);
	vmm->vendor->intercept_msr(vmm, MSR_X2APIC_EOI, false, on);
}

static void trap_page(struct vmm *vmm, uint64_t page, bool on)
{
	unsigned prot = on ? VMM_PT_R : VMM_PT_RWX;

	if (vmm_nested_set(vmm->nested, page, 1, prot, page) < 0)
		vmm_log_warning("No memory to trap the APIC page %#llx\n",
				(unsigned long long)page);
}

/* Pages of all APICs; nearly always it is one and the same. */
static void trap_pages(struct vmm *vmm, bool on)
{
	uint64_t last = 0;
	unsigned i;

	for (i = 0; i < vmm->vcpu_count; i++) {
		struct vmm_vcpu *v = vmm->vcpu[i];

		if (v->apic_page != last)
			trap_page(vmm, v->apic_page, on);
		last = v->apic_page;
	}
}

/* True: it was not armed before. */
static bool arm_trap(struct vmm_vcpu *v)
{
	struct vmm *vmm = v->vmm;
	bool arm, may;
	unsigned i;

	may = vmm->handoff->cpu_count > 1 &&
		!(dropped_once && config.vmm.localapic_intercept == 0);
	if (!may)
		return false;
	vmm_spin_lock(&trap_lock);
	for (i = 0; i < vmm->vcpu_count; i++)
		vmm->vcpu[i]->alive = false;	/* to be shown anew */
	arm = !armed;
	if (arm) {
		armed = true;
		trap_pages(vmm, true);
		trap_msrs(vmm, true);
	}
	vmm_spin_unlock(&trap_lock);
	if (arm)
		smp_flush_all(v);
	return arm;
}

void icr_trap_arm(struct vmm_vcpu *v)
{
	(void)arm_trap(v);
}

static bool all_alive(const struct vmm *vmm)
{
	unsigned i;

	for (i = 0; i < vmm->vcpu_count; i++)
		if (!vmm->vcpu[i]->alive)
			return false;
	return true;
}

static bool may_drop(const struct vmm *vmm)
{
	return config.vmm.localapic_intercept != INTERCEPT_ALWAYS &&
		vmm->vcpu_count == vmm->handoff->cpu_count;
}

/* CPUs that still have the old translation fault once and go on. */
void icr_trap_alive(struct vmm_vcpu *v)
{
	if (v->alive)
		return;
	if (v->vmm->vendor->watch_cr0)
		v->vmm->vendor->watch_cr0(v);
	vmm_spin_lock(&trap_lock);
	v->alive = true;
	v->left = false;
	if (armed && may_drop(v->vmm) && all_alive(v->vmm)) {
		armed = false;
		dropped_once = true;
		trap_msrs(v->vmm, false);
		trap_pages(v->vmm, false);
	}
	vmm_spin_unlock(&trap_lock);
}

void icr_trap_check_leaving(struct vmm_vcpu *v)
{
	if (v->vmm->vcpu_count < 2 ||
	    v->vmm->vendor->get(v, VMM_REG_RFLAGS) & X86_RFLAGS_IF ||
	    apic_read(APIC_SVR) & APIC_SVR_ENABLE)
		return;
	icr_trap_arm(v);
}

/*
 * A system that starts another one in its place (kexec) has halted its other
 * processors for good, with interrupts off, and the new one overwrites the
 * code that they halted in.  On AMD an NMI of the VMM's ends a HLT, for the
 * VMCB has no activity state: from here on it must not come.  This is the last
 * time that they can be asked to flush; they are back in their HLT in no time.
 * If the sign came in vain, their next EOI says so.  (A new system begins with
 * WP clear; other changes, as of CD around one of MTRRs, only arm the trap.)
 */
void icr_trap_check_restart(struct vmm_vcpu *v, bool clears_wp)
{
	struct vmm *vmm = v->vmm;
	unsigned i;

	if (v->vmm->vendor->get(v, VMM_REG_RFLAGS) & X86_RFLAGS_IF)
		return;
	if (arm_trap(v))
		vmm_delay_usec(HALT_USEC);
	if (!clears_wp)
		return;
	vmm_spin_lock(&trap_lock);
	for (i = 0; i < vmm->vcpu_count; i++)
		if (vmm->vcpu[i] != v && !vmm->vcpu[i]->alive)
			vmm->vcpu[i]->left = true;
	vmm_spin_unlock(&trap_lock);
}

void icr_trap_apic_moved(struct vmm_vcpu *v)
{
	uint64_t page = x86_rdmsr(MSR_APIC_BASE) & APIC_BASE_MASK;
	uint64_t old = v->apic_page;

	if (page == old)
		return;
	v->apic_page = page;
	vmm_spin_lock(&trap_lock);
	if (armed) {
		trap_page(v->vmm, old, false);
		trap_pages(v->vmm, true);
	}
	vmm_spin_unlock(&trap_lock);
	smp_flush_all(v);
}

/* --- accesses --- */

bool icr_trap_page(const struct vmm_vcpu *v, uint64_t gpa)
{
	return __atomic_load_n(&armed, __ATOMIC_ACQUIRE) &&
		VMM_ROUND_DOWN(gpa, VMM_PAGE_SIZE) == v->apic_page;
}

static void write_icr(struct vmm_vcpu *v, uint32_t low)
{
	struct ipi ipi = {
		.low = low, .dest = apic_read(APIC_ICR_HIGH) >> 24,
	};

	if (!smp_guest_ipi(v, &ipi))
		apic_write(APIC_ICR_LOW, low);
}

static void write_register(struct vmm_vcpu *v, unsigned reg, uint32_t value)
{
	switch (reg) {
	case APIC_ICR_LOW:
		write_icr(v, value);
		return;
	case APIC_EOI:
		apic_write(reg, value);
		icr_trap_alive(v);
		return;
	case APIC_LDR:
		v->ldr = value;
		break;
	case APIC_DFR:
		v->dfr = value;
		break;
	}
	apic_write(reg, value);
}

/* Registers are 32 bits wide; what other widths do is up to the hardware
 * (SDM vol. 3, 11.4.1), so they go there as they are. */
static int page_write(struct vmm_vcpu *v, void *ctx, uint64_t gpa,
		      unsigned size, uint64_t value)
{
	(void)ctx;
	if (size == 4 && !(gpa & 3))
		write_register(v, gpa & VMM_PAGE_MASK, (uint32_t)value);
	else
		vmm_device_write(gpa, size, value);
	return 0;
}

static int page_read(struct vmm_vcpu *v, void *ctx, uint64_t gpa,
		     unsigned size, uint64_t *value)
{
	(void)v;
	(void)ctx;
	*value = vmm_device_read(gpa, size);
	return 0;
}

enum vmm_verdict icr_trap_mem_exit(struct vmm_vcpu *v, struct vmm_exit *e)
{
	static const struct vmm_mmio_ops ops = { page_read, page_write };

	if (!e->mem.write) {	/* a stale translation: reads are mapped */
		vcpu_attention(v, VCPU_FLUSH);
		return VMM_RETRY;
	}
	return vmm_emulate_access(v, e, &ops, NULL);
}

enum vmm_verdict icr_trap_msr_exit(struct vmm_vcpu *v, struct vmm_exit *e)
{
	struct ipi ipi = {
		.low = (uint32_t)e->msr.value,
		.dest = (uint32_t)(e->msr.value >> 32),
		.x2 = true,
	};

	if (e->msr.index == MSR_X2APIC_ICR && apic_is_x2() &&
	    smp_guest_ipi(v, &ipi))
		return VMM_DONE;
	if (!x86_wrmsr_safe(e->msr.index, e->msr.value))
		return vmm_fault_error(e, X86_TRAP_GP, 0);
	if (e->msr.index == MSR_X2APIC_EOI)
		icr_trap_alive(v);
	return VMM_DONE;
}
