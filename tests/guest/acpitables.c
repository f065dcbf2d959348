/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * acpitables.efi: gives a machine ACPI tables whose firmware has none, as OVMF
 * on Bochs: DSDT (acpitables.asl), FACS, FADT and MADT, for the chipset
 * i440FX with PIIX4 power management at port 0xb000.  The firmware's
 * EFI_ACPI_TABLE_PROTOCOL adds RSDP and XSDT.  Line: "ACPI tables N cpus".
 * (ACPI specification 6.5, 5.2; UEFI specification 2.10, 20.2; PI
 * specification 1.8, volume 2, 13.4)
 */
#include <efi.h>
#include <efilib.h>
#include "acpitables.h"		/* acpitables_aml_code[], from the ASL */
#include "port.h"

#define PACKED __attribute__((packed))
#define MAX_CPUS 8

#define PM_BASE		0xb000
#define SCI_IRQ		9
#define LAPIC_BASE	0xfee00000u
#define IOAPIC_BASE	0xfec00000u

struct header {
	char signature[4];
	UINT32 length;
	UINT8 revision, checksum;
	char oem[6], oem_table[8];
	UINT32 oem_revision;
	char creator[4];
	UINT32 creator_revision;
} PACKED;

struct gas {
	UINT8 space, bits, offset, access;
	UINT64 address;
} PACKED;

struct fadt {
	struct header h;
	UINT32 facs, dsdt;
	UINT8 reserved0, profile;
	UINT16 sci;
	UINT32 smi_command;
	UINT8 acpi_on, acpi_off, s4bios, pstate;
	UINT32 pm1a_event, pm1b_event, pm1a_control, pm1b_control;
	UINT32 pm2_control, pm_timer, gpe0, gpe1;
	UINT8 pm1_event_len, pm1_control_len, pm2_control_len, pm_timer_len;
	UINT8 gpe0_len, gpe1_len, gpe1_base, cstate;
	UINT16 c2_latency, c3_latency, flush_size, flush_stride;
	UINT8 duty_offset, duty_width, day_alarm, month_alarm, century;
	UINT16 boot_flags;
	UINT8 reserved1;
	UINT32 flags;
	struct gas reset;
	UINT8 reset_value;
	UINT16 arm_flags;
	UINT8 minor;
	UINT64 x_facs, x_dsdt;
	struct gas x_pm[8];
} PACKED;

#define FADT_WBINVD	(1u << 0)
#define FADT_SLEEP_BUTTON (1u << 5)	/* there is none with a register */
#define FADT_RESET	(1u << 10)

struct facs {
	char signature[4];
	UINT32 length;
	UINT8 rest[56];
} PACKED;

struct madt {
	struct header h;
	UINT32 lapic, flags;
	UINT8 entries[MAX_CPUS * 8 + 12 + 4 * 10];
} PACKED;

typedef struct {
	EFI_STATUS (EFIAPI *install)(void *self, void *table, UINTN size,
				     UINTN *key);
	EFI_STATUS (EFIAPI *uninstall)(void *self, UINTN key);
} ACPI_TABLE_PROTOCOL;

typedef struct {
	UINT64 id;		/* the APIC's */
	UINT32 flags, package, core, thread;
	UINT64 more[6];
} CPU_INFO;

typedef struct {
	EFI_STATUS (EFIAPI *count)(void *self, UINTN *all, UINTN *enabled);
	EFI_STATUS (EFIAPI *info)(void *self, UINTN number, CPU_INFO *info);
} MP_PROTOCOL;

static ACPI_TABLE_PROTOCOL *acpi;
static UINTN failures;

static void header(struct header *h, const char *signature, UINT32 length,
		   UINT8 revision)
{
	CopyMem(h->signature, signature, 4);
	h->length = length;
	h->revision = revision;
	CopyMem(h->oem, "BVTEST", 6);
	CopyMem(h->oem_table, "BOCHS   ", 8);
	h->oem_revision = 1;
	CopyMem(h->creator, "BVT ", 4);
	h->creator_revision = 1;
}

/* The protocol corrects the checksum, and FADT's pointers. */
static void install(void *table, UINTN size)
{
	UINTN key;

	if (EFI_ERROR(uefi_call_wrapper(acpi->install, 4, acpi, table, size,
					&key)))
		failures++;
}

