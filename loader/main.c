/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include "loader.h"
#include "text.h"

EFI_STATUS efi_main(EFI_HANDLE handle, EFI_SYSTEM_TABLE *st);
EFI_STATUS _entry(EFI_HANDLE handle, EFI_SYSTEM_TABLE *st);

/* --- preparing --- */

static void report_image(struct loader *l, const struct elf_error *error)
{
	const char *format, *text = elf_cause_text(error->cause, &format);
	char value[64] = "";

	if (format)
		text_format(value, sizeof(value), format, error->value);
	console_report(l, "%w: %s%s%s%s; copy bitvisor.elf and loadvmm.efi of "
		       "one build again", l->elf_path, text,
		       format ? " (" : "", value, format ? ")" : "");
}

/* Look through the file and plan the block.  Reports. */
static EFI_STATUS check_image(struct loader *l)
{
	struct elf_error error;

	if (elf_open(&l->image, l->elf.data, l->elf.size, &error)) {
		report_image(l, &error);
		return EFI_LOAD_ERROR;
	}
	l->handoff.cpu_count = mp_init(l);
	if (layout_make(&l->layout, &l->image, l->handoff.cpu_count)) {
		console_report(l, "not enough memory: the heap that %w wants "
			       "is larger than any machine's memory; copy a "
			       "good bitvisor.elf", l->elf_path);
		return EFI_OUT_OF_RESOURCES;
	}
	return EFI_SUCCESS;
}

static void place(struct loader *l)
{
	UINT8 *block = (UINT8 *)l->block;
	const struct elf_image *image = &l->image;

	elf_place(image, block, l->block);
	if (image->symtab) {
		memcpy(block + l->layout.symtab, image->symtab,
		       image->symtab_size);
		memcpy(block + l->layout.strtab, image->strtab,
		       image->strtab_size);
	}
	memory_allow_execution(l, l->block, image->span);
}

/* --- entering --- */

static EFI_STATUS status_of(int64_t error)
{
	switch (error) {
	case -ENOMEM:
		return EFI_OUT_OF_RESOURCES;
	case -ENODEV:
	case -ENOSYS:
	case -EOPNOTSUPP:
		return EFI_UNSUPPORTED;
	case -EPERM:
	case -EACCES:
		return EFI_ACCESS_DENIED;
	case -EALREADY:
	case -EBUSY:
	case -EEXIST:
		return EFI_ALREADY_STARTED;
	case -EINVAL:
		return EFI_INVALID_PARAMETER;
	default:
		return EFI_LOAD_ERROR;
	}
}

/* Call the image.  Reports. */
static EFI_STATUS enter(struct loader *l)
{
	struct bv_handoff *h = &l->handoff;
	int64_t (BV_ABI *entry)(struct bv_handoff *handoff) =
		(void *)(h->image_bias + l->image.entry);
	int64_t error = entry(h);

	/* What came back is text of another program: make sure it ends. */
	h->chain[BV_CHAIN_MAX - 1] = '\0';
	h->error[BV_ERROR_MAX - 1] = '\0';
	if (error == 0)
		return EFI_SUCCESS;
	if (h->error[0])
		console_report(l, "%s", h->error);
	else
		console_report(l, "%w did not start (error %u) and does not "
			       "say why; use loadvmm.efi of the same build",
			       l->elf_path, (uint64_t)(error < 0 ? -error :
						       error));
	return status_of(error);
}

/* With the files in memory: reserve, place, enter.  Reports. */
static EFI_STATUS launch(struct loader *l)
{
	EFI_STATUS status = check_image(l);

	if (EFI_ERROR(status))
		return status;
	status = memory_reserve(l);
	if (EFI_ERROR(status))
		return status;
	place(l);
	handoff_fill(l);
	status = memory_take_map(l);
	if (!EFI_ERROR(status))
		status = enter(l);
	memory_free_map(l);
	if (EFI_ERROR(status))
		memory_release(l);
	return status;
}

static EFI_STATUS run(struct loader *l)
{
	EFI_STATUS status;

	if (running_detect(l)) {
		console_report(l, "BitVisor is already running; nothing was "
			       "changed, restart the machine to load another");
		return EFI_ALREADY_STARTED;
	}
	status = file_locate(l);
	if (EFI_ERROR(status))
		return status;
	status = file_read_all(l);
	if (!EFI_ERROR(status))
		status = launch(l);
	file_free_all(l);
	if (EFI_ERROR(status))
		return status;
	running_mark(l);
	return l->handoff.chain[0] ? chain_start(l) : EFI_SUCCESS;
}

EFI_STATUS efi_main(EFI_HANDLE handle, EFI_SYSTEM_TABLE *st)
{
	static struct loader loader;
	EFI_STATUS status;

	loader.handle = handle;
	loader.st = st;
	loader.bs = st->BootServices;
	status = run(&loader);
	/* gnu-efi's start code does not keep RSI and RDI, which belong to the
	 * caller in the firmware's calling convention; Exit() needs neither. */
	loader.bs->Exit(handle, status, 0, NULL);
	return status;
}

/* gnu-efi 4 enters here, through its library of conveniences unless there is
 * this function; gnu-efi 3 calls efi_main(). */
EFI_STATUS _entry(EFI_HANDLE handle, EFI_SYSTEM_TABLE *st)
{
	return efi_main(handle, st);
}
