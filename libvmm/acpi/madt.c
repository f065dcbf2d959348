/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Processors and configuration space: the multiple APIC description table,
 * signature APIC (5.2.12), and the table MCFG (PCI Firmware Specification
 * 3.3, 4.1.2).
 */
#include <acpi/acpi_priv.h>
#include <vmm/log.h>

#define MADT_LAPIC_ADDRESS	36u
#define MADT_ENTRIES		44u
#define MADT_ENTRY_MIN		2u	/* type, length */

#define TYPE_LAPIC		0u
#define TYPE_IOAPIC		1u
#define TYPE_LAPIC_OVERRIDE	5u
#define TYPE_X2APIC		9u

#define LAPIC_SIZE		8u
#define LAPIC_OVERRIDE_SIZE	12u
#define IOAPIC_SIZE		12u
#define X2APIC_SIZE		16u

#define FLAG_ENABLED		1u

/* IDs that address all processors (Intel SDM volume 3, 11.6.2.2 and 11.12.9)
 * and that firmware puts into unused entries. */
#define LAPIC_BROADCAST		0xffu
#define X2APIC_BROADCAST	UINT32_C(0xffffffff)

#define LAPIC_DEFAULT		UINT64_C(0xfee00000)

#define MCFG_ENTRIES		44u
#define MCFG_ENTRY_SIZE		16u
#define ECAM_BUS_SHIFT		20u	/* 1 MiB for each bus */

struct cpu_entry {
	uint32_t id, flags;
};

/* A processor's ID and flags, if the entry is one that counts. */
static bool read_cpu(const uint8_t *entry, uint8_t length,
		     struct cpu_entry *cpu)
{
	if (entry[0] == TYPE_LAPIC && length >= LAPIC_SIZE) {
		cpu->id = entry[3];
		cpu->flags = acpi_get32(entry + 4);
		return cpu->id != LAPIC_BROADCAST;
	}
	if (entry[0] == TYPE_X2APIC && length >= X2APIC_SIZE) {
		cpu->id = acpi_get32(entry + 4);
		cpu->flags = acpi_get32(entry + 8);
		return cpu->id != X2APIC_BROADCAST;
	}
	return false;
}

static bool has_cpu(const struct vmm_acpi *acpi, uint32_t id)
{
	for (unsigned i = 0; i < acpi->cpu_count; i++)
		if (acpi->cpu[i].apic_id == id)
			return true;
	return false;
}

/* False if there is no room. */
static bool add_cpu(struct vmm_acpi *acpi, const struct cpu_entry *cpu)
{
	if (has_cpu(acpi, cpu->id))
		return true;
	if (acpi->cpu_count == VMM_ACPI_MAX_CPUS)
		return false;
	acpi->cpu[acpi->cpu_count].apic_id = cpu->id;
	acpi->cpu[acpi->cpu_count].enabled = cpu->flags & FLAG_ENABLED;
	acpi->cpu_count++;
	return true;
}

static void set_lapic_base(struct vmm_acpi *acpi, uint64_t base)
{
	if (base != 0 && base % VMM_PAGE_SIZE == 0 && base < ACPI_MAX_ADDRESS)
		acpi->lapic_base = base;
	else
		vmm_log_warning("ACPI APIC: 0x%llX is no address of a local"
				" APIC; 0x%llX is used\n",
				(unsigned long long)base,
				(unsigned long long)acpi->lapic_base);
}

/* The entry at an offset; its length, or 0 at the end. */
static uint8_t entry_length(const struct acpi_view *madt, uint32_t offset)
{
	uint8_t length;

	if (!acpi_has(madt, offset, MADT_ENTRY_MIN))
		return 0;
	length = madt->data[offset + 1];
	if (length >= MADT_ENTRY_MIN && acpi_has(madt, offset, length))
		return length;
	vmm_log_warning("ACPI APIC at 0x%llX: entry at offset %u has the wrong"
			" length %u; the rest is ignored\n",
			(unsigned long long)madt->address, offset, length);
	return 0;
}

