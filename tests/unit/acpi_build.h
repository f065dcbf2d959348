/* SPDX-License-Identifier: BSD-3-Clause */
/* ACPI tables made byte by byte, for tests. */
#ifndef TESTS_ACPI_BUILD_H
#define TESTS_ACPI_BUILD_H

#include <stdint.h>
#include <vmm/acpi.h>
#include "acpi_world.h"

#define BASE	0x7f000000u
#define SIZE	0x10000u

/* Where the tests put things, as offsets. */
#define RSDP	0x000u
#define RSDP10	0x040u
#define XSDT	0x100u
#define RSDT	0x400u
#define FADT	0x800u
#define FADT2	0xa00u
#define FACS	0xc00u
#define FACS2	0xc40u
#define DSDT	0xd00u
#define DSDT2	0xe00u
#define OTHER	0x1000u		/* whatever a test adds */

/* What a scan of the usual tables says. */
#define USUAL "ACPI DMAR not found.\nFACS address 0x7F000C00\n"

extern uint8_t memory[SIZE];
extern struct acpi_world world;
extern struct vmm_acpi acpi;	/* of the latest scan */

/* A little-endian number at an offset. */
void put(uint32_t at, uint64_t value, unsigned bytes);

/* A table of n bytes, with checksum; what is behind the header stays. */
void put_table(uint32_t at, const char *signature, uint32_t n);

/* Low 16 bits of its length. */
uint32_t length_at(uint32_t at);

/* Make a table's checksum right again after a change. */
void fix(uint32_t at);

void put_rsdp(uint32_t at, unsigned revision, uint32_t rsdt, uint64_t xsdt);

/* Append an address to a root table. */
void add_entry(uint32_t root, uint64_t address);

void put_facs(uint32_t at);

/* An FADT of n bytes, with all registers at the places of ACPI 1.0. */
void put_fadt(uint32_t at, uint32_t n);

void put_gas(uint32_t at, unsigned space, unsigned bits, unsigned offset,
	     unsigned access, uint64_t address);

/* Fixture of cmocka: RSDP, XSDT, FADT, FACS and DSDT, all good. */
int set_up(void **state);
int tear_down(void **state);
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

/* Scan anew, with an empty log. */
void scan(uint32_t rsdp20, uint32_t rsdp10);

void assert_log(const char *expected);

/* Number of tables found with a signature. */
unsigned count_tables(const char *signature);

#endif
