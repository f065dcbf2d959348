/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ACPI tables: the first four bytes of the input are the addresses of the two
 * RSDPs within the memory that the rest is.  Checksums are made right first,
 * or hardly an input would get past them.
 *
 * Whatever is there: nothing outside of a mapping is touched, tables that are
 * noted are sound and apart, and hiding sleep states changes but the first
 * bytes of their names and checksums, so that a second time nothing is found.
 */
#include <stdlib.h>
#include <string.h>
#include <acpi/acpi_priv.h>
#include <vmm/acpi.h>
#include "../unit/acpi_world.h"

#define BASE	0x10000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(x) do { if (!(x)) abort(); } while (0)

static struct acpi_world world;

/* Is there something like a table? */
static bool is_table(const uint8_t *p)
{
	static const char signatures[][5] = {
		"XSDT", "RSDT", "FACP", "DSDT", "SSDT", "PSDT", "APIC",
		"MCFG", "DMAR", "IVRS",
	};

	for (size_t i = 0; i < VMM_ARRAY_SIZE(signatures); i++)
		if (memcmp(p, signatures[i], 4) == 0)
			return true;
	return false;
}

static void fix_checksums(size_t size)
{
	for (size_t at = 0; at + ACPI_HEADER_SIZE <= size; at++) {
		const uint8_t *p = world.bytes + at;
		uint32_t length = acpi_get32(p + ACPI_HEADER_LENGTH);

		if (is_table(p) && length >= ACPI_HEADER_SIZE &&
		    length <= size - at)
			acpi_world_fix(&world, at, length,
				       ACPI_HEADER_CHECKSUM);
		if (memcmp(p, "RSD PTR ", 8) == 0) {
			acpi_world_fix(&world, at, 20, 8);
			acpi_world_fix(&world, at, 36, 32);
		}
	}
}

static void require_sound(const struct vmm_acpi *acpi, size_t size)
{
	REQUIRE(acpi->table_count <= VMM_ACPI_MAX_TABLES);
	REQUIRE(acpi->facs_count <= VMM_ACPI_MAX_FACS);
	REQUIRE(acpi->mcfg_count <= VMM_ACPI_MAX_MCFG);
	REQUIRE(acpi->cpu_count <= VMM_ACPI_MAX_CPUS);
	for (unsigned i = 0; i < acpi->table_count; i++) {
		const struct vmm_acpi_table *t = &acpi->table[i];

		REQUIRE(t->address >= BASE && t->length <= size &&
			t->address - BASE <= size - t->length);
		REQUIRE(acpi_sum(world.bytes + (t->address - BASE),
				 t->length) == 0);
		for (unsigned k = 0; k < i; k++)
			REQUIRE(t->address >= acpi->table[k].address +
				acpi->table[k].length ||
				acpi->table[k].address >= t->address +
				t->length);
	}
	for (unsigned i = 0; i < acpi->cpu_count; i++)
		for (unsigned k = 0; k < i; k++)
			REQUIRE(acpi->cpu[i].apic_id != acpi->cpu[k].apic_id);
}

/* May this byte have changed? */
static bool is_checksum(const struct vmm_acpi *acpi, size_t at)
{
	for (unsigned i = 0; i < acpi->table_count; i++)
		if (acpi->table[i].address - BASE + ACPI_HEADER_CHECKSUM == at)
			return true;
	return false;
}

/* Number of names hidden. */
static unsigned require_only_names(const struct vmm_acpi *acpi,
				   const uint8_t *before, size_t size)
{
	unsigned names = 0;

	for (size_t at = 0; at < size; at++) {
		if (world.bytes[at] == before[at] || is_checksum(acpi, at))
			continue;
		REQUIRE(at + 4 <= size && world.bytes[at] == 'D' &&
			(memcmp(before + at, "_S2_", 4) == 0 ||
			 memcmp(before + at, "_S3_", 4) == 0));
		names++;
	}
	return names;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vmm_acpi acpi, again;
	uint8_t *bytes, *before;
	unsigned changed;

	if (size < 4)
		return 0;
	size -= 4;
	bytes = malloc(size + 1);
	before = malloc(size + 1);
	REQUIRE(bytes && before);
	memcpy(bytes, data + 4, size);
	acpi_world_init(&world, bytes, BASE, size);
	fix_checksums(size);
	memcpy(before, bytes, size);

	vmm_acpi_scan(&acpi, &world.mem, BASE + acpi_get16(data),
		      BASE + acpi_get16(data + 2));
	acpi_world_settle(&world);
	require_sound(&acpi, size);
	changed = vmm_acpi_hide_sleep(&acpi, &world.mem);
	acpi_world_settle(&world);
	require_sound(&acpi, size);
	REQUIRE(require_only_names(&acpi, before, size) == changed);
	REQUIRE(vmm_acpi_hide_sleep(&acpi, &world.mem) == 0);
	acpi_world_settle(&world);
	vmm_acpi_scan(&again, &world.mem, BASE + acpi_get16(data),
		      BASE + acpi_get16(data + 2));
	acpi_world_settle(&world);
	/* The tables are as good as before. */
	REQUIRE(acpi.table_count == again.table_count &&
		acpi.cpu_count == again.cpu_count);
	REQUIRE(memcmp(acpi.table, again.table, sizeof(acpi.table)) == 0);
	free(bytes);
	free(before);
	return 0;
}
