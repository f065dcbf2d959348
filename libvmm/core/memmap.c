/* SPDX-License-Identifier: BSD-3-Clause */
#include <core/memmap.h>
#include <vmm/compiler.h>
#include <vmm/log.h>

#define BIOS_AREA	UINT64_C(0xe0000)
#define BIOS_AREA_END	UINT64_C(0x100000)
#define MAX_PAGES	(UINT64_C(1) << 40)	/* 52 bits of address */

static uint64_t entry_count(const struct bv_handoff *h)
{
	if (h->memory_desc_size < sizeof(struct memmap_entry))
		return 0;
	return h->memory_map_size / h->memory_desc_size;
}

static const struct memmap_entry *entry(const struct bv_handoff *h, uint64_t i)
{
	uint64_t at = h->memory_map + i * h->memory_desc_size;

	return (const struct memmap_entry *)(uintptr_t)at;
}

static uint64_t entry_end(const struct memmap_entry *m)
{
	if (m->pages > MAX_PAGES || m->physical >> 52)
		return m->physical;	/* nonsense: counts as empty */
	return m->physical + m->pages * VMM_PAGE_SIZE;
}

uint64_t memmap_top(const struct bv_handoff *h)
{
	uint64_t top = h->framebuffer.base + h->framebuffer.size;
	uint64_t i;

	for (i = 0; i < entry_count(h); i++)
		if (entry_end(entry(h, i)) > top)
			top = entry_end(entry(h, i));
	return top;
}

/* By the types of UEFI 2.9, table 7-5: firmware's code and data, what is free,
 * ACPI's tables; not what is reserved, bad or a device's. */
static bool is_memory(const struct memmap_entry *m)
{
	return (m->type >= 1 && m->type <= 7) || m->type == 9 ||
		m->type == 10 || m->type == 14;
}

void memmap_ram(const struct bv_handoff *h, struct vmm_ram *ram)
{
	uint64_t i, lost = 0;

	ram->count = 0;
	for (i = 0; i < entry_count(h); i++)
		if (is_memory(entry(h, i)) &&
		    vmm_ram_add(ram, entry(h, i)->physical,
				entry_end(entry(h, i))) < 0)
			lost += entry(h, i)->pages;
	if (lost)
		vmm_log_warning("The firmware's memory map has too many pieces:"
				" %llu pages cannot be used for rings and"
				" buffers\n", (unsigned long long)lost);
}

bool memmap_covers(const struct bv_handoff *h, uint64_t pa, uint64_t len)
{
	uint64_t end = pa + len, i;

	if (!pa || end < pa)
		return false;
	if (pa >= BIOS_AREA && end <= BIOS_AREA_END)
		return true;
	for (i = 0; i < entry_count(h); i++)
		if (pa >= entry(h, i)->physical && end <= entry_end(entry(h, i)))
			return true;
	return false;
}
