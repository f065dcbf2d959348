/* SPDX-License-Identifier: BSD-3-Clause */
/* Reset of the machine, by the ways it offers, the official one first. */
#include <core/core_priv.h>
#include <vmm/vmm.h>
#include <vmm/x86.h>

#define RESET_WAIT_USEC	100000
#define RESET_CONTROL	0xcf9		/* PCI chipsets */
#define KBC_COMMAND	0x64
#define KBC_PULSE_RESET	0xfe

/* ACPI specification, 4.8.3.6 */
static void reset_by_acpi(const struct vmm_acpi *acpi)
{
	const struct vmm_acpi_gas *reg = &acpi->reset;

	if (!acpi->reset_supported || !reg->address)
		return;
	if (reg->space == 1)
		x86_outb((uint16_t)reg->address, acpi->reset_value);
	else if (reg->space == 0)
		*(volatile uint8_t *)(uintptr_t)reg->address =
			acpi->reset_value;
	vmm_delay_usec(RESET_WAIT_USEC);
}

static void reset_by_chipset(void)
{
	x86_outb(RESET_CONTROL, 0x02);
	x86_outb(RESET_CONTROL, 0x06);
	vmm_delay_usec(RESET_WAIT_USEC);
	x86_outb(KBC_COMMAND, KBC_PULSE_RESET);
	vmm_delay_usec(RESET_WAIT_USEC);
}

VMM_NORETURN void vmm_reset_machine(void)
{
	static const struct x86_table_reg no_idt;

	reset_by_acpi(&vmm_machine.acpi);
	reset_by_chipset();
	__asm__ volatile("lidt %0; int3" :: "m"(no_idt));
	for (;;)
		x86_hlt();
}
