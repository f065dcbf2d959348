/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Load options: words, each the name of a group of tests to run (default:
 * all that compare), or vmm=BASE+SIZE in hexadecimal, where the VMM's memory is.
 */
#include <efi.h>
#include <efilib.h>
#include "probe.h"

struct probe probe;

static const struct {
	const char *name;
	void (*run)(void);
} groups[] = {
	{ "cpuid", probe_cpuid },
	{ "insn", probe_insn },
	{ "exception", probe_exception },
	{ "step", probe_step },
	{ "nmi", probe_nmi },
	{ "xsetbv", probe_xsetbv },
	{ "efer", probe_efer },
	{ "tsc", probe_tsc },
	{ "port", probe_port },
	{ "msr", probe_msr },
	{ "memory", probe_memory },
	{ "task", probe_task },
	{ "cost", probe_cost },
	/* by name only: */
	{ "exits", probe_exits },
	{ "exits-memory", probe_exits_memory },
	{ "exits-cr", probe_exits_cr },
	{ "triple", attack_triple },
	{ "idt", attack_idt },
	{ "cr3", attack_cr3 },
	{ "exec", attack_exec },
	{ "hypercall", attack_hypercall },
	{ "apic-base", attack_apic_base },
	{ "bad-msr", attack_msr },
	{ "bad-cr4", attack_cr4 },
	{ "keyboard", reset_keyboard },
	{ "cf9", reset_cf9 },
	{ "port92", reset_port92 },
	{ "init", reset_init },
};
#define GROUPS (sizeof(groups) / sizeof(groups[0]))
#define DEFAULT_GROUPS 13

void probe_trap(const char *key, int vector)
{
	out("PROBE %s ", key);
	trap_print(vector);
	out("\n");
}

static void call_code(void *code)
{
	__asm__ volatile("call *%0"
			 :: "r"(code)
			 : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8",
			   "r9", "r10", "r11", "memory", "cc");
}

int probe_run_code(const void *code, unsigned size)
{
	const uint8_t *from = code;
	unsigned i;

	for (i = 0; i < size; i++)
		probe.low[i] = from[i];
	probe.low[size] = 0xc3;
	return trap_catch(call_code, probe.low);
}

static const CHAR16 *skip_word(const CHAR16 *s)
{
	while (*s && *s != ' ')
		s++;
	while (*s == ' ')
		s++;
	return s;
}

static BOOLEAN word_is(const CHAR16 *s, const char *word)
{
	while (*word && *s == (CHAR16)*word) {
		s++;
		word++;
	}
	return !*word && (!*s || *s == ' ');
}

static const CHAR16 *parse_hex(const CHAR16 *s, uint64_t *v)
{
	unsigned digit;

	for (*v = 0;; s++) {
		if (*s >= '0' && *s <= '9')
			digit = *s - '0';
		else if (*s >= 'a' && *s <= 'f')
			digit = *s - 'a' + 10;
		else
			return s;
		*v = *v << 4 | digit;
	}
}

static BOOLEAN chosen(const CHAR16 *options, UINTN group)
{
	BOOLEAN any = FALSE;

	for (; *options; options = skip_word(options)) {
		if (word_is(options, groups[group].name))
			return TRUE;
		if (StrnCmp(options, L"vmm=", 4))
			any = TRUE;
	}
	return !any && group < DEFAULT_GROUPS;
}

static void parse_region(const CHAR16 *options)
{
	for (; *options; options = skip_word(options)) {
		if (StrnCmp(options, L"vmm=", 4))
			continue;
		options = parse_hex(options + 4, &probe.vmm_base);
		if (*options == '+')
			options = parse_hex(options + 1, &probe.vmm_size);
	}
}

static uint64_t allocate(EFI_ALLOCATE_TYPE how, EFI_MEMORY_TYPE type,
			 UINTN bytes, uint64_t limit)
{
	EFI_PHYSICAL_ADDRESS at = limit;

	if (EFI_ERROR(uefi_call_wrapper(BS->AllocatePages, 4, how, type,
					bytes / 4096, &at)))
		return 0;
	return at;
}

/* May the page be written, if it is put back?  Ordinary memory, that is, and
 * nothing that the processor uses behind our back. */
static bool is_memory(uint64_t page)
{
	UINTN entries, key, size, i;
	EFI_MEMORY_DESCRIPTOR *map, *d;
	bool memory = false;
	UINT32 version;

	map = LibMemoryMap(&entries, &key, &size, &version);
	for (i = 0; i < entries; i++) {
		d = (void *)((UINT8 *)map + i * size);
		if (page - d->PhysicalStart < d->NumberOfPages * 4096)
			memory = d->Type >= EfiLoaderCode &&
				d->Type <= EfiConventionalMemory;
	}
	FreePool(map);
	return memory;
}

/* Bare: 4 MiB in the middle of a block of ours. */
static void replace_vmm_memory(void)
{
	probe.vmm_size = 4 << 20;
	probe.vmm_base = allocate(AllocateAnyPages, EfiReservedMemoryType,
				  probe.vmm_size + 8192, 0) + 4096;
	probe.own_before = probe.own_after = true;
}

static void get_memory(void)
{
	probe.low = (uint8_t *)allocate(AllocateMaxAddress, EfiLoaderCode,
					65536, 0xffffffff);
	probe.pages = (uint8_t *)allocate(AllocateMaxAddress, EfiLoaderData,
					  65536, 0xffffffff);
	probe.real = (uint8_t *)allocate(AllocateMaxAddress, EfiLoaderCode,
					 4096, 0x9ffff);
	if (!probe.vmm_size) {
		replace_vmm_memory();
		return;
	}
	probe.own_before = is_memory(probe.vmm_base - 4096);
	probe.own_after = is_memory(probe.vmm_base + probe.vmm_size);
}

EFI_STATUS efi_main(EFI_HANDLE self, EFI_SYSTEM_TABLE *table);

EFI_STATUS efi_main(EFI_HANDLE self, EFI_SYSTEM_TABLE *table)
{
	static const CHAR16 nothing[1];
	EFI_LOADED_IMAGE *loaded;
	const CHAR16 *options;
	struct x86_cpuid id;
	static char vendor[13];
	UINTN i;

	InitializeLib(self, table);
	uefi_call_wrapper(BS->HandleProtocol, 3, self, &LoadedImageProtocol,
			  (void **)&loaded);
	options = loaded->LoadOptions && loaded->LoadOptionsSize > 2 ?
		loaded->LoadOptions : nothing;
	parse_region(options);
	get_memory();
	id = x86_cpuid(0, 0);
	CopyMem(vendor, &id.ebx, 4);
	CopyMem(vendor + 4, &id.edx, 4);
	CopyMem(vendor + 8, &id.ecx, 4);
	probe.cpu = vendor;
	out("PROBE begin %lx+%lx\n", probe.vmm_base, probe.vmm_size);
	for (i = 0; i < GROUPS; i++) {
		if (!chosen(options, i))
			continue;
		out("PROBE group %s\n", groups[i].name);
		trap_begin();
		window_begin();
		groups[i].run();
		window_end();
		trap_end();
	}
	out("PROBE end\n");
	return EFI_SUCCESS;
}
