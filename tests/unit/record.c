/* SPDX-License-Identifier: BSD-3-Clause */
#include "record.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <vmm/compiler.h>

static void read_bytes(struct record_case *c, const char *hex)
{
	char digits[3] = "";

	for (unsigned i = 0; i < RECORD_BYTES && hex[0] && hex[1]; i++) {
		memcpy(digits, hex, 2);
		c->bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
		hex += 2;
	}
}

static void add(struct record_part *p, const char *name, const char *value)
{
	struct record_pair *pair = &p->pair[p->count++];

	assert_true(p->count <= VMM_ARRAY_SIZE(p->pair));
	assert_true(strlen(name) < sizeof(pair->name));
	snprintf(pair->name, sizeof(pair->name), "%s", name);
	pair->value = strtoull(value, NULL, 16);
}

/* "svm name=value ... ; hw name=value ... ; out name=value ..." */
static void read_exit(struct record *r, struct record_case *c, char *text)
{
	struct record_part *part = &c->in;
	char *word, *rest = text, *value;

	c->exits = true;
	while ((word = strtok_r(rest, " \n", &rest))) {
		value = strchr(word, '=');
		if (value)
			*value++ = '\0';
		if (!strcmp(word, "svm"))
			r->svm = true;
		else if (!strcmp(word, "hw"))
			part = &c->hw;
		else if (!strcmp(word, "out"))
			part = &c->out;
		else if (value && !strcmp(word, "bytes"))
			read_bytes(c, value);
		else if (value)
			add(part, word, value);
	}
}

static void read_line(struct record *r, char *line)
{
	struct record_case *c = &r->cases[r->count ? r->count - 1 : 0];
	char *rest = strchr(line, ' ');

	if (!rest || *line == '#')
		return;
	*rest++ = '\0';
	if (!strcmp(line, "vmm")) {
		r->vmm_base = strtoull(rest, &rest, 16);
		r->vmm_size = strtoull(rest, NULL, 16);
	} else if (!strcmp(line, "case")) {
		assert_true(r->count < VMM_ARRAY_SIZE(r->cases));
		c = &r->cases[r->count++];
		rest[strcspn(rest, "\n")] = '\0';
		assert_true(strlen(rest) < sizeof(c->name));
		snprintf(c->name, sizeof(c->name), "%s", rest);
	} else if (!strcmp(line, "exit")) {
		read_exit(r, c, rest);
	} else if (!strcmp(line, "guest")) {
		snprintf(c->guest, sizeof(c->guest), "%.*s",
			 (int)strcspn(rest, "\n"), rest);
	}
}

void record_read(struct record *r, const char *name)
{
	const char *top = getenv("srcdir");
	char path[512], line[2048];
	FILE *f;

	*r = (struct record){ .file = name };
	snprintf(path, sizeof(path), "%s/tests/unit/exits/%s",
		 top ? top : "..", name);
	f = fopen(path, "r");
	if (!f)
		fail_msg("%s cannot be read", path);
	while (fgets(line, sizeof(line), f))
		read_line(r, line);
	fclose(f);
}

const struct record_case *record_find(const struct record *r,
				      const char *name)
{
	for (unsigned i = 0; i < r->count; i++)
		if (!strcmp(r->cases[i].name, name))
			return &r->cases[i];
	return NULL;
}

uint64_t record_value(const struct record_part *p, const char *name)
{
	for (unsigned i = 0; i < p->count; i++)
		if (!strcmp(p->pair[i].name, name))
			return p->pair[i].value;
	return 0;
}
