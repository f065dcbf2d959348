/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Guest accesses that the nested map does not permit.
 *
 * The VMM's memory is there for the guest as a page of zeros.  A write to it
 * must have no effect, whatever instruction makes it: a move, a locked add, an
 * XSAVE, the push of an exception frame.  Instead of emulating any of them,
 * the page is for the length of that one instruction a scratch page that is
 * thrown away: a write window.
 */
#include <string.h>
#include <cpu/policy.h>
#include <cpu/smp.h>
#include <mm/nested.h>
#include <vmm/log.h>
#include <vmm/error.h>

static uint8_t scratch[VMM_PAGE_SIZE] VMM_ALIGNED(4096);
static uint64_t dropped;

uint64_t memfault_dropped(void)
{
	return __atomic_load_n(&dropped, __ATOMIC_RELAXED);
}

static void report(const struct vmm_vcpu *v, uint64_t gpa)
{
	static struct vmm_ratelimit limit = VMM_RATELIMIT(3);
	uint64_t n = __atomic_add_fetch(&dropped, 1, __ATOMIC_RELAXED);
	uint32_t suppressed;

	if (vmm_ratelimit_ok(&limit, &suppressed))
		vmm_log_warning("CPU%u: dropped a write of the guest to VMM"
				" memory at %#llx (%llu so far)\n", v->number,
				(unsigned long long)gpa, (unsigned long long)n);
}

void memfault_close(struct vmm_vcpu *v)
{
	unsigned i;

	for (i = 0; i < v->windows; i++)
		vmm_nested_window_close(v->vmm->nested, v->window[i]);
	v->windows = 0;
	vcpu_attention(v, VCPU_FLUSH);
	memset(scratch, 0, sizeof(scratch));
}

/* An instruction that needs more windows than there are (a scatter) makes
 * progress one element at a time, so older ones can go. */
static enum vmm_verdict open_window(struct vmm_vcpu *v, uint64_t gpa)
{
	if (v->windows == VCPU_MAX_WINDOWS)
		memfault_close(v);
	if (vmm_nested_window_open(v->vmm->nested, gpa,
				   (uint64_t)(uintptr_t)scratch) < 0)
		return VMM_RETRY;
	v->window[v->windows++] = gpa;
	vcpu_attention(v, VCPU_FLUSH);
	v->vmm->vendor->step(v);
	return VMM_RETRY;
}

enum vmm_verdict memfault_exit(struct vmm_vcpu *v, struct vmm_exit *e)
{
	struct vmm_nested *n = v->vmm->nested;
	uint64_t generation;
	int rc;

	if (vmm_unlikely(icr_trap_page(v, e->mem.gpa)))
		return icr_trap_mem_exit(v, e);
	if (vmm_unlikely(mmio_hook_page(e->mem.gpa)))
		return mmio_hook_exit(v, e);
	generation = __atomic_load_n(&n->generation, __ATOMIC_RELAXED);
	rc = vmm_nested_fault(n, e->mem.gpa, e->mem.write);
	if (__atomic_load_n(&n->generation, __ATOMIC_RELAXED) != generation)
		smp_flush_all(v);	/* it made room by dropping tables */
	if (rc == -EACCES) {
		report(v, e->mem.gpa);
		return open_window(v, e->mem.gpa);
	}
	if (rc == -EFAULT || rc == -ENOMEM) {
		vmm_log_warning("CPU%u: guest access to %#llx, which cannot be"
				" mapped (%s): #GP\n", v->number,
				(unsigned long long)e->mem.gpa,
				vmm_error_name(rc));
		return vmm_fault_error(e, X86_TRAP_GP, 0);
	}
	/* It may be a stale translation, or (-EPERM) the trap on the APIC's
	 * page went up while the access was on its way. */
	vcpu_attention(v, VCPU_FLUSH);
	if (v->windows)
		v->vmm->vendor->step(v);	/* still that instruction */
	return VMM_RETRY;
}

/* The instruction is done, the dispatcher has closed its windows. */
enum vmm_verdict memfault_step_exit(struct vmm_vcpu *v, struct vmm_exit *e)
{
	(void)v;
	(void)e;
	return VMM_RETRY;
}
