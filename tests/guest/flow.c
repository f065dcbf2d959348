/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * flow.efi: installed as EFI\BOOT\BOOTX64.EFI of a test disk, it runs the
 * steps of the file \flow.txt, one a line:
 *
 *	\path\program.efi arguments...	start an image, wait for its return
 *	:map				list the memory map's reserved regions
 *	:stall MILLISECONDS		wait
 *	:mark				execute a CPUID, print its address and
 *					the TSC: a border in a log of exits
 *	:mark-exit			the same, later: when an operating
 *					system has called ExitBootServices
 *	:hypercall NAME			make the hypercall of that name
 *	:wrmsr MSR VALUE		hexadecimal, 32 bits
 *	:mp				have all other processors count
 *					themselves, by the firmware's MP services
 *	:mp-disable N			the firmware is to do without one
 *	:state				the processor's registers
 *	:reset | :poweroff		by the firmware's ResetSystem
 *	:shell				start the firmware's next boot option
 *
 * and tells on port 0xe9 what it does.  It saves the tests the 5 s that the
 * UEFI shell waits before startup.nsh.  "%R" among the arguments becomes
 * BASE+SIZE of the largest region that became reserved since flow started:
 * where the VMM lives.
 */
#include <efi.h>
#include <efilib.h>
#include "port.h"

#define LINE_MAX 512

struct region {
	UINT64 base, size;
};

static struct region first_map[64], vmm_region;
static UINTN first_count;

static EFI_STATUS read_flow(EFI_HANDLE volume, CHAR8 **text, UINTN *size)
{
	static CHAR16 name[] = L"\\flow.txt";

	EFI_FILE_HANDLE root, file;
	EFI_FILE_INFO *info;
	EFI_STATUS status;

	root = LibOpenRoot(volume);
	if (!root)
		return EFI_NOT_FOUND;
	status = uefi_call_wrapper(root->Open, 5, root, &file, name,
				   EFI_FILE_MODE_READ, 0);
	if (EFI_ERROR(status))
		return status;
	info = LibFileInfo(file);
	*size = info->FileSize;
	FreePool(info);
	*text = AllocatePool(*size + 1);
	status = uefi_call_wrapper(file->Read, 3, file, size, *text);
	uefi_call_wrapper(file->Close, 1, file);
	(*text)[*size] = 0;
	return status;
}

/* The reserved regions of the memory map, neighbours joined. */
static UINTN reserved_regions(struct region *r, UINTN max)
{
	UINTN entries, key, desc_size, i, n = 0;
	EFI_MEMORY_DESCRIPTOR *map, *d;
	UINT32 version;

	map = LibMemoryMap(&entries, &key, &desc_size, &version);
	for (i = 0; i < entries; i++) {
		d = (void *)((UINT8 *)map + i * desc_size);
		if (d->Type != EfiReservedMemoryType)
			continue;
		if (n && r[n - 1].base + r[n - 1].size == d->PhysicalStart) {
			r[n - 1].size += d->NumberOfPages * 4096;
		} else if (n < max) {
			r[n].base = d->PhysicalStart;
			r[n++].size = d->NumberOfPages * 4096;
		}
	}
	FreePool(map);
	return n;
}

static BOOLEAN was_reserved(const struct region *r)
{
	UINTN i;

	for (i = 0; i < first_count; i++)
		if (first_map[i].base == r->base &&
		    first_map[i].size == r->size)
			return TRUE;
	return FALSE;
}

static void find_vmm(void)
{
	struct region now[64];
	UINTN i, n;

	n = reserved_regions(now, 64);
	vmm_region.size = 0;
	for (i = 0; i < n; i++)
		if (!was_reserved(&now[i]) && now[i].size > vmm_region.size)
			vmm_region = now[i];
}

static void print_map(void)
{
	struct region now[64];
	UINTN i, n;

	n = reserved_regions(now, 64);
	for (i = 0; i < n; i++)
		out("FLOW reserved %lx+%lx%s\n", now[i].base, now[i].size,
		    was_reserved(&now[i]) ? "" : " new");
}

