/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "acpi_build.h"

uint8_t memory[SIZE];
struct acpi_world world;
struct vmm_acpi acpi;

void put(uint32_t at, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		memory[at + i] = (uint8_t)(value >> 8 * i);
}

void put_table(uint32_t at, const char *signature, uint32_t n)
{
	memcpy(memory + at, signature, 4);
	put(at + 4, n, 4);
	acpi_world_fix(&world, at, n, 9);
}

uint32_t length_at(uint32_t at)
{
	return memory[at + 4] | (uint32_t)memory[at + 5] << 8;
}

void fix(uint32_t at)
{
	acpi_world_fix(&world, at, length_at(at), 9);
}

void put_rsdp(uint32_t at, unsigned revision, uint32_t rsdt,
		     uint64_t xsdt)
{
	memcpy(memory + at, "RSD PTR ", 8);
	memory[at + 15] = (uint8_t)revision;
	put(at + 16, rsdt, 4);
	if (revision >= 2) {
		put(at + 20, 36, 4);
		put(at + 24, xsdt, 8);
	}
	acpi_world_fix(&world, at, 20, 8);
	if (revision >= 2)
		acpi_world_fix(&world, at, 36, 32);
}

void add_entry(uint32_t root, uint64_t address)
{
	unsigned size = memory[root] == 'X' ? 8 : 4;
	uint32_t n = length_at(root);

	put(root + n, address, size);
	put(root + 4, n + size, 4);
	fix(root);
}

void put_facs(uint32_t at)
{
	memcpy(memory + at, "FACS", 4);
	put(at + 4, 64, 4);
}

void put_fadt(uint32_t at, uint32_t n)
{
	put(at + 36, BASE + FACS, 4);
	put(at + 40, BASE + DSDT, 4);
	put(at + 48, 0xb2, 4);		/* SMI_CMD */
	put(at + 64, 0x604, 4);		/* PM1a_CNT */
	put(at + 76, 0x608, 4);		/* PM_TMR */
	memory[at + 91] = 4;
	put_table(at, "FACP", n);
}

void put_gas(uint32_t at, unsigned space, unsigned bits, unsigned offset,
	     unsigned access, uint64_t address)
{
	memory[at] = (uint8_t)space;
	memory[at + 1] = (uint8_t)bits;
	memory[at + 2] = (uint8_t)offset;
	memory[at + 3] = (uint8_t)access;
	put(at + 4, address, 8);
}

int set_up(void **state)
{
	(void)state;
	memset(memory, 0, sizeof(memory));
	acpi_world_init(&world, memory, BASE, SIZE);
	put_facs(FACS);
	put_table(DSDT, "DSDT", 36);
	put_fadt(FADT, 244);
	put_table(XSDT, "XSDT", 36);
	add_entry(XSDT, BASE + FADT);
	put_rsdp(RSDP, 2, 0, BASE + XSDT);
	return 0;
}

int tear_down(void **state)
{
	(void)state;
	acpi_world_settle(&world);
	return 0;
}

void scan(uint32_t rsdp20, uint32_t rsdp10)
{
	acpi_world_log[0] = '\0';
	vmm_acpi_scan(&acpi, &world.mem, rsdp20, rsdp10);
}

void assert_log(const char *expected)
{
	assert_string_equal(acpi_world_log, expected);
}

unsigned count_tables(const char *signature)
{
	const char *s = signature;
	unsigned n = 0;

	for (unsigned i = 0; i < acpi.table_count; i++)
		n += acpi.table[i].signature ==
			VMM_ACPI_SIGNATURE(s[0], s[1], s[2], s[3]);
	return n;
}
