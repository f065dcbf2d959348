/* SPDX-License-Identifier: BSD-3-Clause */
/* See starts.h. */
#include <efi.h>
#include <efilib.h>
#include "starts.h"

#define LOW_PAGES 0xa0

unsigned starts_vector;
const char *phase;

static uint8_t low[LOW_PAGES];		/* 1: may be written */
static EFI_HANDLE self;

static const struct {
	const char *name;
	void (*run)(void);
} groups[] = {
	{ "patterns", starts_patterns },
	{ "vectors", starts_vectors },
	{ "state", starts_state },
	{ "apic", starts_apic },
	{ "restart", starts_restart },
	{ "x2apic", starts_x2apic },	/* last: it may not come back */
	/* by name only: */
	{ "unsigned", starts_unsigned },
	{ "moved", starts_moved },
	{ "cost", starts_cost },
	{ "first-only", starts_first_only },
	{ "triple", starts_triple },
};
#define GROUPS (sizeof(groups) / sizeof(groups[0]))
#define DEFAULT_GROUPS 6

static BOOLEAN word_is(const CHAR16 *s, const char *word)
{
	while (*word && *s == (CHAR16)*word) {
		s++;
		word++;
	}
	return !*word && (!*s || *s == ' ');
}

static const CHAR16 *skip_word(const CHAR16 *s)
{
	while (*s && *s != ' ')
		s++;
	while (*s == ' ')
		s++;
	return s;
}

static BOOLEAN asked(const CHAR16 *options, const char *name)
{
	for (; *options; options = skip_word(options))
		if (word_is(options, name))
			return TRUE;
	return FALSE;
}

/* Is any group named?  "alone" is none. */
static BOOLEAN asked_any(const CHAR16 *options)
{
	UINTN i;

	for (i = 0; i < GROUPS; i++)
		if (asked(options, groups[i].name))
			return TRUE;
	return FALSE;
}

bool starts_memory(unsigned vector)
{
	return vector < LOW_PAGES && low[vector];
}

/* Every page below 640 KiB that is free. */
static void take_low_pages(void)
{
	EFI_PHYSICAL_ADDRESS at;
	UINTN i;

	for (i = 0; i < LOW_PAGES; i++) {
		at = i << 12;
		low[i] = !EFI_ERROR(uefi_call_wrapper(
			BS->AllocatePages, 4, AllocateAddress, EfiLoaderCode,
			1, &at));
		if (low[i] && i)
			starts_vector = (unsigned)i;
	}
}

/* The firmware's count of processors, by its MP services. */
static unsigned count_processors(void)
{
	static EFI_GUID guid = { 0x3fdda605, 0xa76e, 0x4f46,
		{ 0xad, 0x29, 0x12, 0xf4, 0x53, 0x1b, 0x3d, 0x08 } };
	struct mp {
		EFI_STATUS (EFIAPI *count)(struct mp *, UINTN *, UINTN *);
	} *mp;
	UINTN total = 1, enabled;

	if (EFI_ERROR(uefi_call_wrapper(BS->LocateProtocol, 3, &guid, NULL,
					(void **)&mp)) ||
	    EFI_ERROR(uefi_call_wrapper(mp->count, 3, mp, &total, &enabled)))
		return 1;
	return total < MAX_CPUS ? (unsigned)total : MAX_CPUS;
}

/* The boot services end here: nothing may be allocated behind the map. */
static void leave_firmware(void)
{
	UINTN entries, key, size;
	UINT32 version;

	(void)LibMemoryMap(&entries, &key, &size, &version);
	if (EFI_ERROR(uefi_call_wrapper(BS->ExitBootServices, 2, self, key)))
		out("PROBE crash ExitBootServices\n");
}

static void run(const CHAR16 *options)
{
	BOOLEAN any = asked_any(options);
	UINTN i;

	out("PROBE begin %u\n", cpu_count);
	for (i = 0; i < GROUPS; i++) {
		if (any ? !asked(options, groups[i].name) :
		    i >= DEFAULT_GROUPS)
			continue;
		out("PROBE group %s\n", groups[i].name);
		groups[i].run();
	}
	out("PROBE end\n");
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *table);

/* Never returns: the firmware's processors are gone. */
EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *table)
{
	static const CHAR16 nothing[1];
	static CHAR16 options[128];
	EFI_LOADED_IMAGE *loaded;

	self = image;
	InitializeLib(image, table);
	uefi_call_wrapper(BS->HandleProtocol, 3, image, &LoadedImageProtocol,
			  (void **)&loaded);
	StrnCpy(options, loaded->LoadOptions &&
		loaded->LoadOptionsSize > 2 ? loaded->LoadOptions : nothing,
		127);
	cpu_count = count_processors();
	take_low_pages();
	starts_slow = asked(options, "slow");
	if (asked(options, "alone"))
		leave_firmware();
	starts_tables();
	starts_page(starts_vector);
	if (cpu_count < 2)
		out("PROBE crash one processor only\n");
	else
		run(options);
	uefi_call_wrapper(RT->ResetSystem, 4, EfiResetShutdown, EFI_SUCCESS,
			  0, NULL);
	return EFI_DEVICE_ERROR;
}
