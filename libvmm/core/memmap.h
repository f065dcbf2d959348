/* SPDX-License-Identifier: BSD-3-Clause */
/* The firmware's memory map (UEFI specification, 7.2.3 GetMemoryMap). */
#ifndef CORE_MEMMAP_H
#define CORE_MEMMAP_H

#include <stdbool.h>
#include <boot/handoff.h>
#include <vmm/ram.h>

/* EFI_MEMORY_DESCRIPTOR */
struct memmap_entry {
	uint32_t type, pad;
	uint64_t physical, virtual_start, pages, attribute;
};

/* First address above everything the map and the framebuffer mention. */
uint64_t memmap_top(const struct bv_handoff *h);

/* What of it is memory that an operating system may use. */
void memmap_ram(const struct bv_handoff *h, struct vmm_ram *ram);

/* Is [pa, pa+len) inside one entry of the map, or the BIOS area below 1 MiB
 * where firmware may keep its tables? */
bool memmap_covers(const struct bv_handoff *h, uint64_t pa, uint64_t len);

#endif
