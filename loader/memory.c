/* SPDX-License-Identifier: BSD-3-Clause */
#include "loader.h"

/* UEFI specification 2.10, section 37.1 ("EFI_MEMORY_ATTRIBUTE_PROTOCOL");
 * gnu-efi does not have it. */
struct memory_attribute {
	EFI_STATUS (EFIAPI *get)(struct memory_attribute *self, UINT64 base,
				 UINT64 size, UINT64 *attributes);
	EFI_STATUS (EFIAPI *set)(struct memory_attribute *self, UINT64 base,
				 UINT64 size, UINT64 attributes);
	EFI_STATUS (EFIAPI *clear)(struct memory_attribute *self, UINT64 base,
				   UINT64 size, UINT64 attributes);
};

#define MEMORY_XP	UINT64_C(0x4000)
#define MEMORY_RO	UINT64_C(0x20000)

static UINTN pages(UINT64 bytes)
{
	return bytes / ELF_PAGE_SIZE;
}

/* Give back the pages in front of and behind the aligned block. */
static void trim(struct loader *l, EFI_PHYSICAL_ADDRESS got, UINT64 slack)
{
	UINT64 head = l->block - got, tail = slack - head;

	if (head)
		l->bs->FreePages(got, pages(head));
	if (tail)
		l->bs->FreePages(l->block + l->layout.size, pages(tail));
}

EFI_STATUS memory_reserve(struct loader *l)
{
	UINT64 size = l->layout.size, align = l->image.align;
	UINT64 slack = align - ELF_PAGE_SIZE;
	EFI_PHYSICAL_ADDRESS got;
	EFI_STATUS status;

	/* Reserved memory is what no operating system takes for itself, in
	 * whatever state the machine leaves boot services. */
	status = l->bs->AllocatePages(AllocateAnyPages, EfiReservedMemoryType,
				      pages(size + slack), &got);
	if (EFI_ERROR(status)) {
		console_report(l, "not enough memory: %w wants %u MiB in one "
			       "piece (%s, %x); use a machine with more memory "
			       "or a smaller variant", l->elf_path,
			       (size + (1 << 20) - 1) >> 20,
			       console_status(status), (uint64_t)status);
		return status;
	}
	l->block = (got + align - 1) & ~(align - 1);
	trim(l, got, slack);
	l->bs->SetMem((void *)l->block, size, 0);
	return EFI_SUCCESS;
}

void memory_release(struct loader *l)
{
	if (l->block)
		l->bs->FreePages(l->block, pages(l->layout.size));
	l->block = 0;
}

void memory_allow_execution(struct loader *l, UINT64 base, UINT64 size)
{
	static EFI_GUID guid = {
		0xf4560cf6, 0x40ec, 0x4b4a,
		{ 0xa1, 0x92, 0xbf, 0x1d, 0x57, 0xd0, 0xb1, 0x89 }
	};
	struct memory_attribute *protocol;

	/* Firmware without the protocol leaves reserved memory executable. */
	if (!EFI_ERROR(l->bs->LocateProtocol(&guid, NULL, (void **)&protocol)))
		protocol->clear(protocol, base, size, MEMORY_XP | MEMORY_RO);
}

EFI_STATUS memory_take_map(struct loader *l)
{
	UINTN size = 0, key, desc_size = 0;
	UINT32 desc_version;
	EFI_STATUS status;

	status = l->bs->GetMemoryMap(&size, NULL, &key, &desc_size,
				     &desc_version);
	while (status == EFI_BUFFER_TOO_SMALL) {
		memory_free_map(l);
		/* Allocating the copy splits free memory once or twice. */
		size += 4 * desc_size;
		status = l->bs->AllocatePool(EfiLoaderData, size, &l->map);
		if (EFI_ERROR(status))
			break;
		status = l->bs->GetMemoryMap(&size, l->map, &key, &desc_size,
					     &desc_version);
	}
	if (EFI_ERROR(status)) {
		console_report(l, "cannot copy the memory map (%s, %x); "
			       "restart the machine and try again",
			       console_status(status), (uint64_t)status);
		return status;
	}
	l->handoff.memory_map = (uintptr_t)l->map;
	l->handoff.memory_map_size = size;
	l->handoff.memory_desc_size = desc_size;
	return EFI_SUCCESS;
}

void memory_free_map(struct loader *l)
{
	if (l->map)
		l->bs->FreePool(l->map);
	l->map = NULL;
}
