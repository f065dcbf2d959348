/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bitvisor.conf: one `name=value` a line.  A first pass over the file checks
 * everything and stores nothing; only if all is well a second one changes the
 * configuration.
 */
#include <stdarg.h>
#include <string.h>
#include <bitvisor/config.h>
#include <core/config_names.h>
#include <vmm/error.h>
#include <vmm/printf.h>

/* A piece of the file; not NUL-terminated. */
struct text {
	const char *p;
	size_t n;
};

struct parser {
	struct config_data *cfg;	/* NULL: check only */
	const char *file;
	unsigned line;
	char *error;
	size_t error_size;
};

/* Write "FILE:LINE: " and the message; returns -EINVAL. */
static int VMM_PRINTF(2, 3) fail(const struct parser *ps, const char *fmt, ...)
{
	va_list ap;
	int n;

	n = vmm_snprintf(ps->error, ps->error_size, "%s:%u: ", ps->file,
			 ps->line);
	va_start(ap, fmt);
	if (n >= 0 && (size_t)n < ps->error_size)
		vmm_vsnprintf(ps->error + n, ps->error_size - (size_t)n, fmt,
			      ap);
	va_end(ap);
	return VMM_ERROR(EINVAL);
}

/* What the user wrote, made fit for a message: short and printable. */
struct quote {
	char s[44];
};

static const char *quote(struct quote *q, struct text t)
{
	static const char more[] = "...";
	const size_t max = sizeof(q->s) - sizeof(more);
	size_t n = t.n < max ? t.n : max;

	for (size_t i = 0; i < n; i++)
		q->s[i] = t.p[i] >= ' ' && t.p[i] < 0x7f ? t.p[i] : '?';
	memcpy(q->s + n, t.n > max ? more : "", t.n > max ? sizeof(more) : 1);
	return q->s;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct text trim(struct text t)
{
	while (t.n > 0 && is_blank(t.p[0])) {
		t.p++;
		t.n--;
	}
	while (t.n > 0 && is_blank(t.p[t.n - 1]))
		t.n--;
	return t;
}

/* Take what is before the next c off the front of t, and c too. */
static struct text take_until(struct text *t, char c)
{
	const char *end = t->n ? memchr(t->p, c, t->n) : NULL;
	struct text front = { t->p, end ? (size_t)(end - t->p) : t->n };
	size_t used = front.n + (end ? 1 : 0);

	t->p += used;
	t->n -= used;
	return front;
}

/* Value of a digit of any base up to 16; 16 if it is none. */
static unsigned digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a' + 10);
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A' + 10);
	return 16;
}

/* Digits of a base without sign; false if there is anything else.  A number
 * that is too large becomes a large one, out of every range. */
static bool parse_digits(struct text t, unsigned base, long long *value)
{
	const long long large = 1LL << 40;

	*value = 0;
	for (size_t i = 0; i < t.n; i++) {
		unsigned d = digit(t.p[i]);

		if (d >= base)
			return false;
		*value = *value * (int)base + (int)d;
		if (*value > large)
			*value = large;
	}
	return t.n > 0;
}

/* Decimal, 0x hexadecimal or 0 octal, as in C. */
static bool parse_number(struct text t, long long *value)
{
	bool minus = t.n > 0 && t.p[0] == '-';
	unsigned base = 10;
	bool ok;

	if (minus) {
		t.p++;
		t.n--;
	}
	if (t.n > 2 && t.p[0] == '0' && (t.p[1] == 'x' || t.p[1] == 'X')) {
		base = 16;
		t.p += 2;
		t.n -= 2;
	} else if (t.n > 1 && t.p[0] == '0') {
		base = 8;
	}
	ok = parse_digits(t, base, value);
	if (minus)
		*value = -*value;
	return ok;
}

/* Store a value, in the second pass. */
static void store(const struct parser *ps, const struct config_name *row,
		  const void *value)
{
	if (ps->cfg)
		memcpy((char *)ps->cfg + row->offset, value, row->size);
}

static int set_int(const struct parser *ps, const struct config_name *row,
		   struct text t)
{
	struct quote q;
	long long number;
	int value;

	if (row->word && t.n == strlen(row->word) &&
	    memcmp(t.p, row->word, t.n) == 0)
		number = row->word_value;
	else if (!parse_number(t, &number))
		return fail(ps, "'%s' is no value of %s; accepted are %s, "
			    "for example %s=%s", quote(&q, t), row->name,
			    row->accepted, row->name, row->example);
	if (!config_int_ok(row, number))
		return fail(ps, "%s=%s is out of range; accepted are %s",
			    row->name, quote(&q, t), row->accepted);
	value = (int)number;
	store(ps, row, &value);
	return 0;
}

/* Four decimal numbers; no leading zeros, which some programs take for
 * octal. */
static bool parse_ipv4(struct text t, unsigned char *ip)
{
	for (unsigned i = 0; i < 4; i++) {
		struct text part = take_until(&t, '.');
		long long value;

		if (part.n > 3 || (part.n > 1 && part.p[0] == '0'))
			return false;
		if (!parse_digits(part, 10, &value) || value > 255)
			return false;
		if ((i == 3) != (part.p + part.n == t.p))
			return false;
		ip[i] = (unsigned char)value;
	}
	return t.n == 0;
}

