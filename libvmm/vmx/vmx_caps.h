/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a processor's VMX can do, and the controls that follow from it (Intel
 * SDM vol. 3, appendix A).  Pure: the values of the capability MSRs come in
 * as arguments.
 */
#ifndef VMX_CAPS_H
#define VMX_CAPS_H

#include <stdbool.h>
#include <vmm/compiler.h>

#define MSR_VMX_BASIC		0x480u
#define MSR_VMX_PIN		0x481u
#define MSR_VMX_PROC		0x482u
#define MSR_VMX_EXIT		0x483u
#define MSR_VMX_ENTRY		0x484u
#define MSR_VMX_MISC		0x485u
#define MSR_VMX_CR0_FIXED0	0x486u
#define MSR_VMX_CR0_FIXED1	0x487u
#define MSR_VMX_CR4_FIXED0	0x488u
#define MSR_VMX_CR4_FIXED1	0x489u
#define MSR_VMX_PROC2		0x48bu
#define MSR_VMX_EPT_VPID	0x48cu
#define MSR_VMX_TRUE_PIN	0x48du	/* PROC, EXIT, ENTRY follow */

#define VMX_BASIC_REVISION(v)	((uint32_t)(v) & 0x7fffffffu)
#define VMX_BASIC_SIZE(v)	((uint32_t)((v) >> 32) & 0x1fffu)
#define VMX_BASIC_32BIT		(UINT64_C(1) << 48)
#define VMX_BASIC_TYPE(v)	((unsigned)((v) >> 50) & 0xfu)
#define VMX_BASIC_IO_INFO	(UINT64_C(1) << 54)
#define VMX_BASIC_TRUE		(UINT64_C(1) << 55)
#define VMX_MISC_SAVES_LMA	(UINT64_C(1) << 5)
#define VMX_MISC_HLT		(UINT64_C(1) << 6)
#define VMX_MISC_WAIT_FOR_SIPI	(UINT64_C(1) << 8)

#define VMX_EPT_4_LEVELS	(UINT64_C(1) << 6)
#define VMX_EPT_WB		(UINT64_C(1) << 14)
#define VMX_EPT_2M		(UINT64_C(1) << 16)
#define VMX_EPT_1G		(UINT64_C(1) << 17)
#define VMX_INVEPT		(UINT64_C(1) << 20)
#define VMX_INVEPT_SINGLE	(UINT64_C(1) << 25)
#define VMX_INVEPT_ALL		(UINT64_C(1) << 26)
#define VMX_INVVPID		(UINT64_C(1) << 32)
#define VMX_INVVPID_SINGLE	(UINT64_C(1) << 41)
#define VMX_INVVPID_ALL		(UINT64_C(1) << 42)

#define FEATURE_CONTROL_LOCK		(UINT64_C(1) << 0)
#define FEATURE_CONTROL_VMX_IN_SMX	(UINT64_C(1) << 1)
#define FEATURE_CONTROL_VMX		(UINT64_C(1) << 2)
#define FEATURE_CONTROL_SENTER		UINT64_C(0xff00)

/* Capability MSRs as read; pin to entry are the TRUE ones where there are
 * such, proc2 and ept_vpid 0 where the CPU has none. */
struct vmx_msrs {
	uint64_t basic, pin, proc, proc2, exit, entry;
	uint64_t misc, ept_vpid;
	uint64_t cr0_fixed0, cr0_fixed1, cr4_fixed0, cr4_fixed1;
	/* Secondary controls that switch instructions on which this CPU has:
	 * the WANTED ones but VPID. */
	uint32_t instructions;
};

#define VMX_MAX_MISSING 12

/* Controls that are good for an entry of this VMM's guest, without those that
 * change with the guest's state (IA-32e mode, windows). */
struct vmx_controls {
	uint32_t pin, proc, proc2, exit, entry;
	uint32_t pin_allowed, proc_allowed;	/* may be switched on */
	uint64_t ept_vpid;
	bool io_info;			/* INS and OUTS: see vmx_decode_io */
	/* What the VMM would use, and the CPU does not offer. */
	const char *missing[VMX_MAX_MISSING];
	unsigned missing_count;
};

/* Choose the controls.  0, or -ENODEV (a control or capability without which
 * the VMM cannot do) with one line in error that names it. */
int vmx_caps_resolve(const struct vmx_msrs *msrs, struct vmx_controls *out,
		     char *error, size_t size) VMM_MUST_CHECK;

/* Name of a control bit, "?" if there is none; group 0..4 = pin, proc, proc2,
 * exit, entry. */
const char *vmx_control_name(unsigned group, unsigned bit);

/* What has to be done about IA32_FEATURE_CONTROL (A.1, 24.7 "Enabling and
 * Entering VMX Operation"). */
enum vmx_feature {
	VMX_FEATURE_ON,		/* nothing: locked, VMXON works */
	VMX_FEATURE_OFF,	/* locked, VMXON does not work */
	VMX_FEATURE_OPEN,	/* not locked: set vmx_feature_value() */
};
enum vmx_feature vmx_feature_state(uint64_t feature_control);
uint64_t vmx_feature_value(uint64_t feature_control);

/* CR0 and CR4 in VMX non-root operation: bits that the guest does not own,
 * and the value that the hardware must have for one that the guest wants
 * (A.7, A.8; 27.3.1.1 for unrestricted guests: PE and PG are free). */
uint64_t vmx_cr0_mask(const struct vmx_msrs *msrs);
uint64_t vmx_cr0_real(const struct vmx_msrs *msrs, uint64_t guest);
uint64_t vmx_cr4_mask(const struct vmx_msrs *msrs);
uint64_t vmx_cr4_real(const struct vmx_msrs *msrs, uint64_t guest);

#endif
