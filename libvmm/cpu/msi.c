/* SPDX-License-Identifier: BSD-3-Clause */
#include <cpu/apic.h>
#include <vmm/error.h>
#include <vmm/msi.h>

#define MSI_BASE		UINT64_C(0xfee00000)
#define MSI_SPACE		(~UINT64_C(0xfffff))
#define MSI_REMAPPED		0x10u
#define MSI_LOGICAL		0x4u
#define MSI_DEST(address)	((uint32_t)(address) >> 12 & 0xff)
#define MSI_MODE(data)		((data) >> 8 & 7)
#define MSI_VECTOR(data)	((data) & 0xff)
#define MODE_LOWEST		1u
#define VECTOR_MIN		16u
#define BROADCAST		0xffu

int vmm_msi_send(uint64_t address, uint32_t data)
{
	uint32_t low = MSI_VECTOR(data) | ICR_ASSERT;
	uint32_t dest = MSI_DEST(address);

	if ((address & MSI_SPACE) != MSI_BASE || address & MSI_REMAPPED ||
	    MSI_VECTOR(data) < VECTOR_MIN || MSI_MODE(data) > MODE_LOWEST)
		return VMM_ERROR(EINVAL);
	/* Lowest priority goes to all that the logical destination names, as
	 * fixed: the ICR's own lowest priority is reserved on many processors
	 * (SDM vol. 3, 11.6.1).  With one named, as Linux does, it is the
	 * same. */
	if (address & MSI_LOGICAL)
		low |= ICR_LOGICAL;
	if (dest == BROADCAST && apic_is_x2())
		dest = UINT32_MAX;
	apic_send(dest, low);
	return 0;
}
