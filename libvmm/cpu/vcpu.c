/* SPDX-License-Identifier: BSD-3-Clause */
/* The public face of a vCPU. */
#include <cpu/vcpu_priv.h>

uint64_t vmm_vcpu_get(struct vmm_vcpu *v, enum vmm_reg reg)
{
	return v->vmm->vendor->get(v, reg);
}

void vmm_vcpu_set(struct vmm_vcpu *v, enum vmm_reg reg, uint64_t value)
{
	v->vmm->vendor->set(v, reg, value);
}

void vmm_vcpu_get_seg(struct vmm_vcpu *v, enum vmm_segreg seg,
		      struct vmm_segment *out)
{
	v->vmm->vendor->get_seg(v, seg, out);
}

void vmm_vcpu_set_seg(struct vmm_vcpu *v, enum vmm_segreg seg,
		      const struct vmm_segment *in)
{
	v->vmm->vendor->set_seg(v, seg, in);
}

unsigned vmm_vcpu_number(const struct vmm_vcpu *v)
{
	return v->number;
}

struct vmm *vmm_vcpu_vmm(const struct vmm_vcpu *v)
{
	return v->vmm;
}

uint64_t vmm_vcpu_exits(const struct vmm_vcpu *v, enum vmm_exit_reason reason)
{
	return __atomic_load_n(&v->exits[reason], __ATOMIC_RELAXED);
}

void vmm_vcpu_walk_state(struct vmm_vcpu *v, struct vmm_walk_state *st)
{
	*st = (struct vmm_walk_state){
		.phys_bits = (uint8_t)v->vmm->mtrr.phys_bits,
	};
	v->vmm->vendor->walk_state(v, st);
}
