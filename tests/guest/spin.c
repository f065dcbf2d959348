/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * spin.efi: a guest that hangs.  All processors end in `cli; jmp .`: nothing
 * that the guest does, and none of its interrupts, brings them into the VMM.
 * Says "SPIN n" on port 0xe9 when n processors do so, this one being the last.
 */
#include <efi.h>
#include <efilib.h>
#include "port.h"

/* UEFI PI specification 1.7, volume 2, 13.4: the first members. */
struct mp_services {
	EFI_STATUS (EFIAPI *count)(struct mp_services *self, UINTN *all,
				   UINTN *enabled);
	void *info;
	EFI_STATUS (EFIAPI *startup_all)(struct mp_services *self,
					 VOID (EFIAPI *procedure)(VOID *arg),
					 BOOLEAN one_by_one, EFI_EVENT event,
					 UINTN usec, VOID *arg,
					 UINTN **failed);
};

static EFI_GUID mp_guid = { 0x3fdda605, 0xa76e, 0x4f46,
	{ 0xad, 0x29, 0x12, 0xf4, 0x53, 0x1b, 0x3d, 0x08 } };
static UINTN spinning;

static VOID EFIAPI spin(VOID *arg)
{
	(void)arg;
	__atomic_add_fetch(&spinning, 1, __ATOMIC_RELAXED);
	__asm__ volatile("cli\n1:\tjmp 1b");
}

static void start_others(struct mp_services *mp)
{
	EFI_STATUS status;
	EFI_EVENT event;

	uefi_call_wrapper(BS->CreateEvent, 5, 0, 0, NULL, NULL, &event);
	/* With an event it returns at once; they never will. */
	status = uefi_call_wrapper(mp->startup_all, 7, mp, spin, FALSE, event,
				   0, NULL, NULL);
	out("SPIN others %lx\n", (UINT64)status);
}

EFI_STATUS efi_main(EFI_HANDLE self, EFI_SYSTEM_TABLE *table);

EFI_STATUS efi_main(EFI_HANDLE self, EFI_SYSTEM_TABLE *table)
{
	struct mp_services *mp;
	UINTN all = 1, enabled = 1;
	EFI_STATUS status;

	InitializeLib(self, table);
	status = uefi_call_wrapper(BS->LocateProtocol, 3, &mp_guid, NULL,
				   (void **)&mp);
	if (!EFI_ERROR(status))
		uefi_call_wrapper(mp->count, 3, mp, &all, &enabled);
	if (enabled > 1)
		start_others(mp);
	while (__atomic_load_n(&spinning, __ATOMIC_RELAXED) < enabled - 1)
		__asm__ volatile("pause");
	__asm__ volatile("cli");
	out("SPIN %lu\n", (UINT64)enabled);
	spin(NULL);
	return EFI_ABORTED;
}
