/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * loadvmm.efi: what its parts share.  All of it runs on the boot processor
 * at TPL_APPLICATION with boot services active.  A function that returns an
 * EFI_STATUS and whose comment says "reports" has printed its one line
 * already when it fails.
 */
#ifndef LOADER_LOADER_H
#define LOADER_LOADER_H

#include <efi.h>
#include <boot/handoff.h>
#include "elf.h"
#include "layout.h"
#include "path.h"

struct mp_services;

/* A file in pool memory, with a NUL behind its last byte; data NULL: none. */
struct file {
	void *data;
	UINT64 size;
};

struct loader {
	EFI_HANDLE handle;
	EFI_SYSTEM_TABLE *st;
	EFI_BOOT_SERVICES *bs;
	EFI_LOADED_IMAGE *self;

	uint16_t elf_path[PATH_CHARS], config_path[PATH_CHARS];
	struct file elf, config;
	struct elf_image image;
	struct layout layout;

	EFI_PHYSICAL_ADDRESS block;	/* reserved memory; 0 if none */
	void *map;			/* copy of the memory map */
	struct mp_services *mp;		/* NULL if the firmware has none */

	struct bv_boot_services services;
	struct bv_handoff handoff;
};

/* --- console.c --- */

/* Text to the firmware's console; for bv_boot_services. */
BV_ABI void console_write(void *loader, const char *text, uint64_t n);

/* Print "loadvmm: " and the line, formatted by text_format(). */
void console_report(struct loader *l, const char *format, ...);

/* A firmware status in words. */
const char *console_status(EFI_STATUS status);

/* --- file.c --- */

/* Find out where the loader came from and with which options: fills self,
 * elf_path and config_path.  Reports. */
EFI_STATUS file_locate(struct loader *l);

/* Read bitvisor.elf and, if it is there, bitvisor.conf.  Reports. */
EFI_STATUS file_read_all(struct loader *l);

/* Give back what file_read_all() allocated. */
void file_free_all(struct loader *l);

/* --- memory.c --- */

/* Reserve and zero the block that l->layout describes.  Reports. */
EFI_STATUS memory_reserve(struct loader *l);
void memory_release(struct loader *l);

/* Make the image at [base, base + size) executable, where the firmware has a
 * protocol for it. */
void memory_allow_execution(struct loader *l, UINT64 base, UINT64 size);

/* Copy the memory map to l->map and fill the handoff's fields on it.  To be
 * called when everything else is allocated.  Reports. */
EFI_STATUS memory_take_map(struct loader *l);
void memory_free_map(struct loader *l);

/* --- handoff.c --- */

/* Fill everything of the handoff but the memory map. */
void handoff_fill(struct loader *l);

/* --- mp.c --- */

/* Find the MP services; returns the number of processors. */
uint32_t mp_init(struct loader *l);

/* For bv_boot_services; see there. */
BV_ABI int64_t mp_run_on_others(void *loader, void (BV_ABI *fn)(void *arg),
				void *arg);

/* --- pci.c --- */

/* For bv_boot_services; see there. */
BV_ABI int64_t pci_disconnect(void *loader,
			      const struct bv_pci_location *location);
BV_ABI void pci_connect(void *loader, const struct bv_pci_location *location);

/* --- running.c --- */

/* Whether BitVisor runs this machine already. */
bool running_detect(struct loader *l);

/* Leave a mark for running_detect(). */
void running_mark(struct loader *l);

/* --- chain.c --- */

/* Start the image that the handoff names.  Returns its exit status.
 * Reports. */
EFI_STATUS chain_start(struct loader *l);

#endif
