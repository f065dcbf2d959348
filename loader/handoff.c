/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#include "loader.h"

/* --- ACPI --- */

/* The vendor table of the configuration table with this GUID, or 0. */
static uint64_t find_table(const EFI_SYSTEM_TABLE *st, const EFI_GUID *guid)
{
	for (UINTN i = 0; i < st->NumberOfTableEntries; i++) {
		EFI_CONFIGURATION_TABLE *t = &st->ConfigurationTable[i];

		if (!memcmp(&t->VendorGuid, guid, sizeof(*guid)))
			return (uintptr_t)t->VendorTable;
	}
	return 0;
}

static void fill_acpi(struct loader *l)
{
	static const EFI_GUID acpi20 = ACPI_20_TABLE_GUID;
	static const EFI_GUID acpi10 = ACPI_TABLE_GUID;

	l->handoff.rsdp20 = find_table(l->st, &acpi20);
	l->handoff.rsdp10 = find_table(l->st, &acpi10);
}

/* --- framebuffer --- */

static uint32_t pixel_format(const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *info)
{
	const EFI_PIXEL_BITMASK *m = &info->PixelInformation;

	switch (info->PixelFormat) {
	case PixelRedGreenBlueReserved8BitPerColor:
		return BV_PIXEL_RGBX8;
	case PixelBlueGreenRedReserved8BitPerColor:
		return BV_PIXEL_BGRX8;
	case PixelBitMask:
		if (m->GreenMask != 0xff00)
			break;
		if (m->RedMask == 0xff && m->BlueMask == 0xff0000)
			return BV_PIXEL_RGBX8;
		if (m->RedMask == 0xff0000 && m->BlueMask == 0xff)
			return BV_PIXEL_BGRX8;
		break;
	default:
		break;
	}
	return BV_PIXEL_NONE;
}

static void fill_framebuffer(struct loader *l)
{
	static EFI_GUID guid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
	struct bv_framebuffer *fb = &l->handoff.framebuffer;
	EFI_GRAPHICS_OUTPUT_PROTOCOL *gop;
	EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *info;
	uint32_t format;

	/* The console splitter's own instance has no framebuffer where there
	 * are several screens; then any instance is better than none. */
	if (EFI_ERROR(l->bs->HandleProtocol(l->st->ConsoleOutHandle, &guid,
					    (void **)&gop)) &&
	    EFI_ERROR(l->bs->LocateProtocol(&guid, NULL, (void **)&gop)))
		return;
	if (!gop->Mode || !gop->Mode->Info)
		return;
	info = gop->Mode->Info;
	format = pixel_format(info);
	if (format == BV_PIXEL_NONE || !gop->Mode->FrameBufferBase)
		return;
	*fb = (struct bv_framebuffer){
		.base = gop->Mode->FrameBufferBase,
		.size = gop->Mode->FrameBufferSize,
		.width = info->HorizontalResolution,
		.height = info->VerticalResolution,
		.stride = info->PixelsPerScanLine,
		.format = format,
	};
}

/* --- memory --- */

static void fill_memory(struct loader *l)
{
	struct bv_handoff *h = &l->handoff;
	const struct layout *layout = &l->layout;

	h->reserved_base = l->block;
	h->reserved_size = layout->size;
	h->image_base = l->block;
	h->image_size = l->image.span;
	h->image_bias = l->block - l->image.low;
	h->heap_base = l->block + layout->heap;
	h->heap_size = layout->heap_size;
	if (l->image.symtab) {
		h->symtab = l->block + layout->symtab;
		h->symtab_size = l->image.symtab_size;
		h->strtab = l->block + layout->strtab;
		h->strtab_size = l->image.strtab_size;
	}
	h->config_text = (uintptr_t)l->config.data;
	h->config_size = l->config.size;
}

void handoff_fill(struct loader *l)
{
	struct bv_handoff *h = &l->handoff;

	h->magic = BV_HANDOFF_MAGIC;
	h->version = BV_HANDOFF_VERSION;
	h->size = sizeof(*h);
	h->system_table = (uintptr_t)l->st;
	h->image_handle = (uintptr_t)l->handle;
	l->services = (struct bv_boot_services){
		.version = BV_HANDOFF_VERSION,
		.size = sizeof(l->services),
		.ctx = l,
		.console_write = console_write,
		.run_on_other_cpus = mp_run_on_others,
		.pci_disconnect = pci_disconnect,
		.pci_connect = pci_connect,
	};
	h->services = (uintptr_t)&l->services;
	fill_memory(l);
	fill_acpi(l);
	fill_framebuffer(l);
}
