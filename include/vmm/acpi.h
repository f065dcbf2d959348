/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ACPI tables (ACPI specification 6.5, chapter 5), read with distrust:
 * lengths and checksums are checked, nothing outside a table is followed.
 * Pure but for the callbacks in struct vmm_acpi_mem.
 */
#ifndef VMM_ACPI_H
#define VMM_ACPI_H

#include <stdbool.h>
#include <vmm/compiler.h>

VMM_BEGIN_DECLS

/* Access to physical memory: a pointer to [pa, pa+len), or NULL if it cannot
 * be read (not in the memory map, wraps).  write: the caller will change it. */
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

#define VMM_ACPI_MAX_FACS	6
#define VMM_ACPI_MAX_MCFG	8
#define VMM_ACPI_MAX_CPUS	256
#define VMM_ACPI_MAX_SSDT	64

struct vmm_acpi_mcfg {
	uint64_t base;
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
	uint64_t facs[VMM_ACPI_MAX_FACS];
	unsigned facs_count;
	uint64_t dsdt, ssdt[VMM_ACPI_MAX_SSDT];
	unsigned ssdt_count;
	struct vmm_acpi_gas pm1a_control, pm1b_control, pm_timer, reset;
	bool pm_timer_32;
	uint8_t reset_value;
	bool reset_supported;
	uint32_t smi_command;		/* port, 0: none */
	struct vmm_acpi_mcfg mcfg[VMM_ACPI_MAX_MCFG];
	unsigned mcfg_count;
	struct vmm_acpi_cpu cpu[VMM_ACPI_MAX_CPUS];
	unsigned cpu_count;
	uint64_t lapic_base;
};

/*
 * Read all tables reachable from the RSDPs (either may be 0).  Bad tables are
 * logged and skipped.  Logs the lines that users know, in this order:
 * "ACPI RSDP not found." | "ACPI DMAR not found." / "ACPI DMAR found.",
 * register warnings, "ACPI FACP not found.", "FACS address 0x%llX ...".
 */
void vmm_acpi_scan(struct vmm_acpi *acpi, const struct vmm_acpi_mem *mem,
		   uint64_t rsdp20, uint64_t rsdp10);

/*
 * Hide the sleep states S2 and S3: rename the objects _S2_ and _S3_ of the
 * DSDT and the SSDTs (Name (_S3_, Package ...) in AML) so that an OS does not
 * find them, correcting the checksum.  A table whose AML cannot be followed
 * is left alone, with a warning.  Logs "Disable ACPI S2" / "Disable ACPI S3"
 * for each state found and hidden.  Returns the number of names changed.
 */
unsigned vmm_acpi_hide_sleep(const struct vmm_acpi *acpi,
			     const struct vmm_acpi_mem *mem);

VMM_END_DECLS

#endif
