/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#include <vmm/error.h>
#include <vmm/ram.h>

/* Take n ranges out from number i on, or put -n there. */
static void shift(struct vmm_ram *ram, unsigned i, int n)
{
	unsigned from = n > 0 ? i + (unsigned)n : i;
	unsigned to = n > 0 ? i : i + (unsigned)-n;

	memmove(&ram->range[to], &ram->range[from],
		(ram->count - from) * sizeof(ram->range[0]));
	ram->count -= (unsigned)n;
}

/* Number i has grown: those that it touches now are part of it. */
static void absorb(struct vmm_ram *ram, unsigned i)
{
	struct vmm_ram_range *r = &ram->range[i];
	unsigned n = 0;

	while (i + 1 + n < ram->count && r[n + 1].base <= r->end) {
		n++;
		if (r[n].end > r->end)
			r->end = r[n].end;
	}
	if (n)
		shift(ram, i + 1, (int)n);
}

static int add(struct vmm_ram *ram, uint64_t base, uint64_t end)
{
	struct vmm_ram_range *r = ram->range;
	unsigned i = 0;

	while (i < ram->count && r[i].end < base)
		i++;
	if (i < ram->count && r[i].base <= end) {
		r[i].base = base < r[i].base ? base : r[i].base;
		r[i].end = end > r[i].end ? end : r[i].end;
		absorb(ram, i);
		return 0;
	}
	if (ram->count == VMM_RAM_RANGES)
		return VMM_ERROR(ENOSPC);
	shift(ram, i, -1);
	r[i] = (struct vmm_ram_range){ base, end };
	return 0;
}

static uint64_t size(const struct vmm_ram *ram, unsigned i)
{
	return ram->range[i].end - ram->range[i].base;
}

int vmm_ram_add(struct vmm_ram *ram, uint64_t base, uint64_t end)
{
	int rc = base < end ? add(ram, base, end) : 0;

	ram->largest = 0;
	for (unsigned i = 1; i < ram->count; i++)
		if (size(ram, i) > size(ram, ram->largest))
			ram->largest = i;
	return rc;
}

bool vmm_ram_has(const struct vmm_ram *ram, uint64_t pa, uint64_t n)
{
	const struct vmm_ram_range *most = &ram->range[ram->largest];
	unsigned low = 0, high = ram->count;

	/* Nearly all that is asked for. */
	if (high && pa >= most->base && pa < most->end)
		return n && n <= most->end - pa;

	while (low < high) {
		unsigned mid = (low + high) / 2;
		const struct vmm_ram_range *r = &ram->range[mid];

		if (pa < r->base)
			high = mid;
		else if (pa >= r->end)
			low = mid + 1;
		else
			return n && n <= r->end - pa;
	}
	return false;
}

bool vmm_ram_meets(const struct vmm_ram *ram, uint64_t pa, uint64_t n)
{
	for (unsigned i = 0; i < ram->count; i++) {
		const struct vmm_ram_range *r = &ram->range[i];

		if (pa < r->base ? n > r->base - pa : n && pa < r->end)
			return true;
	}
	return false;
}
