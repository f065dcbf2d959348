/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The interface between a loader and a BitVisor image.
 *
 * A loader (loadvmm.efi) places the image's PT_LOAD segments, applies its
 * R_X86_64_RELATIVE relocations, reserves the memory that the image's note
 * asks for, fills a struct bv_handoff and calls the ELF entry point:
 *
 *	int64_t entry(struct bv_handoff *handoff);	(System V AMD64 ABI)
 *
 * The call is made on the boot processor, in 64-bit mode, with boot services
 * active, at TPL_APPLICATION, with interrupts in whatever state the firmware
 * runs applications.  It returns
 *	0	the processors run as the guest of the VMM from here on;
 *	< 0	a negative errno.  The VMM has given back everything it changed;
 *		bv_handoff.error holds one line (no newline) with cause and
 *		remedy.  The loader frees all it allocated.
 *
 * All fields have fixed widths; addresses are physical and identity-mapped.
 * Both sides check magic, version and size.
 */
#ifndef BOOT_HANDOFF_H
#define BOOT_HANDOFF_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BV_HANDOFF_MAGIC	UINT64_C(0x46464f444e415642)	/* "BVANDOFF" */
#define BV_HANDOFF_VERSION	2u

/* ELF note with the image's wishes: name "BitVisor", this type. */
#define BV_NOTE_NAME		"BitVisor"
#define BV_NOTE_TYPE_REQUEST	1u

struct bv_image_request {
	uint32_t handoff_version;	/* BV_HANDOFF_VERSION it was built for */
	uint32_t reserved;
	uint64_t heap_base_size;	/* bytes wanted whatever the machine */
	uint64_t heap_per_cpu;		/* bytes more for each processor */
};

/* Any number of notes of this type: bytes of heap more, for units that need
 * much (a uint64_t). */
#define BV_NOTE_TYPE_HEAP	2u

/* Functions of the loader, callable until the entry call returns or, on
 * success, until the guest has started (the last call is then long over).
 * Boot processor only, with the firmware's descriptor tables, page tables
 * and stack in place. */
#define BV_ABI __attribute__((sysv_abi))

struct bv_pci_location {
	uint32_t segment, bus, device, function;
};

struct bv_boot_services {
	uint32_t version;		/* BV_HANDOFF_VERSION */
	uint32_t size;			/* sizeof(struct bv_boot_services) */
	void *ctx;			/* first argument of every call */

	/* Print n bytes of ASCII text; '\n' begins a new line. */
	void (BV_ABI *console_write)(void *ctx, const char *text, uint64_t n);

	/* Run fn(arg) once on every other processor, one after the
	 * other, each on the stack the firmware gives it.  Returns when all
	 * have returned: the number of processors, or a negative errno
	 * (-ENOSYS: the firmware has no EFI_MP_SERVICES_PROTOCOL). */
	int64_t (BV_ABI *run_on_other_cpus)(void *ctx,
					    void (BV_ABI *fn)(void *arg),
					    void *arg);

	/* End the firmware's use of a PCI function: its drivers are
	 * disconnected, and protocols that they left on its handle removed,
	 * but for PCI I/O and the device path.  Returns how many were, or a
	 * negative errno: -ENODEV (the firmware does not know the function),
	 * -EBUSY (a driver did not let go). */
	int64_t (BV_ABI *pci_disconnect)(void *ctx,
				const struct bv_pci_location *location);

	/* Let the firmware's drivers have the function again, if any does. */
	void (BV_ABI *pci_connect)(void *ctx,
				   const struct bv_pci_location *location);
};

enum bv_pixel_format {
	BV_PIXEL_NONE = 0,		/* no linear framebuffer */
	BV_PIXEL_RGBX8 = 1,		/* byte 0 red, 1 green, 2 blue */
	BV_PIXEL_BGRX8 = 2,		/* byte 0 blue, 1 green, 2 red */
};

struct bv_framebuffer {
	uint64_t base;			/* physical address of pixel (0,0) */
	uint64_t size;			/* bytes */
	uint32_t width, height;		/* pixels */
	uint32_t stride;		/* pixels from one line to the next */
	uint32_t format;		/* enum bv_pixel_format */
};

#define BV_CHAIN_MAX	256
#define BV_ERROR_MAX	256

struct bv_handoff {
	uint64_t magic;			/* BV_HANDOFF_MAGIC */
	uint32_t version;		/* BV_HANDOFF_VERSION */
	uint32_t size;			/* sizeof(struct bv_handoff) */

	/* --- from the loader to the VMM --- */

	/* All memory that belongs to the VMM, one page-aligned block of type
	 * EfiReservedMemoryType.  Image, symbols and heap lie inside it. */
	uint64_t reserved_base, reserved_size;
	uint64_t image_base, image_size;	/* the PT_LOAD segments' span */
	uint64_t image_bias;			/* load address - link address */
	uint64_t heap_base, heap_size;		/* zeroed, page-aligned */
	uint64_t symtab, symtab_size;		/* Elf64_Sym[], or 0 */
	uint64_t strtab, strtab_size;		/* its string table, or 0 */

	uint64_t system_table;		/* EFI_SYSTEM_TABLE */
	uint64_t image_handle;		/* EFI_HANDLE of the loader */
	uint64_t rsdp20;		/* ACPI 2.0+ RSDP, 0 if absent */
	uint64_t rsdp10;		/* ACPI 1.0 RSDP, 0 if absent */

	/* Text of bitvisor.conf; base 0 if there is none.  Valid during the
	 * entry call only, as is the memory map. */
	uint64_t config_text, config_size;
	uint64_t memory_map;		/* EFI_MEMORY_DESCRIPTOR[] */
	uint64_t memory_map_size;	/* bytes */
	uint64_t memory_desc_size;	/* bytes from one to the next */

	uint64_t services;		/* struct bv_boot_services */
	struct bv_framebuffer framebuffer;

	uint32_t cpu_count;		/* processors, at least 1 */
	uint32_t reserved0;

	/* --- from the VMM to the loader --- */

	/* Image that the loader starts next (UTF-8, '\\' or '/' separated,
	 * from the root of its own volume), or "" to return to the caller. */
	char chain[BV_CHAIN_MAX];
	char error[BV_ERROR_MAX];	/* see above */
};

#ifdef __cplusplus
#define BV_STATIC_ASSERT static_assert
#else
#define BV_STATIC_ASSERT _Static_assert
#endif
BV_STATIC_ASSERT(sizeof(struct bv_image_request) == 24, "note layout");
BV_STATIC_ASSERT(sizeof(struct bv_framebuffer) == 32, "framebuffer layout");
BV_STATIC_ASSERT(sizeof(struct bv_pci_location) == 16, "location layout");
BV_STATIC_ASSERT(sizeof(struct bv_boot_services) == 48, "services layout");
BV_STATIC_ASSERT(sizeof(struct bv_handoff) == 736, "handoff layout");

#ifdef __cplusplus
}
#endif

#endif
