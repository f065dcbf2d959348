/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#include "loader.h"

/* A protocol without functions: its presence is the message.  It lives on a
 * handle of its own, because the loader's handle goes away on return. */
static EFI_GUID running_guid = {
	0x9f1c2ad7, 0x5e3b, 0x4c7e,
	{ 0x8d, 0x61, 0x2b, 0xf0, 0x94, 0x7a, 0xc8, 0x15 }
};

/* The VMM's documented leaf; configuration can hide it. */
#define BITVISOR_LEAF	0x40004200u

static bool leaf_present(void)
{
	char name[12];
	uint32_t a, b, c, d;

	__asm__ volatile("cpuid" : "=a" (a), "=b" (b), "=c" (c), "=d" (d)
			 : "0" (BITVISOR_LEAF), "2" (0));
	memcpy(name, &b, 4);
	memcpy(name + 4, &c, 4);
	memcpy(name + 8, &d, 4);
	return !memcmp(name, "BitVisorBitV", sizeof(name));
}

bool running_detect(struct loader *l)
{
	void *interface;

	return leaf_present() ||
		!EFI_ERROR(l->bs->LocateProtocol(&running_guid, NULL,
						 &interface));
}

void running_mark(struct loader *l)
{
	EFI_HANDLE handle = NULL;

	/* Without the mark (no memory) the CPUID leaf still tells. */
	l->bs->InstallProtocolInterface(&handle, &running_guid,
					EFI_NATIVE_INTERFACE, NULL);
}
