/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmm/log.h>
#include "acpi_world.h"

struct acpi_world_map {
	struct acpi_world_map *next;
	uint8_t *copy;
	uint64_t offset, len;
	bool write;
};

char acpi_world_log[ACPI_WORLD_LOG];

void vmm_log(enum vmm_log_level level, const char *fmt, ...)
{
	size_t n = strlen(acpi_world_log);
	va_list ap;

	(void)level;
	va_start(ap, fmt);
	vsnprintf(acpi_world_log + n, sizeof(acpi_world_log) - n, fmt, ap);
	va_end(ap);
}

static void *world_map(void *ctx, uint64_t pa, uint64_t len, bool write)
{
	struct acpi_world *w = ctx;
	struct acpi_world_map *m;

	/* What the interface promises. */
	if (len == 0 || pa + len < pa || pa + len > UINT64_C(1) << 52)
		abort();
	if (pa < w->base || len > w->size || pa - w->base > w->size - len)
		return NULL;
	if (write && w->read_only)
		return NULL;
	m = malloc(sizeof(*m));
	if (!m || !(m->copy = malloc(len)))
		abort();
	m->offset = pa - w->base;
	m->len = len;
	m->write = write;
	m->next = w->maps;
	w->maps = m;
	memcpy(m->copy, w->bytes + m->offset, len);
	return m->copy;
}

void acpi_world_init(struct acpi_world *w, uint8_t *bytes, uint64_t base,
		     uint64_t size)
{
	memset(w, 0, sizeof(*w));
	w->bytes = bytes;
	w->base = base;
	w->size = size;
	w->mem.map = world_map;
	w->mem.ctx = w;
	acpi_world_log[0] = '\0';
}

void acpi_world_settle(struct acpi_world *w)
{
	while (w->maps) {
		struct acpi_world_map *m = w->maps;

		if (m->write)
			memcpy(w->bytes + m->offset, m->copy, m->len);
		w->maps = m->next;
		free(m->copy);
		free(m);
	}
}

void acpi_world_fix(struct acpi_world *w, uint64_t at, uint32_t n,
		    uint32_t checksum)
{
	uint8_t sum = 0;

	w->bytes[at + checksum] = 0;
	for (uint32_t i = 0; i < n; i++)
		sum = (uint8_t)(sum + w->bytes[at + i]);
	w->bytes[at + checksum] = (uint8_t)-sum;
}