/* Six pairs of hexadecimal digits with - or : between them. */
static bool parse_mac(struct text t, unsigned char *mac)
{
	if (t.n != 17 || (t.p[2] != '-' && t.p[2] != ':'))
		return false;
	for (unsigned i = 0; i < 6; i++) {
		struct text pair = { t.p + 3 * i, 2 };
		long long value;

		if (!parse_digits(pair, 16, &value))
			return false;
		if (i < 5 && pair.p[2] != t.p[2])
			return false;
		mac[i] = (unsigned char)value;
	}
	return true;
}

static int set_address(const struct parser *ps, const struct config_name *row,
		       struct text t)
{
	unsigned char value[6];
	struct quote q;
	bool ok;

	if (row->type == CONFIG_IPV4)
		ok = parse_ipv4(t, value);
	else
		ok = parse_mac(t, value);
	if (!ok)
		return fail(ps, "'%s' is not %s; write it like %s=%s",
			    quote(&q, t), row->accepted, row->name,
			    row->example);
	store(ps, row, value);
	return 0;
}

/* Take off a pair of double quotes around the whole value. */
static int unquote(const struct parser *ps, const struct config_name *row,
		   struct text *t)
{
	struct text rest;

	if (t->n == 0 || t->p[0] != '"')
		return 0;
	rest.p = t->p + 1;
	rest.n = t->n - 1;
	*t = take_until(&rest, '"');
	if (rest.n > 0)
		return fail(ps, "%s has text behind the closing quote; put "
			    "quotes around the whole value or nowhere",
			    row->name);
	return 0;
}

static int set_string(const struct parser *ps, const struct config_name *row,
		      struct text t)
{
	int error = unquote(ps, row, &t);

	if (error)
		return error;
	if (t.n >= row->size)
		return fail(ps, "%s is %zu bytes long; at most %zu fit",
			    row->name, t.n, row->size - 1);
	if (ps->cfg) {
		char *member = (char *)ps->cfg + row->offset;

		memset(member, 0, row->size);
		memcpy(member, t.p, t.n);
	}
	return 0;
}

static int set_member(const struct parser *ps, const struct config_name *row,
		      struct text value)
{
	switch (row->type) {
	case CONFIG_INT:
		return set_int(ps, row, value);
	case CONFIG_IPV4:
	case CONFIG_MAC:
		return set_address(ps, row, value);
	case CONFIG_STRING:
	default:
		return set_string(ps, row, value);
	}
}

static int unknown_name(const struct parser *ps, struct text name)
{
	const struct config_absent *absent = config_find_absent(name.p, name.n);
	const struct config_name *near;
	struct quote q;

	quote(&q, name);
	if (absent)
		return fail(ps, "%s is not supported: %s; %s", q.s,
			    absent->why, absent->instead);
	near = config_nearest(name.p, name.n);
	if (near)
		return fail(ps, "unknown name '%s'; did you mean %s?", q.s,
			    near->name);
	return fail(ps, "unknown name '%s'; docs/configuration.md and "
		    "`bvconf list` have all names", q.s);
}

/*
 * Cut a comment off the line: # and what follows, at the beginning or behind
 * a blank, but not between double quotes.  PCI rules use quotes within the
 * value, so they count anywhere.
 */
static int cut_comment(const struct parser *ps, struct text *line)
{
	bool quoted = false;

	for (size_t i = 0; i < line->n; i++) {
		if (line->p[i] == '"')
			quoted = !quoted;
		if (line->p[i] == '#' && !quoted &&
		    (i == 0 || is_blank(line->p[i - 1])))
			line->n = i;
	}
	if (quoted)
		return fail(ps, "a quote is not closed; end the value with \"");
	return 0;
}

static int check_characters(const struct parser *ps, struct text line)
{
	for (size_t i = 0; i < line.n; i++) {
		unsigned char c = (unsigned char)line.p[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return fail(ps, "control character 0x%02X; save the "
				    "file as plain text (UTF-8)", c);
	}
	return 0;
}

static int parse_line(const struct parser *ps, struct text line)
{
	const struct config_name *row;
	struct text name, value;
	struct quote q;
	int error;

	error = cut_comment(ps, &line);
	if (!error)
		error = check_characters(ps, line);
	if (error)
		return error;
	line = trim(line);
	if (line.n == 0)
		return 0;
	value = line;
	name = trim(take_until(&value, '='));
	if (name.n == 0 || name.p + name.n == value.p)
		return fail(ps, "'%s' is not name=value; write for example "
			    "vmm.log_level=6", quote(&q, line));
	row = config_find(name.p, name.n);
	if (!row)
		return unknown_name(ps, name);
	return set_member(ps, row, trim(value));
}

static int parse_lines(struct parser *ps, struct text text)
{
	int error = 0;

	for (ps->line = 1; text.n > 0 && !error; ps->line++) {
		struct text line = take_until(&text, '\n');

		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		error = parse_line(ps, line);
	}
	return error;
}

static bool begins_with(struct text t, const char *mark)
{
	size_t n = strlen(mark);

	return t.n >= n && memcmp(t.p, mark, n) == 0;
}

int config_parse(struct config_data *cfg, const char *text, size_t len,
		 const char *file, char *error, size_t error_size)
{
	struct parser ps = { NULL, file, 1, error, error_size };
	struct text t = { text, len };
	int result;

	/* Byte order marks, as editors of Windows write them. */
	if (begins_with(t, "\xff\xfe") || begins_with(t, "\xfe\xff"))
		return fail(&ps, "the file is UTF-16; save it as UTF-8");
	if (begins_with(t, "\xef\xbb\xbf")) {
		t.p += 3;
		t.n -= 3;
	}
	result = parse_lines(&ps, t);
	if (result)
		return result;
	ps.cfg = cfg;
	return parse_lines(&ps, t);
}
