/* SPDX-License-Identifier: BSD-3-Clause */
#include "loader.h"

#define ELF_NAME	u"bitvisor.elf"
#define CONFIG_NAME	u"bitvisor.conf"

#define MIB		(UINT64_C(1) << 20)
#define ELF_LIMIT	(64 * MIB)
#define CONFIG_LIMIT	(1 * MIB)

/* Some firmware fails or stalls on reads of many megabytes at once. */
#define READ_CHUNK	(1 * MIB)

/* No device path is near this long; it bounds a walk through a broken one. */
#define DEVICE_PATH_LIMIT	0x10000u

/* --- where --- */

/* The directory of the loader itself. */
static EFI_STATUS own_directory(struct loader *l, uint16_t dir[PATH_CHARS])
{
	if (!l->self->FilePath) {
		dir[0] = '\\';
		dir[1] = 0;
		return EFI_SUCCESS;
	}
	if (path_directory(dir, l->self->FilePath, DEVICE_PATH_LIMIT)) {
		console_report(l, "the firmware describes the loader's own "
			       "place wrongly; start loadvmm.efi from the "
			       "UEFI shell");
		return EFI_INVALID_PARAMETER;
	}
	return EFI_SUCCESS;
}

EFI_STATUS file_locate(struct loader *l)
{
	static EFI_GUID guid = LOADED_IMAGE_PROTOCOL;
	static uint16_t dir[PATH_CHARS], name[PATH_CHARS];
	EFI_STATUS status;
	int option;

	status = l->bs->HandleProtocol(l->handle, &guid, (void **)&l->self);
	if (EFI_ERROR(status)) {
		console_report(l, "the firmware does not tell where the loader "
			       "came from (%s, %x)", console_status(status),
			       (uint64_t)status);
		return status;
	}
	status = own_directory(l, dir);
	if (EFI_ERROR(status))
		return status;
	option = path_from_options(name, l->self->LoadOptions,
				   l->self->LoadOptionsSize);
	if (option < 0) {
		console_report(l, "too many arguments; usage: loadvmm.efi "
			       "[FILE.elf]");
		return EFI_INVALID_PARAMETER;
	}
	if (path_join(l->elf_path, dir, option ? name : ELF_NAME))
		goto too_long;
	if (path_directory_of(dir, l->elf_path) ||
	    path_join(l->config_path, dir, CONFIG_NAME))
		goto too_long;
	return EFI_SUCCESS;
too_long:
	console_report(l, "file name too long; put loadvmm.efi and "
		       "bitvisor.elf into a directory with a shorter name");
	return EFI_INVALID_PARAMETER;
}

/* --- reading --- */

/* A position beyond the end of a file moves to its end; on a directory this
 * fails (UEFI specification, EFI_FILE_PROTOCOL.SetPosition()). */
static EFI_STATUS file_size(EFI_FILE_HANDLE f, UINT64 *size)
{
	EFI_STATUS status = f->SetPosition(f, UINT64_MAX);

	if (!EFI_ERROR(status))
		status = f->GetPosition(f, size);
	if (!EFI_ERROR(status))
		status = f->SetPosition(f, 0);
	return status;
}

static EFI_STATUS read_bytes(EFI_FILE_HANDLE f, UINT8 *to, UINT64 size)
{
	while (size) {
		UINTN n = size < READ_CHUNK ? size : READ_CHUNK;
		EFI_STATUS status = f->Read(f, &n, to);

		if (EFI_ERROR(status))
			return status;
		if (n == 0)
			return EFI_END_OF_FILE;
		to += n;
		size -= n;
	}
	return EFI_SUCCESS;
}

static EFI_STATUS read_open(struct loader *l, EFI_FILE_HANDLE f, UINT64 limit,
			    struct file *out)
{
	EFI_STATUS status;
	UINT64 size;
	void *data;

	status = file_size(f, &size);
	if (EFI_ERROR(status))
		return status;
	if (size > limit)
		return EFI_BAD_BUFFER_SIZE;
	status = l->bs->AllocatePool(EfiLoaderData, size + 1, &data);
	if (EFI_ERROR(status))
		return status;
	status = read_bytes(f, data, size);
	if (EFI_ERROR(status)) {
		l->bs->FreePool(data);
		return status;
	}
	((char *)data)[size] = '\0';
	*out = (struct file){ data, size };
	return EFI_SUCCESS;
}

/* Read a whole file.  Reports nothing; EFI_NOT_FOUND means what it says. */
static EFI_STATUS read_file(struct loader *l, EFI_FILE_HANDLE root,
			    uint16_t *path, UINT64 limit, struct file *out)
{
	EFI_FILE_HANDLE f;
	EFI_STATUS status;

	status = root->Open(root, &f, path, EFI_FILE_MODE_READ, 0);
	if (EFI_ERROR(status))
		return status;
	status = read_open(l, f, limit, out);
	f->Close(f);
	return status;
}

static EFI_STATUS read_elf(struct loader *l, EFI_FILE_HANDLE root)
{
	EFI_STATUS status = read_file(l, root, l->elf_path, ELF_LIMIT, &l->elf);

	if (status == EFI_NOT_FOUND)
		console_report(l, "%w not found; copy bitvisor.elf into the "
			       "directory of loadvmm.efi", l->elf_path);
	else if (EFI_ERROR(status))
		console_report(l, "cannot read %w (%s, %x); copy the file "
			       "again", l->elf_path, console_status(status),
			       (uint64_t)status);
	return status;
}

static EFI_STATUS read_config(struct loader *l, EFI_FILE_HANDLE root)
{
	EFI_STATUS status = read_file(l, root, l->config_path, CONFIG_LIMIT,
				      &l->config);

	if (status == EFI_NOT_FOUND)
		return EFI_SUCCESS;
	if (status == EFI_BAD_BUFFER_SIZE)
		console_report(l, "%w is larger than %u KiB; a configuration "
			       "of name=value lines is far smaller",
			       l->config_path, CONFIG_LIMIT / 1024);
	else if (EFI_ERROR(status))
		console_report(l, "cannot read %w (%s, %x); copy the file "
			       "again or remove it", l->config_path,
			       console_status(status), (uint64_t)status);
	return status;
}

EFI_STATUS file_read_all(struct loader *l)
{
	static EFI_GUID guid = SIMPLE_FILE_SYSTEM_PROTOCOL;
	EFI_SIMPLE_FILE_SYSTEM_PROTOCOL *volume;
	EFI_FILE_HANDLE root;
	EFI_STATUS status;

	status = l->bs->HandleProtocol(l->self->DeviceHandle, &guid,
				       (void **)&volume);
	if (!EFI_ERROR(status))
		status = volume->OpenVolume(volume, &root);
	if (EFI_ERROR(status)) {
		console_report(l, "the firmware cannot read the volume that "
			       "the loader came from (%s, %x); put "
			       "loadvmm.efi and bitvisor.elf on a FAT "
			       "partition", console_status(status),
			       (uint64_t)status);
		return status;
	}
	status = read_elf(l, root);
	if (!EFI_ERROR(status))
		status = read_config(l, root);
	root->Close(root);
	return status;
}

static void free_file(struct loader *l, struct file *f)
{
	if (f->data)
		l->bs->FreePool(f->data);
	*f = (struct file){ NULL, 0 };
}

void file_free_all(struct loader *l)
{
	free_file(l, &l->config);
	free_file(l, &l->elf);
}