static void hex(CHAR16 **to, UINT64 v)
{
	int shift = 60;

	while (shift && !(v >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		*(*to)++ = L"0123456789abcdef"[v >> shift & 15];
}

/* Arguments in UCS-2, with %R replaced.  Returns their size in bytes. */
static UINT32 expand_arguments(const CHAR8 *s, CHAR16 *to)
{
	CHAR16 *p = to;

	for (; *s && p < to + LINE_MAX - 40; s++) {
		if (s[0] == '%' && s[1] == 'R') {
			find_vmm();
			hex(&p, vmm_region.base);
			*p++ = '+';
			hex(&p, vmm_region.size);
			s++;
		} else {
			*p++ = *s;
		}
	}
	*p++ = 0;
	return (UINT32)((p - to) * sizeof(*to));
}

static void run_image(EFI_HANDLE self, EFI_HANDLE volume, CHAR8 *line)
{
	static CHAR16 path[LINE_MAX], options[LINE_MAX];
	EFI_LOADED_IMAGE *loaded;
	EFI_DEVICE_PATH *device_path;
	EFI_HANDLE image;
	EFI_STATUS status;
	UINTN i = 0;

	for (; *line && *line != ' '; line++)
		path[i++] = *line;
	path[i] = 0;
	if (*line)
		line++;
	device_path = FileDevicePath(volume, path);
	status = uefi_call_wrapper(BS->LoadImage, 6, FALSE, self, device_path,
				   NULL, 0, &image);
	if (EFI_ERROR(status)) {
		out("FLOW load %lx\n", (UINT64)status);
		return;
	}
	uefi_call_wrapper(BS->HandleProtocol, 3, image, &LoadedImageProtocol,
			  (void **)&loaded);
	loaded->LoadOptionsSize = expand_arguments(line, options);
	loaded->LoadOptions = options;
	status = uefi_call_wrapper(BS->StartImage, 3, image, NULL, NULL);
	out("FLOW status %lx\n", (UINT64)status);
}

static UINT64 read_msr(UINT32 msr)
{
	UINT32 low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (UINT64)high << 32 | low;
}

/* What the firmware has in the processor's registers, as far as it can be read
 * and stays the same. */
static void print_state(void)
{
	static const UINT32 msrs[] = {
		0xc0000080, 0xc0000081, 0xc0000082, 0xc0000084, 0xc0000100,
		0xc0000101, 0xc0000102, 0x174, 0x175, 0x176, 0x277, 0x1b,
	};
	struct { UINT16 limit; UINT64 base; } __attribute__((packed)) t;
	UINT64 v;
	UINTN i;

	out("FLOW state");
#define PRINT(name, insn) \
	do { \
		v = 0; \
		__asm__ volatile(insn : "+r"(v)); \
		out(" " name " %lx", v); \
	} while (0)
	PRINT("cr0", "mov %%cr0, %0");
	PRINT("cr3", "mov %%cr3, %0");
	PRINT("cr4", "mov %%cr4, %0");
	PRINT("cr8", "mov %%cr8, %0");
	PRINT("dr7", "mov %%dr7, %0");
	PRINT("rflags", "pushfq\n\tpopq %0");
	PRINT("cs", "mov %%cs, %0");
	PRINT("ss", "mov %%ss, %0");
	PRINT("ds", "mov %%ds, %0");
	PRINT("es", "mov %%es, %0");
	PRINT("fs", "mov %%fs, %0");
	PRINT("gs", "mov %%gs, %0");
	PRINT("ldtr", "sldt %0");
	PRINT("tr", "str %0");
#undef PRINT
	__asm__ volatile("sgdt %0" : "=m"(t));
	out(" gdtr %lx+%x", t.base, (unsigned)t.limit);
	__asm__ volatile("sidt %0" : "=m"(t));
	out(" idtr %lx+%x", t.base, (unsigned)t.limit);
	for (i = 0; i < sizeof(msrs) / sizeof(msrs[0]); i++)
		out(" msr-%x %lx", msrs[i], read_msr(msrs[i]));
	out("\n");
}

static void mark(void)
{
	UINT32 eax = 0, ebx, ecx, edx;
	UINT64 rip, tsc;

	__asm__ volatile("rdtsc" : "=a"(eax), "=d"(edx));
	tsc = (UINT64)edx << 32 | eax;
	__asm__ volatile("lea 1f(%%rip), %0\n\txor %%eax, %%eax\n1:\tcpuid"
			 : "=&S"(rip), "=&a"(eax), "=b"(ebx), "=c"(ecx),
			   "=d"(edx));
	out("FLOW mark %lx %lu\n", rip, tsc);
}

/* VMMCALL on AMD, VMCALL on Intel (vmm/hypercall.h). */
static UINT64 hypercall(UINT64 call, UINT64 rbx)
{
	UINT32 eax = 0, ebx, ecx, edx;

	__asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "=c"(ecx), "=d"(edx));
	if (ebx == 0x756e6547)	/* "Genu" */
		__asm__ volatile("vmcall" : "+a"(call), "+b"(rbx)
				 :: "rcx", "rdx", "memory");
	else
		__asm__ volatile("vmmcall" : "+a"(call), "+b"(rbx)
				 :: "rcx", "rdx", "memory");
	return call;
}

static void hypercall_by_name(const CHAR8 *name)
{
	UINT64 call = hypercall(0, (UINT64)name);

	if (call)
		call = hypercall(call, 0);
	out("FLOW hypercall %lx\n", call);
}

static VOID EFIAPI mark_at_exit(EFI_EVENT event, VOID *context)
{
	(void)event;
	(void)context;
	mark();
}

static void mark_exit(void)
{
	EFI_EVENT event;

	uefi_call_wrapper(BS->CreateEvent, 5, EVT_SIGNAL_EXIT_BOOT_SERVICES,
			  TPL_NOTIFY, mark_at_exit, NULL, &event);
}

static UINTN number(const CHAR8 *s)
{
	UINTN n = 0;

	while (*s >= '0' && *s <= '9')
		n = n * 10 + *s++ - '0';
	return n;
}

static BOOLEAN is(const CHAR8 *line, const char *word)
{
	return strncmpa(line, (const CHAR8 *)word, strlena((void *)word)) == 0;
}

static UINT32 hexadecimal(const CHAR8 **s)
{
	UINT32 n = 0;

	while (**s == ' ')
		(*s)++;
	for (; **s > ' '; (*s)++)
		n = n << 4 | ((**s & 15) + (**s > '9' ? 9 : 0));
	return n;
}

/* As a firmware's setup might have left it. */
static void write_msr(const CHAR8 *arguments)
{
	UINT32 msr = hexadecimal(&arguments);
	UINT32 low = hexadecimal(&arguments);

	__asm__ volatile("wrmsr" :: "c"(msr), "a"(low), "d"(0));
}

/* UEFI Platform Initialization specification, volume 2, 13.4. */
struct mp_services {
	EFI_STATUS (EFIAPI *count)(struct mp_services *self, UINTN *all,
				   UINTN *enabled);
	void *info;
	EFI_STATUS (EFIAPI *all_aps)(struct mp_services *self,
				     VOID (EFIAPI *procedure)(VOID *arg),
				     BOOLEAN one_by_one, EFI_EVENT event,
				     UINTN usec, VOID *arg, UINTN **failed);
	void *this_ap, *switch_bsp;
	EFI_STATUS (EFIAPI *enable)(struct mp_services *self, UINTN number,
				    BOOLEAN enable, UINT32 *health);
};

#define MP_USEC		5000000
#define VMM_LEAF	0x40004201u	/* EBX: number of the vCPU */

static struct mp_services *find_mp(void)
{
	static EFI_GUID guid = { 0x3fdda605, 0xa76e, 0x4f46,
		{ 0xad, 0x29, 0x12, 0xf4, 0x53, 0x1b, 0x3d, 0x08 } };
	struct mp_services *mp = NULL;

	uefi_call_wrapper(BS->LocateProtocol, 3, &guid, NULL, (void **)&mp);
	return mp;
}

struct mp_result {
	UINT32 count, vcpus;	/* vcpus: a bit for each */
};

static VOID EFIAPI count_here(VOID *arg)
{
	struct mp_result *r = arg;
	UINT32 eax = VMM_LEAF, ebx, ecx = 0, edx;

	__asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx),
			 "=d"(edx));
	__atomic_add_fetch(&r->count, 1, __ATOMIC_SEQ_CST);
	__atomic_or_fetch(&r->vcpus, (UINT32)1 << ebx % 32, __ATOMIC_SEQ_CST);
}

