/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From what the processor recorded of an exit to neutral terms.  Pure: the
 * fields of the VMCS come in as arguments.
 */
#ifndef VMX_DECODE_H
#define VMX_DECODE_H

#include <vmm/exit.h>
#include <vmm/vcpu.h>

/* Name of a basic exit reason ("EPT violation"), "?" if unknown. */
const char *vmx_reason_name(unsigned basic);

/* The neutral reason of a basic one, if that alone tells; VMM_EXIT_UNKNOWN
 * for those that need more, or that this VMM does not expect.  *insn: the
 * exit is an instruction of the guest, with a length. */
enum vmm_exit_reason vmx_reason_neutral(unsigned basic, bool *insn);

/* Event information (SDM vol. 3, 25.8.3) to and from neutral terms.  False if
 * it is not valid.  len: of the instruction that raised a software event. */
bool vmx_decode_event(uint32_t info, uint32_t error, uint32_t len,
		      struct vmm_event *ev);
uint32_t vmx_encode_event(const struct vmm_event *ev);

/* I/O instruction (28.2.1, table 28-5).  info: VM-exit instruction information
 * (table 28-9), used for the address size of string forms if have_info;
 * else default_size, that of the code segment, is taken. */
void vmx_decode_io(uint64_t qualification, uint32_t info, bool have_info,
		   unsigned default_size, struct vmm_exit *e);

/* EPT violation (table 28-7); gla counts only if the qualification says so. */
void vmx_decode_ept(uint64_t qualification, uint64_t gpa, uint64_t gla,
		    struct vmm_exit *e);

enum vmx_cr_access { VMX_CR_WRITE, VMX_CR_READ, VMX_CR_CLTS, VMX_CR_LMSW };

/* Access to a control register (table 28-3); the general register is read by
 * the caller: see vmx_cr_value. */
enum vmx_cr_access vmx_decode_cr(uint64_t qualification, struct vmm_exit *e);
/* What the access writes: cr0 as the guest sees it, gpr the register of MOV.
 * LMSW sets PE, but does not clear it. */
uint64_t vmx_cr_value(enum vmx_cr_access access, uint64_t qualification,
		      uint64_t cr0, uint64_t gpr);

/* Access to a debug register (table 28-4) */
struct vmx_dr_access {
	uint8_t dr, gpr;
	bool read;
};
struct vmx_dr_access vmx_decode_dr(uint64_t qualification);

/* Segment attributes: the VMCS has the upper four bits higher up. */
uint32_t vmx_ar_of_attr(uint32_t attr);
uint32_t vmx_attr_of_ar(uint32_t ar);

/* A segment in the form that the hardware accepts (27.3.1.2): types as if
 * they had been loaded (accessed, busy); TR, which cannot be unusable, with an
 * empty TSS instead. */
struct vmm_segment vmx_segment_fit(enum vmm_segreg seg, struct vmm_segment in,
				   bool long_mode);

#endif
