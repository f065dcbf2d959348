/* SPDX-License-Identifier: BSD-3-Clause */
/* All processors at once: flush, pause, and stop for a panic. */
#include <core/core_priv.h>
#include <cpu/host.h>
#include <cpu/smp.h>
#include <mm/nested.h>
#include <vmm/error.h>
#include <vmm/smp.h>
#include <vmm/spinlock.h>

#define ANSWER_USEC	1000000u
#define STOP_USEC	1000u

/* Ask all other running CPUs for something, at once; those that have left,
 * when they come back.  No bits: only stop what they do, all of them. */
static void call_others(struct vmm_vcpu *self, uint32_t bits)
{
	struct vmm *vmm = self->vmm;
	unsigned i;

	for (i = 0; i < vmm->vcpu_count; i++) {
		struct vmm_vcpu *v = vmm->vcpu[i];

		if (v == self || !v->running)
			continue;
		vcpu_attention(v, bits);
		if (!bits || !v->left)
			smp_kick(v);
	}
}

/*
 * A CPU that waits for others does not answer them.  It need not: it is in the
 * VMM, and sees to everything before its next entry.  Two that ask each other
 * would else wait until their time is over.  What another has asked for before
 * it saw the flag is seen after the end: hence the order of memory accesses.
 * These may be nested: begin returns what end wants.
 */
static bool wait_begin(struct vmm_vcpu *self)
{
	return __atomic_exchange_n(&self->waits, true, __ATOMIC_SEQ_CST);
}

static void wait_end(struct vmm_vcpu *self, bool before)
{
	__atomic_store_n(&self->waits, before, __ATOMIC_SEQ_CST);
}

static bool must_answer(const struct vmm_vcpu *v, uint32_t bits)
{
	return v->running && !v->left &&
		!__atomic_load_n(&v->waits, __ATOMIC_ACQUIRE) &&
		__atomic_load_n(&v->attention, __ATOMIC_ACQUIRE) & bits;
}

/* Wait until no other CPU has any of bits to see to.  False after a second:
 * one of them may be in a long exit. */
static bool wait_others(struct vmm_vcpu *self, uint32_t bits)
{
	uint64_t end = vmm_uptime_usec() + ANSWER_USEC;
	struct vmm *vmm = self->vmm;
	unsigned i;

	for (i = 0; i < vmm->vcpu_count; i++) {
		struct vmm_vcpu *v = vmm->vcpu[i];

		while (v != self && must_answer(v, bits)) {
			if (vmm_uptime_usec() > end)
				return false;
			x86_pause();
		}
	}
	return true;
}

void smp_flush_all(struct vmm_vcpu *self)
{
	bool before = wait_begin(self);

	call_others(self, VCPU_FLUSH | VCPU_SYNC);
	vcpu_attention(self, VCPU_FLUSH);
	if (wait_others(self, VCPU_FLUSH))
		vmm_nested_flushed(self->vmm->nested);
	wait_end(self, before);
}

/* --- stopping the guest --- */

static struct vmm_spinlock pause_lock = VMM_SPINLOCK_INIT;
static bool pausing;

void smp_stay_paused(struct vmm_vcpu *v)
{
	bool before = wait_begin(v);

	while (__atomic_load_n(&pausing, __ATOMIC_ACQUIRE))
		x86_pause();
	wait_end(v, before);
}

int64_t vmm_cpus_pause(struct vmm_vcpu *self)
{
	uint64_t start;

	while (!vmm_spin_trylock(&pause_lock, 1))
		if (self->attention & VCPU_PAUSE)
			vmm_attend(self);
	start = vmm_uptime_usec();
	__atomic_store_n(&pausing, true, __ATOMIC_RELEASE);
	call_others(self, VCPU_PAUSE);
	if (!wait_others(self, VCPU_PAUSE)) {
		vmm_cpus_resume(self);
		return VMM_ERROR(ETIMEDOUT);
	}
	return (int64_t)(vmm_uptime_usec() - start);
}

void vmm_cpus_resume(struct vmm_vcpu *self)
{
	(void)self;
	__atomic_store_n(&pausing, false, __ATOMIC_RELEASE);
	vmm_spin_unlock(&pause_lock);
}

/* Stopping for a panic: whoever gets an NMI from now on ends here. */
static bool stopping;

/* Those that have taken the NMI are on their way to vmm_panic_stopped(). */
static void wait_for_kicked(const struct vmm_vcpu *self)
{
	uint64_t end = vmm_uptime_usec() + ANSWER_USEC;
	unsigned i;

	for (i = 0; i < self->vmm->vcpu_count; i++) {
		const struct vmm_vcpu *v = self->vmm->vcpu[i];

		while (v != self && vmm_uptime_usec() < end &&
		       __atomic_load_n(&v->kicked, __ATOMIC_ACQUIRE))
			x86_pause();
	}
}

void vmm_cpus_stop(void)
{
	struct vmm_vcpu *self = vmm_vcpu_current();

	__atomic_store_n(&stopping, true, __ATOMIC_RELEASE);
	if (!self)
		return;
	call_others(self, 0);
	wait_for_kicked(self);
	vmm_delay_usec(STOP_USEC);
}

void vmm_host_nmi(struct vmm_vcpu *v)
{
	if (__atomic_load_n(&stopping, __ATOMIC_ACQUIRE)) {
		if (v)
			__atomic_store_n(&v->kicked, false, __ATOMIC_RELEASE);
		vmm_panic_stopped();
	}
	if (v)
		smp_nmi_arrived(v);
}
