/* SPDX-License-Identifier: BSD-3-Clause */
#include "dbgsh_world.h"
#include <errno.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <vmm/gmem.h>
#include <vmm/x86.h>

struct config_data config;
struct vmm_vcpu world_vcpu;
struct vmm world_vmm;
uint8_t world_memory[WORLD_MEMORY];
uint64_t world_now, world_exits[VMM_EXIT_REASONS];
unsigned world_resets;

static struct bv_handoff handoff = {
	.reserved_base = 0x70000000, .reserved_size = 0x400000,
	.image_size = 0x30000,
};
const struct vmm_variant vmm_variant = { .name = "test" };

void world_init(void)
{
	fake_vcpu_init(&world_vcpu);
	world_vcpu.host_memory = true;
	world_vcpu.seg[VMM_SEG_CS].selector = 0x10;
	memset(&world_vmm, 0, sizeof(world_vmm));
	world_vmm.handoff = &handoff;
	world_vmm.vcpu[0] = &world_vcpu;
	world_vmm.vcpu_count = 1;
	world_vmm.tsc_hz = 3000000000u;
	world_vmm.pool.pages = 500;
	world_vmm.pool.free_pages = 400;
	world_vmm.pool.low_water = 300;
	memset(world_exits, 0, sizeof(world_exits));
}

uint64_t vmm_uptime_usec(void)
{
	return world_now;
}

struct vmm *vmm_vcpu_vmm(const struct vmm_vcpu *v)
{
	(void)v;
	return &world_vmm;
}

uint64_t vmm_vcpu_exits(const struct vmm_vcpu *v, enum vmm_exit_reason reason)
{
	(void)v;
	return world_exits[reason];
}

const char *vmm_exit_name(enum vmm_exit_reason reason)
{
	return reason == VMM_EXIT_CPUID ? "CPUID" : "OTHER";
}

void vmm_vcpu_walk_state(struct vmm_vcpu *v, struct vmm_walk_state *st)
{
	(void)v;
	memset(st, 0, sizeof(*st));
	st->phys_bits = 40;
}

int vmm_gpa_read(struct vmm_vcpu *v, uint64_t gpa, void *buf, size_t n)
{
	(void)v;
	if (gpa >= WORLD_MEMORY || n > WORLD_MEMORY - gpa)
		return -EFAULT;
	memcpy(buf, world_memory + gpa, n);
	return 0;
}

/* The VMM's memory has a single page. */
bool x86_read_safe(void *to, const void *from, size_t n)
{
	if ((uintptr_t)from >> 12 != 0x70000)
		return false;
	memset(to, 'V', n);
	return true;
}

/* What a server of an earlier test had stays in reach: it has no way to give
 * it back. */
static void *kept[64];
static unsigned kept_count;

void *vmm_pages_alloc(struct vmm_pagepool *pool, uint64_t n)
{
	void *pages = calloc(n, VMM_PAGE_SIZE);

	(void)pool;
	kept[kept_count++ % VMM_ARRAY_SIZE(kept)] = pages;
	return pages;
}

void vmm_pages_free(struct vmm_pagepool *pool, void *pages, uint64_t n)
{
	(void)pool;
	(void)n;
	free(pages);
}


jmp_buf world_reset;

VMM_NORETURN void vmm_reset_machine(void)
{
	world_resets++;
	longjmp(world_reset, 1);
}
