/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A window of 16 pages in an otherwise unused part of the linear address
 * space, put there with page tables of our own below a copy of the firmware's
 * top-level table.
 */
#include "probe.h"

#define WINDOW		UINT64_C(0xffffd00000000000)
#define ENTRIES		512
#define PAGE		4096

static uint64_t tables[4][ENTRIES] VMM_ALIGNED(PAGE);
static uint64_t firmware_cr3;

static void invalidate(void *p)
{
	__asm__ volatile("invlpg %0" :: "m"(*(char *)p) : "memory");
}

void window_map(unsigned page, uint64_t phys, unsigned flags)
{
	tables[3][page] = flags ? phys | flags : 0;
	invalidate(probe.window + page * PAGE);
}

void window_begin(void)
{
	unsigned flags = PTE_PRESENT | PTE_WRITE | PTE_USER, i;
	uint64_t *top;

	firmware_cr3 = x86_read_cr3();
	top = (uint64_t *)(firmware_cr3 & ~UINT64_C(0xfff));
	for (i = 0; i < ENTRIES; i++)
		tables[0][i] = top[i];
	tables[0][WINDOW >> 39 & 511] = (uint64_t)tables[1] | flags;
	tables[1][WINDOW >> 30 & 511] = (uint64_t)tables[2] | flags;
	tables[2][WINDOW >> 21 & 511] = (uint64_t)tables[3] | flags;
	for (i = 0; i < 16; i++)
		tables[3][i] = 0;
	probe.window = (uint8_t *)WINDOW;
	x86_write_cr3((uint64_t)tables[0]);
}

void window_end(void)
{
	x86_write_cr3(firmware_cr3);
}
