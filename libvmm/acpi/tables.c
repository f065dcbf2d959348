/* SPDX-License-Identifier: BSD-3-Clause */
/* Finding the ACPI tables: RSDP, RSDT and XSDT (5.2.5 to 5.2.8). */
#include <string.h>
#include <acpi/acpi_priv.h>
#include <vmm/log.h>
#include <vmm/printf.h>

#define RSDP_SIZE_10	20u	/* covered by the first checksum */
#define RSDP_SIZE_20	36u
#define RSDP_REVISION	15u
#define RSDP_RSDT	16u
#define RSDP_LENGTH	20u
#define RSDP_XSDT	24u

/* More entries than this are a broken root table. */
#define MAX_ENTRIES	1024u

uint8_t acpi_sum(const uint8_t *p, uint32_t n)
{
	uint8_t sum = 0;

	while (n--)
		sum = (uint8_t)(sum + *p++);
	return sum;
}

struct acpi_name acpi_name(uint32_t signature)
{
	struct acpi_name name;

	for (unsigned i = 0; i < 4; i++) {
		char c = (char)(signature >> 8 * i & 0xff);

		name.s[i] = c > ' ' && c < 0x7f ? c : '?';
	}
	name.s[4] = '\0';
	return name;
}

void *acpi_map(const struct vmm_acpi_mem *mem, uint64_t pa, uint64_t len,
	       bool write)
{
	if (pa == 0 || len == 0 || len > ACPI_MAX_ADDRESS ||
	    pa > ACPI_MAX_ADDRESS - len)
		return NULL;
	return mem->map(mem->ctx, pa, len, write);
}

static void reject(uint32_t signature, uint64_t address, const char *why)
{
	vmm_log_warning("ACPI %s at 0x%llX: %s; table ignored\n",
			acpi_name(signature).s, (unsigned long long)address,
			why);
}

/* A table that shares memory with another is not one: changing it would
 * break the other. */
static bool overlaps(const struct vmm_acpi *acpi, uint64_t address,
		     uint32_t length)
{
	for (unsigned i = 0; i < acpi->table_count; i++) {
		const struct vmm_acpi_table *t = &acpi->table[i];

		if (address < t->address + t->length &&
		    t->address < address + length)
			return true;
	}
	return false;
}

static const struct vmm_acpi_table *find_at(const struct vmm_acpi *acpi,
					    uint64_t address)
{
	for (unsigned i = 0; i < acpi->table_count; i++)
		if (acpi->table[i].address == address)
			return &acpi->table[i];
	return NULL;
}

/* Why the table at address cannot be used; NULL if it can, then with its
 * length. */
static const char *check_table(const struct vmm_acpi *acpi,
			       const struct vmm_acpi_mem *mem,
			       uint64_t address, uint32_t signature,
			       uint32_t *length)
{
	const uint8_t *p = acpi_map(mem, address, ACPI_HEADER_SIZE, false);

	if (!p)
		return "not in readable memory";
	if (acpi_get32(p) != signature)
		return "other signature in memory";
	*length = acpi_get32(p + ACPI_HEADER_LENGTH);
	if (*length < ACPI_HEADER_SIZE)
		return "length is below that of a header, 36 bytes";
	if (*length > ACPI_MAX_LENGTH)
		return "length is above 4 MiB";
	p = acpi_map(mem, address, *length, false);
	if (!p)
		return "reaches beyond readable memory";
	if (overlaps(acpi, address, *length))
		return "overlaps another table";
	if (acpi_sum(p, *length) != 0)
		return "wrong checksum";
	if (acpi->table_count == VMM_ACPI_MAX_TABLES)
		return "more tables than can be noted";
	return NULL;
}

