/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hiding sleep states.  An OS offers S2 or S3 if the name space has the root
 * object _S2_ or _S3_ (7.4.2).  Under another name it means nothing.
 */
#include <string.h>
#include <acpi/acpi_priv.h>
#include <acpi/aml.h>
#include <vmm/log.h>

/* The first byte of the name becomes this one. */
#define HIDDEN 'D'

static const char states[][AML_NAME_SEG + 1] = { "_S2_", "_S3_" };

/* One table's walk. */
struct hide {
	struct aml_visitor visitor;
	const uint8_t *aml;	/* behind the header */
	uint8_t *write;		/* the same, or NULL: count only */
	uint64_t address;	/* of the table */
	unsigned count;		/* names found */
	bool found[VMM_ARRAY_SIZE(states)];
	bool warned;
};

static void rename_at(struct hide *h, uint32_t offset, unsigned state)
{
	h->count++;
	h->found[state] = true;
	if (h->write)
		h->write[offset] = HIDDEN;
}

static void on_root_object(struct aml_visitor *visitor, uint32_t offset)
{
	struct hide *h = VMM_CONTAINER_OF(visitor, struct hide, visitor);

	for (unsigned i = 0; i < VMM_ARRAY_SIZE(states); i++) {
		if (memcmp(h->aml + offset, states[i], AML_NAME_SEG) == 0) {
			rename_at(h, offset, i);
			return;
		}
	}
}

/* The structure is lost, so each byte may begin an object.  Only complete
 * definitions of the usual form are taken. */
static void on_lost(struct aml_visitor *visitor, uint32_t from, uint32_t to)
{
	struct hide *h = VMM_CONTAINER_OF(visitor, struct hide, visitor);

	if (!h->warned)
		vmm_log_warning("ACPI table at 0x%llX: AML at offset %u cannot"
				" be followed; sleep states behind it are"
				" found by pattern\n",
				(unsigned long long)h->address,
				from + ACPI_HEADER_SIZE);
	h->warned = true;
	for (uint32_t at = from; at < to; at++) {
		for (unsigned i = 0; i < VMM_ARRAY_SIZE(states); i++) {
			uint32_t name = aml_match_object(h->aml, to, at,
							 states[i]);

			if (name)
				rename_at(h, name, i);
		}
	}
}

static void walk(struct hide *h, const uint8_t *table, uint8_t *write,
		 uint32_t length)
{
	h->aml = table + ACPI_HEADER_SIZE;
	h->write = write ? write + ACPI_HEADER_SIZE : NULL;
	h->count = 0;
	aml_walk(h->aml, length - ACPI_HEADER_SIZE, &h->visitor);
}

/* Rename in one table; number of names. */
static unsigned hide_in_table(const struct vmm_acpi_table *t,
			      const struct vmm_acpi_mem *mem, bool *found)
{
	struct hide h = {
		.visitor = { .root_object = on_root_object, .lost = on_lost },
		.address = t->address,
	};
	const uint8_t *p = acpi_map(mem, t->address, t->length, false);
	uint8_t *w;

	if (!p || acpi_get32(p + ACPI_HEADER_LENGTH) != t->length ||
	    acpi_sum(p, t->length) != 0)
		return 0;
	walk(&h, p, NULL, t->length);
	if (h.count == 0)
		return 0;
	w = acpi_map(mem, t->address, t->length, true);
	if (!w) {
		vmm_log_warning("ACPI %s at 0x%llX: not in writable memory;"
				" its sleep states stay visible\n",
				acpi_name(t->signature).s,
				(unsigned long long)t->address);
		return 0;
	}
	walk(&h, w, w, t->length);
	w[ACPI_HEADER_CHECKSUM] = (uint8_t)(w[ACPI_HEADER_CHECKSUM] -
					    acpi_sum(w, t->length));
	for (unsigned i = 0; i < VMM_ARRAY_SIZE(states); i++)
		found[i] |= h.found[i];
	return h.count;
}

unsigned vmm_acpi_hide_sleep(const struct vmm_acpi *acpi,
			     const struct vmm_acpi_mem *mem)
{
	bool found[VMM_ARRAY_SIZE(states)] = { false };
	unsigned changed = 0;

	for (unsigned i = 0; i < acpi->table_count; i++) {
		const struct vmm_acpi_table *t = &acpi->table[i];

		if (t->signature == SIG_DSDT || t->signature == SIG_SSDT ||
		    t->signature == SIG_PSDT)
			changed += hide_in_table(t, mem, found);
	}
	for (unsigned i = 0; i < VMM_ARRAY_SIZE(states); i++)
		if (found[i])
			vmm_log_info("Disable ACPI S%c\n", states[i][2]);
	return changed;
}
