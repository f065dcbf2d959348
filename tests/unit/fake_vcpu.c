/* SPDX-License-Identifier: BSD-3-Clause */
#include "fake_vcpu.h"
#include <errno.h>
#include <string.h>
#include <vmm/gmem.h>
#include <vmm/x86.h>

void fake_vcpu_init(struct vmm_vcpu *v)
{
	memset(v, 0, sizeof(*v));
	v->reg[VMM_REG_CR0] = X86_CR0_PE | X86_CR0_PG;
	v->reg[VMM_REG_EFER] = X86_EFER_LME | X86_EFER_LMA;
	v->reg[VMM_REG_RFLAGS] = X86_RFLAGS_FIXED;
	v->seg[VMM_SEG_CS] = (struct vmm_segment){
		.selector = 0x33, .limit = 0xffffffff, .attr = 0xafb,
	};
	v->seg[VMM_SEG_TR] = (struct vmm_segment){
		.selector = 0x40, .limit = 0x67, .attr = 0x8b,
		.base = FAKE_BASE,
	};
}

uint64_t vmm_vcpu_get(struct vmm_vcpu *v, enum vmm_reg reg)
{
	return v->reg[reg];
}

void vmm_vcpu_set(struct vmm_vcpu *v, enum vmm_reg reg, uint64_t value)
{
	v->reg[reg] = value;
}

void vmm_vcpu_get_seg(struct vmm_vcpu *v, enum vmm_segreg seg,
		      struct vmm_segment *out)
{
	*out = v->seg[seg];
}

unsigned vmm_vcpu_number(const struct vmm_vcpu *v)
{
	return v->number;
}

int vmm_gva_read(struct vmm_vcpu *v, uint64_t gva, void *buf, size_t n,
		 unsigned access, uint64_t *bad, uint32_t *error_code)
{
	uint8_t *out = buf;

	(void)bad;
	(void)error_code;
	if (v->host_memory && gva - FAKE_BASE >= sizeof(v->memory)) {
		memcpy(buf, (const void *)(uintptr_t)gva, n);
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		uint64_t at = gva + i - FAKE_BASE;

		if (at >= sizeof(v->memory) || v->missing[at / 4096] ||
		    (v->supervisor[at / 4096] &&
		     !(access & VMM_ACCESS_IMPLICIT)))
			return -EFAULT;
		out[i] = v->memory[at];
	}
	return 0;
}