bool acpi_add_table(struct vmm_acpi *acpi, const struct vmm_acpi_mem *mem,
		    uint64_t address, uint32_t signature)
{
	const struct vmm_acpi_table *known = find_at(acpi, address);
	struct vmm_acpi_table *t;
	const char *why;
	uint32_t length;

	if (known && known->signature == signature)
		return true;
	why = check_table(acpi, mem, address, signature, &length);
	if (why) {
		reject(signature, address, why);
		return false;
	}
	t = &acpi->table[acpi->table_count++];
	t->address = address;
	t->length = length;
	t->signature = signature;
	return true;
}

bool acpi_view_table(const struct vmm_acpi_table *table,
		     const struct vmm_acpi_mem *mem, struct acpi_view *view)
{
	view->data = acpi_map(mem, table->address, table->length, false);
	view->length = table->length;
	view->address = table->address;
	return view->data != NULL;
}

/* Tables that a root table may lead to and that somebody here reads. */
static bool is_wanted(uint32_t signature)
{
	switch (signature) {
	case SIG_FACP:
	case SIG_SSDT:
	case SIG_PSDT:
	case SIG_APIC:
	case SIG_MCFG:
	case SIG_DMAR:
	case SIG_IVRS:
		return true;
	default:
		return false;
	}
}

static void read_entry(struct vmm_acpi *acpi, const struct vmm_acpi_mem *mem,
		       uint64_t address)
{
	const uint8_t *p;
	uint32_t signature;

	if (address == 0)	/* seen in the field, means nothing */
		return;
	p = acpi_map(mem, address, ACPI_HEADER_SIZE, false);
	if (!p) {
		vmm_log_warning("ACPI table at 0x%llX: not in readable memory;"
				" table ignored\n",
				(unsigned long long)address);
		return;
	}
	signature = acpi_get32(p);
	if (is_wanted(signature))
		(void)acpi_add_table(acpi, mem, address, signature);
}

/* Read a root table, whose entries have entry_size bytes. */
static void read_root(struct vmm_acpi *acpi, const struct vmm_acpi_mem *mem,
		      uint64_t address, uint32_t signature,
		      uint32_t entry_size)
{
	struct acpi_view root;
	uint32_t count;

	if (address == 0 || find_at(acpi, address) ||
	    !acpi_add_table(acpi, mem, address, signature) ||
	    !acpi_view_table(find_at(acpi, address), mem, &root))
		return;
	count = (root.length - ACPI_HEADER_SIZE) / entry_size;
	if (count > MAX_ENTRIES) {
		vmm_log_warning("ACPI %s at 0x%llX: %u entries, only the first"
				" %u are read\n", acpi_name(signature).s,
				(unsigned long long)address, count,
				MAX_ENTRIES);
		count = MAX_ENTRIES;
	}
	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *entry = root.data + ACPI_HEADER_SIZE +
			i * entry_size;

		read_entry(acpi, mem, entry_size == 8 ? acpi_get64(entry) :
			   acpi_get32(entry));
	}
}

/* Address of the XSDT that an RSDP of revision 2 or later names, else 0. */
static uint64_t rsdp_xsdt(const struct vmm_acpi_mem *mem, uint64_t address)
{
	const uint8_t *p = acpi_map(mem, address, RSDP_SIZE_20, false);
	uint32_t length = p ? acpi_get32(p + RSDP_LENGTH) : 0;

	if (length >= RSDP_SIZE_20 && length <= VMM_PAGE_SIZE)
		p = acpi_map(mem, address, length, false);
	else
		p = NULL;
	if (p && acpi_sum(p, length) == 0)
		return acpi_get64(p + RSDP_XSDT);
	vmm_log_warning("ACPI RSDP at 0x%llX: wrong length or extended"
			" checksum; only its RSDT is used\n",
			(unsigned long long)address);
	return 0;
}

