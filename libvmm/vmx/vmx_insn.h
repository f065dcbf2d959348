/* SPDX-License-Identifier: BSD-3-Clause */
/* The instructions of VMX (Intel SDM vol. 3, chapter 31). */
#ifndef VMX_INSN_H
#define VMX_INSN_H

#include <stdbool.h>
#include <stdint.h>

/* A VMX instruction fails with CF or ZF set: conventions of 31.2. */
#define VMX_OK "=@cca"	/* above: CF 0 and ZF 0 */

/* All take physical addresses in memory; see 24.7 and 25.11 for their use. */
static inline bool vmx_on(uint64_t pa)
{
	bool ok;

	__asm__ volatile("vmxon %1" : VMX_OK(ok) : "m"(pa) : "memory");
	return ok;
}

static inline void vmx_off(void)
{
	__asm__ volatile("vmxoff" ::: "memory", "cc");
}

static inline bool vmx_clear(uint64_t pa)
{
	bool ok;

	__asm__ volatile("vmclear %1" : VMX_OK(ok) : "m"(pa) : "memory");
	return ok;
}

static inline bool vmx_load(uint64_t pa)
{
	bool ok;

	__asm__ volatile("vmptrld %1" : VMX_OK(ok) : "m"(pa) : "memory");
	return ok;
}

/* A field that this CPU has, of the current VMCS. */
static inline uint64_t vmcs_read(unsigned field)
{
	uint64_t value;

	__asm__ volatile("vmread %1, %0" : "=rm"(value) : "r"((uint64_t)field)
			 : "cc");
	return value;
}

/* False if the CPU does not have the field. */
static inline bool vmcs_write(unsigned field, uint64_t value)
{
	bool ok;

	__asm__ volatile("vmwrite %1, %2"
			 : VMX_OK(ok) : "rm"(value), "r"((uint64_t)field));
	return ok;
}

#define VMX_INV_SINGLE	1	/* one EPTP, one VPID */
#define VMX_INV_ALL	2

/* Descriptor of INVEPT and INVVPID: an EPTP or a VPID; no address, for single
 * ones are not dropped. */
struct vmx_inv {
	uint64_t id, address;
};

static inline bool vmx_invept(uint64_t type, uint64_t eptp)
{
	struct vmx_inv d = { eptp, 0 };
	bool ok;

	__asm__ volatile("invept %1, %2"
			 : VMX_OK(ok) : "m"(d), "r"(type) : "memory");
	return ok;
}

static inline bool vmx_invvpid(uint64_t type, uint16_t vpid)
{
	struct vmx_inv d = { vpid, 0 };
	bool ok;

	__asm__ volatile("invvpid %1, %2"
			 : VMX_OK(ok) : "m"(d), "r"(type) : "memory");
	return ok;
}

#endif
