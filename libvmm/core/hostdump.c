/* SPDX-License-Identifier: BSD-3-Clause */
/* The processor that panics: which one, its registers, its end.  All that
 * needs privileged instructions, so that panic.c itself runs in host tests. */
#include <core/core_priv.h>
#include <vmm/log.h>
#include <vmm/x86.h>

#define CPUID_TOPOLOGY	0xbu

/* The initial APIC ID; the extended one where there is a leaf for it (SDM
 * vol. 3, 9.9.3 "Hierarchical ID of Logical Processors..."). */
uint32_t vmm_host_apic_id(void)
{
	if (x86_cpuid(0, 0).eax >= CPUID_TOPOLOGY) {
		struct x86_cpuid r = x86_cpuid(CPUID_TOPOLOGY, 0);

		if (r.ebx)
			return r.edx;
	}
	return x86_cpuid(1, 0).ebx >> 24;
}

void vmm_host_interrupts_off(void)
{
	x86_cli();
}

void vmm_host_halt(void)
{
	for (;;) {
		x86_cli();
		x86_hlt();
	}
}

void vmm_host_dump_control(void)
{
	struct x86_table_reg gdtr, idtr;

	__asm__ volatile("sgdt %0" : "=m"(gdtr));
	__asm__ volatile("sidt %0" : "=m"(idtr));
	vmm_log_err("CR0 %08lX    CR2 %08lX    CR3 %08lX    CR4 %08lX\n",
		    x86_read_cr0(), x86_read_cr2(), x86_read_cr3(),
		    x86_read_cr4());
	vmm_log_err("RFLAGS %08lX    GDTR %08lX+%04X    IDTR %08lX+%04X\n",
		    x86_read_rflags(), gdtr.base, gdtr.limit, idtr.base,
		    idtr.limit);
}