static void read_rsdp(struct vmm_acpi *acpi, const struct vmm_acpi_mem *mem,
		      uint64_t address)
{
	const uint8_t *p = acpi_map(mem, address, RSDP_SIZE_10, false);
	uint64_t rsdt;

	if (address == 0)
		return;
	if (!p || memcmp(p, "RSD PTR ", 8) != 0 ||
	    acpi_sum(p, RSDP_SIZE_10) != 0) {
		vmm_log_warning("ACPI RSDP at 0x%llX: wrong signature or "
				"checksum; ignored\n",
				(unsigned long long)address);
		return;
	}
	acpi->have_rsdp = true;
	rsdt = acpi_get32(p + RSDP_RSDT);
	if (p[RSDP_REVISION] >= 2)
		read_root(acpi, mem, rsdp_xsdt(mem, address), SIG_XSDT, 8);
	read_root(acpi, mem, rsdt, SIG_RSDT, 4);
}

/* The first table with a signature, that is the one an XSDT names if there
 * is one. */
static const struct vmm_acpi_table *find_first(const struct vmm_acpi *acpi,
					       uint32_t signature)
{
	for (unsigned i = 0; i < acpi->table_count; i++)
		if (acpi->table[i].signature == signature)
			return &acpi->table[i];
	return NULL;
}

static void note_iommus(struct vmm_acpi *acpi)
{
	const struct vmm_acpi_table *dmar = find_first(acpi, SIG_DMAR);
	const struct vmm_acpi_table *ivrs = find_first(acpi, SIG_IVRS);

	acpi->have_dmar = dmar != NULL;
	acpi->dmar = dmar ? dmar->address : 0;
	acpi->have_ivrs = ivrs != NULL;
	acpi->ivrs = ivrs ? ivrs->address : 0;
	vmm_log_info("ACPI DMAR %s.\n", dmar ? "found" : "not found");
	if (ivrs)
		vmm_log_info("ACPI IVRS found.\n");
}

static void log_facs(const struct vmm_acpi *acpi)
{
	/* "0x", 16 digits, a blank each */
	char line[VMM_ACPI_MAX_FACS * 19 + 1];
	int n = 0;

	for (unsigned i = 0; i < acpi->facs_count; i++)
		n += vmm_snprintf(line + n, sizeof(line) - (size_t)n,
				  " 0x%llX",
				  (unsigned long long)acpi->facs[i]);
	if (n > 0)
		vmm_log_info("FACS address%s\n", line);
}

/* Registers come from the first FADT only; DSDT and FACS from all, because
 * any of them may be the one that the guest's OS chooses. */
static void read_fadts(struct vmm_acpi *acpi, const struct vmm_acpi_mem *mem)
{
	for (unsigned i = 0; i < acpi->table_count; i++) {
		struct acpi_view view;

		if (acpi->table[i].signature != SIG_FACP ||
		    !acpi_view_table(&acpi->table[i], mem, &view))
			continue;
		if (!acpi->have_fadt)
			acpi_read_fadt(acpi, &view);
		acpi->have_fadt = true;
		acpi_read_fadt_pointers(acpi, mem, &view);
	}
	if (!acpi->have_fadt)
		vmm_log_info("ACPI FACP not found.\n");
	log_facs(acpi);
}

void vmm_acpi_scan(struct vmm_acpi *acpi, const struct vmm_acpi_mem *mem,
		   uint64_t rsdp20, uint64_t rsdp10)
{
	const struct vmm_acpi_table *t;
	struct acpi_view view;

	memset(acpi, 0, sizeof(*acpi));
	read_rsdp(acpi, mem, rsdp20);
	if (rsdp10 != rsdp20)
		read_rsdp(acpi, mem, rsdp10);
	if (!acpi->have_rsdp) {
		vmm_log_info("ACPI RSDP not found.\n");
		return;
	}
	note_iommus(acpi);
	read_fadts(acpi, mem);
	t = find_first(acpi, SIG_APIC);
	if (t && acpi_view_table(t, mem, &view))
		acpi_read_madt(acpi, &view);
	t = find_first(acpi, SIG_MCFG);
	if (t && acpi_view_table(t, mem, &view))
		acpi_read_mcfg(acpi, &view);
}
