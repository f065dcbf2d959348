/* SPDX-License-Identifier: BSD-3-Clause */
/* A piece of physical memory with ACPI tables in it, and the log. */
#ifndef TESTS_ACPI_WORLD_H
#define TESTS_ACPI_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <vmm/acpi.h>

#define ACPI_WORLD_LOG 16384

struct acpi_world_map;

/* Memory is [base, base+size).  Each mapping is a copy in a block of its own
 * size, so that sanitizers notice the smallest step outside. */
struct acpi_world {
	uint8_t *bytes;
	uint64_t base, size;
	bool read_only;			/* refuse mappings for writing */
	struct acpi_world_map *maps;	/* newest first */
	struct vmm_acpi_mem mem;	/* for the code under test */
};

/* What vmm_log said since acpi_world_init, as one string. */
extern char acpi_world_log[ACPI_WORLD_LOG];

/* bytes stays the caller's. */
void acpi_world_init(struct acpi_world *w, uint8_t *bytes, uint64_t base,
		     uint64_t size);

/* Write back what was mapped for writing and end all mappings. */
void acpi_world_settle(struct acpi_world *w);

/* Set the byte at an offset of bytes so that n bytes from at on sum to 0. */
void acpi_world_fix(struct acpi_world *w, uint64_t at, uint32_t n,
		    uint32_t checksum);

#endif
