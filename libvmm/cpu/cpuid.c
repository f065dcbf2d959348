/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CPUID for the guest: the processor's own answer, less what the guest cannot
 * have.  The VMM never touches XCR0, XSS or the syscall MSRs, so leaves that
 * depend on them come out right; those that mirror bits of CR4 are patched,
 * for CR4 is the VMM's here.
 */
#include <bitvisor/config.h>
#include <cpu/policy.h>
#include <cpu/smp.h>
#include <vmm/panic.h>

#define FEATURES_ECX_VMX	(1u << 5)
#define FEATURES_ECX_SMX	(1u << 6)
#define FEATURES_ECX_OSXSAVE	(1u << 27)
#define EXT7_ECX_OSPKE		(1u << 4)
#define AMD_ECX_SVM		(1u << 2)
#define AMD_ECX_SKINIT		(1u << 12)

#define SIGNATURE_EBX	0x56746942u	/* "BitV" */
#define SIGNATURE_ECX	0x726f7369u	/* "isor" */
#define SIGNATURE_EDX	0x56746942u	/* "BitV" */
#define LEAF_VERSION	((0u << 16) | 1u)	/* major, minor */

#define MAX_HIDDEN 16

static struct hidden {
	uint32_t leaf, subleaf, bits;
	enum cpuid_reg reg;
} hidden[MAX_HIDDEN];
static unsigned hidden_count;

void cpuid_hide(uint32_t leaf, uint32_t subleaf, enum cpuid_reg reg,
		uint32_t bits)
{
	VMM_ASSERT(hidden_count < MAX_HIDDEN);
	hidden[hidden_count++] = (struct hidden){ leaf, subleaf, bits, reg };
}

static void hide(uint32_t leaf, uint32_t subleaf, struct x86_cpuid *r)
{
	const struct hidden *h;

	for (h = hidden; h < hidden + hidden_count; h++)
		if (h->leaf == leaf && (h->subleaf == subleaf ||
					h->subleaf == CPUID_ANY_SUBLEAF))
			(&r->eax)[h->reg] &= ~h->bits;
}

static uint32_t mirror(uint32_t reg, uint32_t bit, bool on)
{
	return on ? reg | bit : reg & ~bit;
}

static uint64_t guest_cr4(struct vmm_vcpu *v)
{
	return v->vmm->vendor->get(v, VMM_REG_CR4);
}

static struct x86_cpuid bitvisor_leaf(struct vmm_vcpu *v, uint32_t leaf)
{
	const struct bv_handoff *h = v->vmm->handoff;
	struct x86_cpuid r = { 0, 0, 0, 0 };

	switch (leaf) {
	case CPUID_BITVISOR:
		r.eax = CPUID_BITVISOR_MEMORY;
		r.ebx = SIGNATURE_EBX;
		r.ecx = SIGNATURE_ECX;
		r.edx = SIGNATURE_EDX;
		break;
	case CPUID_BITVISOR_VERSION:
		r.eax = LEAF_VERSION;
		r.ebx = v->number;
		r.ecx = v->vmm->vcpu_count;
		break;
	case CPUID_BITVISOR_MEMORY:
		r.eax = (uint32_t)h->reserved_base;
		r.ebx = (uint32_t)(h->reserved_base >> 32);
		r.ecx = (uint32_t)h->reserved_size;
		r.edx = (uint32_t)(h->reserved_size >> 32);
		break;
	}
	return r;
}

enum vmm_verdict cpuid_exit(struct vmm_vcpu *v, struct vmm_exit *e)
{
	uint32_t leaf = (uint32_t)v->regs.rax;
	uint32_t subleaf = (uint32_t)v->regs.rcx;
	struct x86_cpuid r = x86_cpuid(leaf, subleaf);

	(void)e;
	/* Linux asks for a feature on a CPU's way out (stop_this_cpu). */
	if (vmm_unlikely(v->vmm->vcpu_count > 1))
		icr_trap_check_leaving(v);
	switch (leaf) {
	case 1:
		r.ecx &= ~(FEATURES_ECX_VMX | FEATURES_ECX_SMX);
		r.ecx = mirror(r.ecx, FEATURES_ECX_OSXSAVE,
			       guest_cr4(v) & X86_CR4_OSXSAVE);
		break;
	case 7:
		if (subleaf == 0)
			r.ecx = mirror(r.ecx, EXT7_ECX_OSPKE,
				       guest_cr4(v) & X86_CR4_PKE);
		break;
	case 0x80000001u:
		r.ecx &= ~(AMD_ECX_SVM | AMD_ECX_SKINIT);
		break;
	case 0x8000000au:	/* SVM revision and features */
		if (v->vmm->vendor->id == VMM_VENDOR_SVM)
			r = (struct x86_cpuid){ 0, 0, 0, 0 };
		break;
	case CPUID_BITVISOR ... CPUID_BITVISOR_MEMORY:
		if (!config.vmm.hide_cpuid)
			r = bitvisor_leaf(v, leaf);
		break;
	}
	hide(leaf, subleaf, &r);
	v->regs.rax = r.eax;
	v->regs.rbx = r.ebx;
	v->regs.rcx = r.ecx;
	v->regs.rdx = r.edx;
	return VMM_DONE;
}
