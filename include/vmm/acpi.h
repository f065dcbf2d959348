/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ACPI tables (ACPI specification 6.5, chapter 5), read with distrust:
 * lengths and checksums are checked, nothing outside a table is followed.
 * Pure but for the callbacks in struct vmm_acpi_mem and the log.
 */
#ifndef VMM_ACPI_H
#define VMM_ACPI_H

#include <stdbool.h>
#include <vmm/compiler.h>

VMM_BEGIN_DECLS

/* Access to physical memory: a pointer to [pa, pa+len), or NULL if it cannot
 * be read (not in the memory map).  write: the caller will change it.  The
 * range asked for is never empty, does not wrap and lies below 2^52. */
struct vmm_acpi_mem {
	void *(*map)(void *ctx, uint64_t pa, uint64_t len, bool write);
	void *ctx;
};

/* A generic address structure that was found usable (5.2.3.2). */
struct vmm_acpi_gas {
	uint8_t space;		/* 0 memory, 1 I/O, 2 PCI configuration */
	uint8_t width;		/* access width in bytes: 1, 2, 4, 8 */
	uint64_t address;	/* 0: register absent */
};

#define VMM_ACPI_MAX_TABLES	128
#define VMM_ACPI_MAX_FACS	6
#define VMM_ACPI_MAX_MCFG	8
#define VMM_ACPI_MAX_CPUS	256
#define VMM_ACPI_MAX_IOAPICS	16

/* A table whose length and checksum are right. */
struct vmm_acpi_table {
	uint64_t address;
	uint32_t length;	/* bytes, with the header */
	uint32_t signature;	/* VMM_ACPI_SIGNATURE('D', 'S', 'D', 'T') */
};

#define VMM_ACPI_SIGNATURE(a, b, c, d) \
	((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | \
	 (uint32_t)(d) << 24)

struct vmm_acpi_mcfg {
	uint64_t base;		/* of bus 0, even if first_bus is another */
	uint16_t segment;
	uint8_t first_bus, last_bus;
};

struct vmm_acpi_cpu {
	uint32_t apic_id;
	bool enabled;		/* else only online-capable or disabled */
};

struct vmm_acpi {
	bool have_rsdp, have_fadt, have_dmar, have_ivrs, have_madt;
	uint64_t dmar, ivrs;		/* table addresses */
	/* RSDT, XSDT, FACP, DSDT, SSDT, PSDT, APIC, MCFG, DMAR and IVRS
	 * tables; no two of them overlap. */
	struct vmm_acpi_table table[VMM_ACPI_MAX_TABLES];
	unsigned table_count;
	uint64_t facs[VMM_ACPI_MAX_FACS];
	unsigned facs_count;
	struct vmm_acpi_gas pm1a_control, pm1b_control, pm_timer, reset;
	bool pm_timer_32;		/* counts 32 bits, not 24 */
	uint8_t reset_value;
	bool reset_supported;		/* reset and reset_value are valid */
	uint32_t smi_command;		/* port, 0: none */
	struct vmm_acpi_mcfg mcfg[VMM_ACPI_MAX_MCFG];
	unsigned mcfg_count;
	/* Each APIC ID once; enabled ones first, in the table's order. */
	struct vmm_acpi_cpu cpu[VMM_ACPI_MAX_CPUS];
	unsigned cpu_count;
	uint64_t lapic_base;		/* 0 without a MADT */
	uint64_t ioapic[VMM_ACPI_MAX_IOAPICS];	/* their pages */
	unsigned ioapic_count;
};

/*
 * Read all tables reachable from the RSDPs (either may be 0).  Where several
 * root tables are there, all are looked at, and what an XSDT says comes first.
 * Bad tables are logged and skipped.  Logs the lines that users know, in this
 * order: "ACPI RSDP not found." | "ACPI DMAR not found." / "ACPI DMAR found.",
 * register warnings, "ACPI FACP not found.", "FACS address 0x%llX ...".
 */
void vmm_acpi_scan(struct vmm_acpi *acpi, const struct vmm_acpi_mem *mem,
		   uint64_t rsdp20, uint64_t rsdp10);

/*
 * Hide the sleep states S2 and S3: rename the root objects _S2_ and _S3_ of
 * the DSDT and the SSDTs so that an OS does not find them, correcting the
 * checksum.  What is behind AML that cannot be followed is searched for the
 * pattern of such an object, with a warning.  Logs "Disable ACPI S2" /
 * "Disable ACPI S3" for each state found and hidden.  Returns the number of
 * names changed.
 */
unsigned vmm_acpi_hide_sleep(const struct vmm_acpi *acpi,
			     const struct vmm_acpi_mem *mem);

VMM_END_DECLS

#endif
