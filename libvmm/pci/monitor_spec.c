/* SPDX-License-Identifier: BSD-3-Clause */
/* The texts of the driver "monitor": see monitor.h. */
#include <string.h>
#include <pci/monitor.h>

#define USEC_PER_SEC	UINT64_C(1000000)

static const char *skip_blanks(const char *at)
{
	while (*at == ' ' || *at == '\t')
		at++;
	return at;
}

static bool at_end_of_word(const char *at)
{
	return !*at || *at == ' ' || *at == '\t';
}

static unsigned digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

/* A number as in C, decimal or with 0x, below 2^32. */
static bool number(const char **at, uint64_t *value)
{
	const char *p = skip_blanks(*at);
	unsigned base = 10;
	uint64_t n = 0;

	if (p[0] == '0' && (p[1] | 0x20) == 'x') {
		base = 16;
		p += 2;
	}
	if (digit(*p) >= base)
		return false;
	for (; digit(*p) < base; p++) {
		n = n * base + digit(*p);
		if (n > UINT32_MAX)
			return false;
	}
	*at = p;
	*value = n;
	return at_end_of_word(p);
}

static bool mode(const char **at, struct monitor_group *group)
{
	const char *p = skip_blanks(*at);

	*group = (struct monitor_group){ .size = UINT64_MAX };
	for (; !at_end_of_word(p); p++) {
		switch (*p) {
		case 'R':
			group->merge_reads = true;
			group->read = true;
			break;
		case 'r':
			group->read = true;
			break;
		case 'W':
			group->merge_writes = true;
			group->write = true;
			break;
		case 'w':
			group->write = true;
			break;
		default:
			return false;
		}
	}
	*at = p;
	return group->read || group->write;
}

bool monitor_spec_parse(struct monitor_spec *spec, const char *text)
{
	const char *at = text;

	memset(spec, 0, sizeof(*spec));
	do {
		struct monitor_group *group = &spec->group[spec->groups];

		if (spec->groups == MONITOR_GROUPS || !mode(&at, group))
			return false;
		spec->groups++;
		at = skip_blanks(at);
		if (!*at)
			return spec->groups == 1;
		if (!number(&at, &group->offset) ||
		    !number(&at, &group->size) || !group->size)
			return false;
		at = skip_blanks(at);
	} while (*at);
	return true;
}

bool monitor_times_parse(struct monitor_times *times, const char *text)
{
	const char *at = skip_blanks(text);

	times->count = 0;
	for (; *at; at = skip_blanks(at)) {
		uint64_t seconds;

		if (times->count == MONITOR_TIMES || !number(&at, &seconds))
			return false;
		times->usec[times->count++] = seconds * USEC_PER_SEC;
		if (times->count > 1 && times->usec[times->count - 1] <=
		    times->usec[times->count - 2])
			return false;
	}
	return times->count > 0;
}

bool monitor_wants(const struct monitor_spec *spec, uint64_t offset,
		   unsigned len, bool write, bool *merge)
{
	unsigned i;

	for (i = 0; i < spec->groups; i++) {
		const struct monitor_group *g = &spec->group[i];

		if (!(write ? g->write : g->read) ||
		    offset + len <= g->offset ||
		    (offset >= g->offset && offset - g->offset >= g->size))
			continue;
		*merge = write ? g->merge_writes : g->merge_reads;
		return true;
	}
	return false;
}

bool monitor_is_on(const struct monitor_times *times, uint64_t usec)
{
	unsigned i, passed = 0;

	for (i = 0; i < times->count; i++)
		passed += usec >= times->usec[i];
	return !times->count || passed % 2;
}

static bool is_spec(const char *text)
{
	struct monitor_spec spec;

	return monitor_spec_parse(&spec, text);
}

static bool are_times(const char *text)
{
	struct monitor_times times;

	return monitor_times_parse(&times, text);
}

#define SPEC "[r|R][w|W], or groups of that with OFFSET SIZE"

const struct vmm_pci_option_desc monitor_options[] = {
	{ "bar0", VMM_PCI_OPTION_TEXT, SPEC, is_spec },
	{ "bar1", VMM_PCI_OPTION_TEXT, SPEC, is_spec },
	{ "bar2", VMM_PCI_OPTION_TEXT, SPEC, is_spec },
	{ "bar3", VMM_PCI_OPTION_TEXT, SPEC, is_spec },
	{ "bar4", VMM_PCI_OPTION_TEXT, SPEC, is_spec },
	{ "bar5", VMM_PCI_OPTION_TEXT, SPEC, is_spec },
	{ "config", VMM_PCI_OPTION_TEXT, SPEC, is_spec },
	{ "nentries", VMM_PCI_OPTION_INT, "numbers from 1 to 65536", NULL },
	{ "time", VMM_PCI_OPTION_TEXT, "growing numbers of seconds, for"
	  " example 0 10", are_times },
	{ "overwrite", VMM_PCI_OPTION_BOOL, NULL, NULL },
	{ NULL, VMM_PCI_OPTION_END, NULL, NULL },
};