static void count_processors(void)
{
	struct mp_services *mp = find_mp();
	struct mp_result r = { 0, 0 };
	EFI_STATUS status = EFI_NOT_FOUND;

	if (mp)
		status = uefi_call_wrapper(mp->all_aps, 7, mp, count_here,
					   FALSE, NULL, MP_USEC, &r, NULL);
	out("FLOW mp %lx count %u vcpus %x\n", (UINT64)status, r.count,
	    r.vcpus);
}

static void disable_processor(UINTN which)
{
	struct mp_services *mp = find_mp();
	EFI_STATUS status = EFI_NOT_FOUND;

	if (mp)
		status = uefi_call_wrapper(mp->enable, 4, mp, which, FALSE,
					   NULL);
	out("FLOW mp-disable %lx\n", (UINT64)status);
}

/* FALSE: the flow ends here and the firmware goes on. */
static BOOLEAN run_step(EFI_HANDLE self, EFI_HANDLE volume, CHAR8 *line)
{
	out("FLOW step %s\n", (char *)line);
	if (is(line, ":map"))
		print_map();
	else if (is(line, ":state"))
		print_state();
	else if (is(line, ":mark-exit"))
		mark_exit();
	else if (is(line, ":mark"))
		mark();
	else if (is(line, ":hypercall "))
		hypercall_by_name(line + 11);
	else if (is(line, ":wrmsr"))
		write_msr(line + 6);
	else if (is(line, ":mp-disable "))
		disable_processor(number(line + 12));
	else if (is(line, ":mp"))
		count_processors();
	else if (is(line, ":stall"))
		uefi_call_wrapper(BS->Stall, 1, number(line + 7) * 1000);
	else if (is(line, ":reset"))
		uefi_call_wrapper(RT->ResetSystem, 4, EfiResetCold,
				  EFI_SUCCESS, 0, NULL);
	else if (is(line, ":poweroff"))
		uefi_call_wrapper(RT->ResetSystem, 4, EfiResetShutdown,
				  EFI_SUCCESS, 0, NULL);
	else if (is(line, ":shell"))
		return FALSE;
	else
		run_image(self, volume, line);
	return TRUE;
}

EFI_STATUS efi_main(EFI_HANDLE self, EFI_SYSTEM_TABLE *table);

EFI_STATUS efi_main(EFI_HANDLE self, EFI_SYSTEM_TABLE *table)
{
	EFI_LOADED_IMAGE *loaded;
	EFI_STATUS status;
	CHAR8 *text, *end;
	UINTN size;

	InitializeLib(self, table);
	first_count = reserved_regions(first_map, 64);
	uefi_call_wrapper(BS->HandleProtocol, 3, self, &LoadedImageProtocol,
			  (void **)&loaded);
	status = read_flow(loaded->DeviceHandle, &text, &size);
	if (EFI_ERROR(status)) {
		out("FLOW flow.txt %lx\n", (UINT64)status);
		return status;
	}
	out("FLOW begin\n");
	for (; *text; text = end) {
		for (end = text; *end && *end != '\n'; end++)
			;
		if (*end)
			*end++ = 0;
		if (*text && !run_step(self, loaded->DeviceHandle, text))
			break;
	}
	out("FLOW end\n");
	return EFI_SUCCESS;
}
