/* SPDX-License-Identifier: BSD-3-Clause */
/* In the place of libvmm/vmx/vmx_insn.h for tests on the host: a VMCS in
 * memory, a word for each field. */
#ifndef FAKE_VMX_INSN_H
#define FAKE_VMX_INSN_H

#include <stdbool.h>
#include <stdint.h>

#define FAKE_VMCS_FIELDS 0x7000

extern uint64_t fake_vmcs[FAKE_VMCS_FIELDS];

static inline uint64_t vmcs_read(unsigned field)
{
	return fake_vmcs[field];
}

static inline bool vmcs_write(unsigned field, uint64_t value)
{
	fake_vmcs[field] = value;
	return true;
}

#endif
