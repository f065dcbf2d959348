/* SPDX-License-Identifier: BSD-3-Clause */
/* What the readers of single ACPI tables share. */
#ifndef LIBVMM_ACPI_PRIV_H
#define LIBVMM_ACPI_PRIV_H

#include <vmm/acpi.h>

/* Every table but RSDP and FACS begins with this much (5.2.6). */
#define ACPI_HEADER_SIZE	36u
#define ACPI_HEADER_LENGTH	4u	/* offsets in it */
#define ACPI_HEADER_CHECKSUM	9u

/* No table is near this; more is a broken length field. */
#define ACPI_MAX_LENGTH		(UINT32_C(4) << 20)

/* Physical addresses have at most 52 bits (AMD APM volume 2, 5.1; Intel SDM
 * volume 3, 4.1.4). */
#define ACPI_MAX_ADDRESS	(UINT64_C(1) << 52)

#define SIG_RSDT VMM_ACPI_SIGNATURE('R', 'S', 'D', 'T')
#define SIG_XSDT VMM_ACPI_SIGNATURE('X', 'S', 'D', 'T')
#define SIG_FACP VMM_ACPI_SIGNATURE('F', 'A', 'C', 'P')
#define SIG_FACS VMM_ACPI_SIGNATURE('F', 'A', 'C', 'S')
#define SIG_DSDT VMM_ACPI_SIGNATURE('D', 'S', 'D', 'T')
#define SIG_SSDT VMM_ACPI_SIGNATURE('S', 'S', 'D', 'T')
#define SIG_PSDT VMM_ACPI_SIGNATURE('P', 'S', 'D', 'T')
#define SIG_APIC VMM_ACPI_SIGNATURE('A', 'P', 'I', 'C')
#define SIG_MCFG VMM_ACPI_SIGNATURE('M', 'C', 'F', 'G')
#define SIG_DMAR VMM_ACPI_SIGNATURE('D', 'M', 'A', 'R')
#define SIG_IVRS VMM_ACPI_SIGNATURE('I', 'V', 'R', 'S')

/* Tables are little-endian and not aligned. */
static inline uint16_t acpi_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t acpi_get32(const uint8_t *p)
{
	return acpi_get16(p) | (uint32_t)acpi_get16(p + 2) << 16;
}

static inline uint64_t acpi_get64(const uint8_t *p)
{
	return acpi_get32(p) | (uint64_t)acpi_get32(p + 4) << 32;
}

/* A table in memory: [data, data+length), header included. */
struct acpi_view {
	const uint8_t *data;
	uint32_t length;
	uint64_t address;
};

/* True if n bytes from offset on are the table's. */
static inline bool acpi_has(const struct acpi_view *t, uint32_t offset,
			    uint32_t n)
{
	return n <= t->length && offset <= t->length - n;
}

/* Sum of n bytes; 0 over a good table. */
uint8_t acpi_sum(const uint8_t *p, uint32_t n);

/* Signature as text, unprintable characters replaced. */
struct acpi_name {
	char s[5];
};
struct acpi_name acpi_name(uint32_t signature);

/* mem->map after checks of the range; NULL also if it is empty or wraps. */
void *acpi_map(const struct vmm_acpi_mem *mem, uint64_t pa, uint64_t len,
	       bool write);

/* Check the table at an address and take it into acpi->table; a table that is
 * there already is good, too.  False, logged, if it is bad. */
bool acpi_add_table(struct vmm_acpi *acpi, const struct vmm_acpi_mem *mem,
		    uint64_t address, uint32_t signature);

/* Map a table of acpi->table for reading.  False if it cannot be. */
bool acpi_view_table(const struct vmm_acpi_table *table,
		     const struct vmm_acpi_mem *mem, struct acpi_view *view);

/* Readers of single tables; they fill acpi and log what is wrong. */
void acpi_read_fadt(struct vmm_acpi *acpi, const struct acpi_view *fadt);
void acpi_read_fadt_pointers(struct vmm_acpi *acpi,
			     const struct vmm_acpi_mem *mem,
			     const struct acpi_view *fadt);
void acpi_read_madt(struct vmm_acpi *acpi, const struct acpi_view *madt);
void acpi_read_mcfg(struct vmm_acpi *acpi, const struct acpi_view *mcfg);

#endif
