/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include "loader.h"

/* UEFI Platform Initialization specification, volume 2, section 13.4
 * ("MP Services Protocol"); gnu-efi does not have it. */

typedef void (EFIAPI *mp_procedure)(void *arg);

struct mp_processor {
	UINT64 id;
	UINT32 status;		/* MP_* */
	UINT32 location[3];
	UINT32 extended[6];	/* newer firmware */
};

#define MP_BOOT_PROCESSOR	0x1u
#define MP_ENABLED		0x2u

struct mp_services {
	EFI_STATUS (EFIAPI *count)(struct mp_services *self, UINTN *all,
				   UINTN *enabled);
	EFI_STATUS (EFIAPI *info)(struct mp_services *self, UINTN number,
				  struct mp_processor *processor);
	void *startup_all_aps;
	EFI_STATUS (EFIAPI *startup_this_ap)(struct mp_services *self,
					     mp_procedure procedure,
					     UINTN number, EFI_EVENT event,
					     UINTN timeout_usec, void *arg,
					     BOOLEAN *finished);
	void *switch_bsp;
	EFI_STATUS (EFIAPI *enable_disable_ap)(struct mp_services *self,
					       UINTN number, BOOLEAN enable,
					       UINT32 *health);
	void *who_am_i;
};

/* Longer than any honest work of one processor, emulated ones included; a
 * processor that hangs must not hang the machine. */
#define TIMEOUT_USEC	30000000u

struct call {
	void (BV_ABI *fn)(void *arg);
	void *arg;
};

/* On the other processor: from the firmware's calling convention to ours. */
static void EFIAPI call_here(void *arg)
{
	struct call *call = arg;

	call->fn(call->arg);
}

uint32_t mp_init(struct loader *l)
{
	static EFI_GUID guid = {
		0x3fdda605, 0xa76e, 0x4f46,
		{ 0xad, 0x29, 0x12, 0xf4, 0x53, 0x1b, 0x3d, 0x08 }
	};
	UINTN all, enabled;

	if (EFI_ERROR(l->bs->LocateProtocol(&guid, NULL, (void **)&l->mp))) {
		l->mp = NULL;
		return 1;
	}
	if (EFI_ERROR(l->mp->count(l->mp, &all, &enabled)) || all < 1)
		return 1;
	return (uint32_t)all;
}

static int64_t error_of(EFI_STATUS status)
{
	return status == EFI_TIMEOUT ? -ETIMEDOUT : -EIO;
}

/* One that the firmware does without must be under the VMM, too: the firmware
 * wakes it once more when an operating system starts, and waits for it. */
static EFI_STATUS run_on(struct loader *l, UINTN number, bool enabled,
			 struct call *call)
{
	EFI_STATUS status = EFI_SUCCESS;

	if (!enabled)
		status = l->mp->enable_disable_ap(l->mp, number, TRUE, NULL);
	if (EFI_ERROR(status))
		return status;
	status = l->mp->startup_this_ap(l->mp, call_here, number, NULL,
					TIMEOUT_USEC, call, NULL);
	if (!enabled)
		(void)l->mp->enable_disable_ap(l->mp, number, FALSE, NULL);
	return status;
}

BV_ABI int64_t mp_run_on_others(void *loader, void (BV_ABI *fn)(void *arg),
				void *arg)
{
	struct loader *l = loader;
	struct call call = { fn, arg };
	UINTN all, enabled;
	int64_t done = 0;
	EFI_STATUS status;

	if (!l->mp)
		return -ENOSYS;
	status = l->mp->count(l->mp, &all, &enabled);
	if (EFI_ERROR(status))
		return error_of(status);
	for (UINTN i = 0; i < all; i++) {
		struct mp_processor p;

		status = l->mp->info(l->mp, i, &p);
		if (EFI_ERROR(status))
			return error_of(status);
		if (p.status & MP_BOOT_PROCESSOR)
			continue;
		status = run_on(l, i, p.status & MP_ENABLED, &call);
		if (EFI_ERROR(status) && !(p.status & MP_ENABLED))
			continue;	/* the image notes that it is missing */
		if (EFI_ERROR(status))
			return error_of(status);
		done++;
	}
	return done;
}