/* Note the processors that are enabled, or those that are not. */
static void read_cpus(struct vmm_acpi *acpi, const struct acpi_view *madt,
		      uint32_t end, bool enabled)
{
	unsigned lost = 0;

	for (uint32_t at = MADT_ENTRIES; at < end; at += madt->data[at + 1]) {
		struct cpu_entry cpu;

		if (read_cpu(madt->data + at, madt->data[at + 1], &cpu) &&
		    !!(cpu.flags & FLAG_ENABLED) == enabled &&
		    !add_cpu(acpi, &cpu))
			lost++;
	}
	if (lost && enabled)
		vmm_log_warning("ACPI APIC at 0x%llX: more than %u processors;"
				" %u are not noted\n",
				(unsigned long long)madt->address,
				VMM_ACPI_MAX_CPUS, lost);
}

/* I/O APICs, those beyond the last that can be noted being left out: they are
 * looked at only for a device of the VMM's. */
static void read_ioapics(struct vmm_acpi *acpi, const struct acpi_view *madt,
			 uint32_t end)
{
	acpi->ioapic_count = 0;
	for (uint32_t at = MADT_ENTRIES; at < end; at += madt->data[at + 1]) {
		const uint8_t *entry = madt->data + at;

		if (entry[0] == TYPE_IOAPIC && entry[1] >= IOAPIC_SIZE &&
		    acpi_get32(entry + 4) &&
		    acpi->ioapic_count < VMM_ACPI_MAX_IOAPICS)
			acpi->ioapic[acpi->ioapic_count++] =
				acpi_get32(entry + 4);
	}
}

void acpi_read_madt(struct vmm_acpi *acpi, const struct acpi_view *madt)
{
	uint32_t at = MADT_ENTRIES;
	uint8_t length;

	if (!acpi_has(madt, 0, MADT_ENTRIES)) {
		vmm_log_warning("ACPI APIC at 0x%llX: length %u is too short;"
				" table ignored\n",
				(unsigned long long)madt->address,
				madt->length);
		return;
	}
	acpi->have_madt = true;
	acpi->lapic_base = LAPIC_DEFAULT;
	set_lapic_base(acpi, acpi_get32(madt->data + MADT_LAPIC_ADDRESS));
	for (; (length = entry_length(madt, at)) != 0; at += length)
		if (madt->data[at] == TYPE_LAPIC_OVERRIDE &&
		    length >= LAPIC_OVERRIDE_SIZE)
			set_lapic_base(acpi, acpi_get64(madt->data + at + 4));
	/* Up to here all lengths are good. */
	read_cpus(acpi, madt, at, true);
	read_cpus(acpi, madt, at, false);
	read_ioapics(acpi, madt, at);
}

/* Why an MCFG entry cannot be used, or NULL. */
static const char *check_mcfg(const struct vmm_acpi *acpi,
			      const struct vmm_acpi_mcfg *m)
{
	uint64_t end = m->base + ((uint64_t)(m->last_bus + 1)
				  << ECAM_BUS_SHIFT);

	if (m->base == 0 || m->base % (UINT64_C(1) << ECAM_BUS_SHIFT) ||
	    m->base >= ACPI_MAX_ADDRESS || end > ACPI_MAX_ADDRESS)
		return "no address of configuration space";
	if (m->first_bus > m->last_bus)
		return "last bus is below the first";
	for (unsigned i = 0; i < acpi->mcfg_count; i++)
		if (acpi->mcfg[i].segment == m->segment &&
		    acpi->mcfg[i].first_bus <= m->last_bus &&
		    m->first_bus <= acpi->mcfg[i].last_bus)
			return "describes the same buses again";
	if (acpi->mcfg_count == VMM_ACPI_MAX_MCFG)
		return "more than can be noted";
	return NULL;
}

void acpi_read_mcfg(struct vmm_acpi *acpi, const struct acpi_view *mcfg)
{
	for (uint32_t at = MCFG_ENTRIES;
	     acpi_has(mcfg, at, MCFG_ENTRY_SIZE); at += MCFG_ENTRY_SIZE) {
		const uint8_t *p = mcfg->data + at;
		struct vmm_acpi_mcfg m = {
			.base = acpi_get64(p),
			.segment = acpi_get16(p + 8),
			.first_bus = p[10],
			.last_bus = p[11],
		};
		const char *why = check_mcfg(acpi, &m);

		if (why)
			vmm_log_warning("ACPI MCFG: entry 0x%llX segment %u "
					"buses %02X-%02X: %s; ignored\n",
					(unsigned long long)m.base, m.segment,
					m.first_bus, m.last_bus, why);
		else
			acpi->mcfg[acpi->mcfg_count++] = m;
	}
}
