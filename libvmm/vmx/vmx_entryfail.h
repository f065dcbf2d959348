/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Why the processor refused to enter the guest, in words.  It only says which
 * group of checks failed; these functions do the checks again (Intel SDM
 * vol. 3, 27.2 and 27.3) and name field and rule.  Pure.
 */
#ifndef VMX_ENTRYFAIL_H
#define VMX_ENTRYFAIL_H

#include <vmx/vmx_caps.h>

/* The VMCS, however it is read. */
struct vmx_fields {
	uint64_t (*read)(void *ctx, unsigned field);
	void *ctx;
};

/* Text of a VM-instruction error number (31.4). */
const char *vmx_insn_error(uint32_t number);

/* The first rule that the fields break; "no rule known to be broken" if this
 * file knows of none.  phys_bits: MAXPHYADDR. */
void vmx_explain_controls(const struct vmx_fields *f,
			  const struct vmx_msrs *msrs, unsigned phys_bits,
			  char *text, size_t size);
void vmx_explain_host(const struct vmx_fields *f, const struct vmx_msrs *msrs,
		      unsigned phys_bits, char *text, size_t size);
/* qualification: the exit's (27.8), which tells about some of the rules. */
void vmx_explain_guest(const struct vmx_fields *f, const struct vmx_msrs *msrs,
		       unsigned phys_bits, uint64_t qualification,
		       char *text, size_t size);

#endif