static void install_fadt(void)
{
	struct fadt f;

	ZeroMem(&f, sizeof(f));
	header(&f.h, "FACP", sizeof(f), 3);
	f.sci = SCI_IRQ;
	f.pm1a_event = PM_BASE;
	f.pm1a_control = PM_BASE + 4;
	f.pm_timer = PM_BASE + 8;
	f.pm1_event_len = 4;
	f.pm1_control_len = 2;
	f.pm_timer_len = 4;
	f.c2_latency = 0xffff;
	f.c3_latency = 0xffff;
	f.century = 0x32;
	f.flags = FADT_WBINVD | FADT_SLEEP_BUTTON | FADT_RESET;
	f.reset.space = 1;
	f.reset.bits = 8;
	f.reset.access = 1;
	f.reset.address = 0xcf9;
	f.reset_value = 6;
	install(&f, sizeof(f));
}

static UINT8 *put(UINT8 *p, const UINT8 *entry)
{
	CopyMem(p, entry, entry[1]);
	return p + entry[1];
}

static UINT8 *put_cpus(UINT8 *p, UINTN *cpus)
{
	EFI_GUID guid = { 0x3fdda605, 0xa76e, 0x4f46,
		{ 0xad, 0x29, 0x12, 0xf4, 0x53, 0x1b, 0x3d, 0x08 } };
	MP_PROTOCOL *mp = NULL;
	UINTN all = 1, enabled, i;
	CPU_INFO info;

	LibLocateProtocol(&guid, (void **)&mp);
	if (mp)
		uefi_call_wrapper(mp->count, 3, mp, &all, &enabled);
	if (all > MAX_CPUS)
		all = MAX_CPUS;
	for (i = 0; i < all; i++) {
		UINT8 entry[8] = { 0, 8, (UINT8)i, (UINT8)i, 1, 0, 0, 0 };

		if (mp && !EFI_ERROR(uefi_call_wrapper(mp->info, 3, mp, i,
						       &info)))
			entry[3] = (UINT8)info.id;
		p = put(p, entry);
	}
	*cpus = all;
	return p;
}

/* An ISA interrupt that is not edge-triggered, active high, on the input of
 * its own number. */
static UINT8 *put_override(UINT8 *p, UINT8 irq, UINT8 input, UINT8 flags)
{
	const UINT8 entry[10] = { 2, 10, 0, irq, input, 0, 0, 0, flags, 0 };

	return put(p, entry);
}

static UINTN install_madt(void)
{
	UINT8 ioapic[12] = { 1, 12, 0, 0 };
	struct madt m;
	UINTN cpus;
	UINT8 *p;

	ZeroMem(&m, sizeof(m));
	p = put_cpus(m.entries, &cpus);
	ioapic[2] = (UINT8)cpus;	/* an ID of its own */
	*(UINT32 *)(ioapic + 4) = IOAPIC_BASE;
	p = put(p, ioapic);
	p = put_override(p, 0, 2, 0);
	p = put_override(p, SCI_IRQ, SCI_IRQ, 0xd);	/* level, high */
	p = put_override(p, 10, 10, 0xd);
	p = put_override(p, 11, 11, 0xd);
	header(&m.h, "APIC", (UINT32)(p - (UINT8 *)&m), 3);
	m.lapic = LAPIC_BASE;
	m.flags = 1;			/* there is a PIC, too */
	install(&m, m.h.length);
	return cpus;
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
	EFI_GUID guid = { 0xffe06bdd, 0x6107, 0x46a6,
		{ 0x7b, 0xb2, 0x5a, 0x9c, 0x7e, 0xc5, 0x27, 0x5c } };
	struct facs facs = { "FACS", sizeof(facs), { 0 } };
	UINTN cpus;

	InitializeLib(image, system);
	if (EFI_ERROR(LibLocateProtocol(&guid, (void **)&acpi))) {
		out("ACPI no protocol\n");
		return EFI_UNSUPPORTED;
	}
	install(acpitables_aml_code, sizeof(acpitables_aml_code));
	install(&facs, sizeof(facs));
	install_fadt();
	cpus = install_madt();
	if (failures) {
		out("ACPI %u tables refused\n", (unsigned)failures);
		return EFI_DEVICE_ERROR;
	}
	out("ACPI tables %u cpus\n", (unsigned)cpus);
	return EFI_SUCCESS;
}
