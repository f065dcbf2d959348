/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#include "loader.h"

/* Device paths: UEFI specification, section 10.3. */
enum {
	NODE_HEADER = 4,
	TYPE_END = 0x7f, SUBTYPE_END_ENTIRE = 0xff,
	TYPE_MEDIA = 4, SUBTYPE_FILE = 4,
};

static void put_header(UINT8 *node, UINT8 type, UINT8 subtype, size_t length)
{
	node[0] = type;
	node[1] = subtype;
	node[2] = (UINT8)length;
	node[3] = (UINT8)(length >> 8);
}

/* Bytes of a device path without its end node. */
static size_t path_bytes(const UINT8 *path)
{
	size_t n = 0;

	while (path[n] != TYPE_END)
		n += path[n + 2] | (size_t)path[n + 3] << 8;
	return n;
}

/* The device path of `file` on the loader's volume, in pool memory. */
static EFI_STATUS make_device_path(struct loader *l, const uint16_t *file,
				   UINT8 **out)
{
	static EFI_GUID guid = DEVICE_PATH_PROTOCOL;
	size_t volume, name = 1, node;
	EFI_STATUS status;
	UINT8 *device;

	status = l->bs->HandleProtocol(l->self->DeviceHandle, &guid,
				       (void **)&device);
	if (EFI_ERROR(status))
		return status;
	volume = path_bytes(device);
	while (file[name - 1])
		name++;
	node = NODE_HEADER + name * sizeof(*file);
	status = l->bs->AllocatePool(EfiLoaderData, volume + node + NODE_HEADER,
				     (void **)out);
	if (EFI_ERROR(status))
		return status;
	memcpy(*out, device, volume);
	put_header(*out + volume, TYPE_MEDIA, SUBTYPE_FILE, node);
	memcpy(*out + volume + NODE_HEADER, file, name * sizeof(*file));
	put_header(*out + volume + node, TYPE_END, SUBTYPE_END_ENTIRE,
		   NODE_HEADER);
	return EFI_SUCCESS;
}

static EFI_STATUS load(struct loader *l, const uint16_t *file, EFI_HANDLE *next)
{
	EFI_STATUS status;
	UINT8 *path;

	*next = NULL;
	status = make_device_path(l, file, &path);
	if (EFI_ERROR(status))
		return status;
	status = l->bs->LoadImage(FALSE, l->handle, (void *)path, NULL, 0,
				  next);
	l->bs->FreePool(path);
	/* With this error the image is loaded, but may not be started. */
	if (status == EFI_SECURITY_VIOLATION && *next)
		l->bs->UnloadImage(*next);
	return status;
}

EFI_STATUS chain_start(struct loader *l)
{
	static const uint16_t root[] = u"\\";
	static uint16_t name[PATH_CHARS], file[PATH_CHARS];
	const char *chain = l->handoff.chain;
	EFI_STATUS status;
	EFI_HANDLE next;

	if (path_from_utf8(name, chain, sizeof(l->handoff.chain)) ||
	    path_join(file, root, name)) {
		console_report(l, "BitVisor runs, but chain= is no file name; "
			       "correct bitvisor.conf");
		return EFI_INVALID_PARAMETER;
	}
	status = load(l, file, &next);
	if (EFI_ERROR(status)) {
		console_report(l, "BitVisor runs, but chain=%w cannot be "
			       "started (%s, %x); correct bitvisor.conf: the "
			       "file must be an EFI program on the loader's "
			       "volume", file, console_status(status),
			       (uint64_t)status);
		return status;
	}
	status = l->bs->StartImage(next, NULL, NULL);
	if (EFI_ERROR(status))
		console_report(l, "BitVisor runs, but chain=%w gave up (%s, "
			       "%x)", file, console_status(status),
			       (uint64_t)status);
	return status;
}
