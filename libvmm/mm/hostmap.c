/* SPDX-License-Identifier: BSD-3-Clause */
/* The VMM's own page tables: see mm/hostmap.h. */
#include <mm/hostmap.h>
#include <mm/pool_mem.h>
#include <vmm/error.h>

struct section {
	uint64_t start, end;
	unsigned prot;
};

/* All memory: leaves are WB, the MTRRs decide.  A leaf that spans two of their
 * types would leave the choice to the processor (SDM vol. 3, 12.11.9 "Large
 * Page Size Considerations"). */
static int map_memory(struct vmm_pt *pt, const struct vmm_mtrr *mtrr,
		      uint64_t top)
{
	uint64_t size;

	for (uint64_t at = 0; at < top; at += size) {
		enum vmm_memtype ignored;
		int error;

		size = vmm_mtrr_run(mtrr, at, top - at, &ignored);
		error = vmm_pt_map(pt, at, at, size, VMM_PT_R | VMM_PT_W,
				   VMM_MT_WB);
		if (error)
			return error;
	}
	return 0;
}

static int check_section(const struct section *all, unsigned n, unsigned i,
			 uint64_t top)
{
	const struct section *s = &all[i];

	if ((s->start & VMM_PAGE_MASK) || s->start > s->end || s->end > top)
		return VMM_ERROR(EINVAL);
	for (unsigned k = 0; k < n; k++)
		if (k != i && s->start < all[k].end && all[k].start < s->end)
			return VMM_ERROR(EINVAL);
	return 0;
}

static int map_sections(struct vmm_pt *pt, const struct vmm_hostmap_image *img,
			uint64_t top)
{
	const struct section all[] = {
		{ img->text_start, VMM_ROUND_UP(img->text_end, VMM_PAGE_SIZE),
		  VMM_PT_R | VMM_PT_X },
		{ img->rodata_start,
		  VMM_ROUND_UP(img->rodata_end, VMM_PAGE_SIZE), VMM_PT_R },
		{ img->data_start, VMM_ROUND_UP(img->data_end, VMM_PAGE_SIZE),
		  VMM_PT_R | VMM_PT_W },
	};

	for (unsigned i = 0; i < VMM_ARRAY_SIZE(all); i++) {
		const struct section *s = &all[i];
		int error = check_section(all, VMM_ARRAY_SIZE(all), i, top);

		if (!error)
			error = vmm_pt_map(pt, s->start, s->start,
					   s->end - s->start, s->prot,
					   VMM_MT_WB);
		if (error)
			return error;
	}
	return 0;
}

int vmm_hostmap_build(struct vmm_pt *pt, struct vmm_pagepool *pool,
		      const struct vmm_hostmap_image *img,
		      const struct vmm_mtrr *mtrr, unsigned max_leaf,
		      uint64_t top)
{
	int error = vmm_pt_init(pt, &vmm_pt_host, &vmm_pt_pool_mem, pool,
				max_leaf);

	if (error)
		return error;
	error = map_memory(pt, mtrr, top);
	if (!error)
		error = map_sections(pt, img, top);
	if (error)
		vmm_pt_destroy(pt);
	return error;
}

int vmm_hostmap_guard(struct vmm_pt *pt, uint64_t addr)
{
	return vmm_pt_map(pt, addr, 0, VMM_PAGE_SIZE, 0, VMM_MT_WB);
}
