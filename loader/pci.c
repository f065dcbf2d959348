/* SPDX-License-Identifier: BSD-3-Clause */
/* The firmware's drivers of a PCI function (UEFI specification 2.10, 14.4
 * "EFI PCI I/O Protocol", 7.3 "Protocol Handler Services"). */
#include <errno.h>
#include <string.h>
#include "loader.h"

/* A driver may be busy; it gets more than one chance. */
#define ATTEMPTS 10

static EFI_GUID pci_io_guid = EFI_PCI_IO_PROTOCOL_GUID;
static EFI_GUID device_path_guid = EFI_DEVICE_PATH_PROTOCOL_GUID;

static bool is_at(struct loader *l, EFI_HANDLE handle,
		  const struct bv_pci_location *want)
{
	UINTN segment, bus, device, function;
	EFI_PCI_IO_PROTOCOL *io;

	return !EFI_ERROR(l->bs->HandleProtocol(handle, &pci_io_guid,
						(void **)&io)) &&
		!EFI_ERROR(io->GetLocation(io, &segment, &bus, &device,
					   &function)) &&
		segment == want->segment && bus == want->bus &&
		device == want->device && function == want->function;
}

/* The function's handle, NULL if it has none. */
static EFI_HANDLE find(struct loader *l, const struct bv_pci_location *want)
{
	EFI_HANDLE *handles, found = NULL;
	UINTN count;

	if (EFI_ERROR(l->bs->LocateHandleBuffer(ByProtocol, &pci_io_guid, NULL,
						&count, &handles)))
		return NULL;
	for (UINTN i = 0; i < count && !found; i++)
		if (is_at(l, handles[i], want))
			found = handles[i];
	l->bs->FreePool(handles);
	return found;
}

static bool is_guid(const EFI_GUID *a, const EFI_GUID *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* Remove a protocol from the handle; true if it is gone. */
static bool uninstall(struct loader *l, EFI_HANDLE handle, EFI_GUID *guid)
{
	void *interface;

	return !EFI_ERROR(l->bs->HandleProtocol(handle, guid, &interface)) &&
		!EFI_ERROR(l->bs->UninstallProtocolInterface(handle, guid,
							     interface));
}

/* Returns how many went. */
static int64_t uninstall_rest(struct loader *l, EFI_HANDLE handle)
{
	EFI_GUID **guids;
	int64_t gone = 0;
	UINTN count;

	if (EFI_ERROR(l->bs->ProtocolsPerHandle(handle, &guids, &count)))
		return 0;
	for (UINTN i = 0; i < count; i++)
		if (!is_guid(guids[i], &pci_io_guid) &&
		    !is_guid(guids[i], &device_path_guid) &&
		    uninstall(l, handle, guids[i]))
			gone++;
	l->bs->FreePool(guids);
	return gone;
}

BV_ABI int64_t pci_disconnect(void *loader,
			      const struct bv_pci_location *location)
{
	struct loader *l = loader;
	EFI_HANDLE handle = find(l, location);
	EFI_STATUS status = EFI_NOT_FOUND;

	if (!handle)
		return -ENODEV;
	for (int i = 0; i < ATTEMPTS && EFI_ERROR(status); i++)
		status = l->bs->DisconnectController(handle, NULL, NULL);
	if (EFI_ERROR(status))
		return -EBUSY;
	return uninstall_rest(l, handle);
}

BV_ABI void pci_connect(void *loader, const struct bv_pci_location *location)
{
	struct loader *l = loader;
	EFI_HANDLE handle = find(l, location);

	if (handle)
		l->bs->ConnectController(handle, NULL, NULL, TRUE);
}
