/* SPDX-License-Identifier: BSD-3-Clause */
/* The text of the rules: see rules.h. */
#include <stdarg.h>
#include <string.h>
#include <pci/rules.h>
#include <vmm/error.h>
#include <vmm/printf.h>

#define NONE "none"

struct parser {
	struct pci_rules *r;
	const char *what;	/* of the messages: "vmm.driver.pci" */
	const char *text, *at;
	const char *place;	/* of what is being read, for messages */
	char *error;
	size_t size;
};

/* --- messages --- */

/* "config: vmm.driver.pci: character 12, at 'id=80': ..." */
static int VMM_PRINTF(2, 3) refuse(const struct parser *p, const char *fmt, ...)
{
	char near[24];
	size_t i;
	va_list ap;
	int n;

	for (i = 0; i + 1 < sizeof(near) && p->place[i]; i++)
		near[i] = p->place[i] < ' ' || p->place[i] > '~' ? '?' :
			p->place[i];
	near[i] = '\0';
	n = vmm_snprintf(p->error, p->size, "config: %s: character %zu, at"
			 " '%s': ", p->what,
			 (size_t)(p->place - p->text) + 1, near);
	va_start(ap, fmt);
	if (n >= 0 && (size_t)n < p->size)
		vmm_vsnprintf(p->error + n, p->size - (size_t)n, fmt, ap);
	va_end(ap);
	return VMM_ERROR(EINVAL);
}

/* The names of drivers, with blanks between. */
static const char *driver_names(const struct parser *p, char *buf, size_t size)
{
	const struct vmm_pci_driver *const *d;
	int n = 0;

	buf[0] = '\0';
	for (d = p->r->drivers; *d && (size_t)n < size; d++)
		n += vmm_snprintf(buf + n, size - (size_t)n, "%s ",
				  (*d)->name);
	return buf;
}

static const char *option_names(const struct vmm_pci_driver *driver, char *buf,
				size_t size)
{
	const struct vmm_pci_option_desc *o = driver->options;
	int n = 0;

	vmm_snprintf(buf, size, "none");
	for (; o && o->kind != VMM_PCI_OPTION_END && (size_t)n < size; o++)
		n += vmm_snprintf(buf + n, size - (size_t)n, "%s%s",
				  n ? " " : "", o->name);
	return buf;
}

/* --- words --- */

/* The next word; notes its place. */
static int word(struct parser *p, char *buf, size_t size, bool pattern)
{
	int rc;

	while (*p->at == ' ' || *p->at == '\t')
		p->at++;
	p->place = p->at;
	rc = pci_rules_word(&p->at, buf, size, pattern);
	if (rc == -EINVAL)
		return refuse(p, "a \" or \\ without what belongs to it");
	if (rc < 0)
		return refuse(p, "longer than %zu characters", size - 1);
	return rc;
}

/* --- selectors --- */

static int check_pattern(const struct parser *p, unsigned kind,
			 const char *pattern)
{
	const char *chars = pci_selector_chars(kind);
	char names[96];
	size_t i;

	if (!chars) {
		const struct vmm_pci_driver *driver =
			pci_driver_find(p->r->drivers, pattern);

		if (driver && driver->match)
			return 0;
		return refuse(p, "a driver that knows its devices is accepted;"
			    " there are: %s", driver_names(p, names,
							   sizeof(names)));
	}
	if (!pattern[0])
		return refuse(p, "a pattern is missing; accepted are the"
			    " characters %s", chars);
	for (i = 0; pattern[i]; i++)
		if (pattern[i] != '\\' && !strchr(chars, pattern[i]))
			return refuse(p, "accepted are the characters %s (hex"
				    " in lower case)", chars);
	return 0;
}

static int read_patterns(struct parser *p, unsigned kind)
{
	char pattern[PCI_RULES_WORD];
	int rc;

	for (;; p->at++) {
		rc = word(p, pattern, sizeof(pattern),
			  pci_selector_chars(kind) != NULL);
		if (rc >= 0)
			rc = check_pattern(p, kind, pattern);
		if (rc < 0)
			return rc;
		if (*p->at == '=')
			return refuse(p, "there is one = too many; put it"
				    " between double quotes if it is meant");
		if (*p->at != '|')
			return 0;
	}
}

static int add_selector(struct parser *p, struct pci_rule *rule, unsigned kind)
{
	struct pci_rules *r = p->r;
	struct pci_selector *s = &r->selector[r->selectors];

	if (r->selectors == PCI_RULES_SELECTORS)
		return refuse(p, "there are more than %u selectors",
			    PCI_RULES_SELECTORS);
	if (pci_selector_is_number(kind) && !rule->selectors)
		return refuse(p, "number needs another selector before it, for"
			    " example device=pro1000, number=0");
	*s = (struct pci_selector){ .kind = kind, .patterns = p->at };
	if (!rule->selectors++)
		rule->selector = s;
	r->selectors++;
	return read_patterns(p, kind);
}

/* --- options --- */

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_word(const char *a, const char *b)
{
	while (*a && lower(*a) == *b)
		a++, b++;
	return !*a && !*b;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* As in C: 0x hexadecimal, 0 octal; clamped to what an int holds. */
static bool read_int(const char *t, int *value)
{
	bool negative = *t == '-';
	int base = 10;
	int64_t n = 0;

	if (*t == '-' || *t == '+')
		t++;
	if (*t == '0' && lower(t[1]) == 'x') {
		base = 16;
		t += 2;
	} else if (*t == '0' && t[1]) {
		base = 8;
		t++;
	}
	if (!*t)
		return false;
	for (; *t; t++) {
		if (digit(*t) >= base)
			return false;
		n = n * base + digit(*t);
		if (n > (int64_t)INT32_MAX + 1)
			n = (int64_t)INT32_MAX + 1;
	}
	if (negative)
		*value = (int)-n;
	else
		*value = n > INT32_MAX ? INT32_MAX : (int)n;
	return true;
}

static bool read_bool(const char *t, int *value)
{
	static const char *const words[2][5] = {
		{ "no", "off", "false", "n", "f" },
		{ "yes", "on", "true", "y", "t" },
	};

	for (unsigned i = 0; i < 10; i++)
		if (same_word(t, words[i / 5][i % 5])) {
			*value = (int)(i / 5);
			return true;
		}
	if (!read_int(t, value))
		return false;
	*value = *value != 0;
	return true;
}

/* Is text one of the words? */
static bool is_choice(const char *words, const char *text)
{
	size_t n = strlen(text);

	while (*words) {
		const char *end = strchr(words, ' ');
		size_t len = end ? (size_t)(end - words) : strlen(words);

		if (len == n && memcmp(words, text, n) == 0)
			return true;
		words += end ? len + 1 : len;
	}
	return false;
}

static int check_value(const struct parser *p, struct pci_rule_option *o)
{
	const char *accepted = o->desc->accepted;
	bool good;

	switch (o->desc->kind) {
	case VMM_PCI_OPTION_BOOL:
		good = read_bool(o->text, &o->value);
		accepted = "0 1 yes no on off true false";
		break;
	case VMM_PCI_OPTION_INT:
		good = read_int(o->text, &o->value);
		if (!accepted)
			accepted = "numbers";
		break;
	case VMM_PCI_OPTION_CHOICE:
		good = is_choice(accepted, o->text);
		break;
	default:
		good = !o->desc->check || o->desc->check(o->text);
	}
	if (good)
		return 0;
	return refuse(p, "%s does not take this; accepted are: %s",
		    o->desc->name, accepted ? accepted : "other texts");
}

static const struct vmm_pci_option_desc *
find_option(const struct vmm_pci_driver *driver, const char *name)
{
	const struct vmm_pci_option_desc *o = driver->options;

	for (; o && o->kind != VMM_PCI_OPTION_END; o++)
		if (strcmp(o->name, name) == 0)
			return o;
	return NULL;
}

/* "name" was read, p is behind its "=". */
static int add_option(struct parser *p, struct pci_rule *rule,
		      const char *name)
{
	const struct vmm_pci_driver *driver = rule->options.driver;
	struct pci_rules *r = p->r;
	struct pci_rule_option *o = &r->option[r->options];
	char names[128];
	int rc;

	if (!driver)
		return refuse(p, "driver=none takes no options; the next rule"
			    " begins with \"and,\"");
	if (r->options == PCI_RULES_OPTIONS)
		return refuse(p, "there are more than %u options",
			    PCI_RULES_OPTIONS);
	o->desc = find_option(driver, name);
	if (!o->desc)
		return refuse(p, "%s has no such option; it has: %s",
			    driver->name, option_names(driver, names,
						       sizeof(names)));
	o->text = r->values + r->values_used;
	o->value = 0;
	/* What was read before leaves room for all that is still to come. */
	rc = word(p, r->values + r->values_used,
		  sizeof(r->values) - r->values_used, false);
	if (rc < 0)
		return rc;
	if (*p->at && *p->at != ',')
		return refuse(p, "put values with = or | between double quotes");
	r->values_used += (unsigned)rc + 1;
	r->options++;
	if (!rule->options.count++)
		rule->options.option = o;
	return check_value(p, o);
}

/* --- entries --- */

static int read_driver(struct parser *p, struct pci_rule *rule)
{
	char name[PCI_RULES_WORD], names[96];
	int rc = word(p, name, sizeof(name), false);

	if (rc < 0)
		return rc;
	if (*p->at && *p->at != ',')
		return refuse(p, "one driver is to be named");
	rule->options.driver = pci_driver_find(p->r->drivers, name);
	if (!rule->options.driver && strcmp(name, NONE) != 0)
		return refuse(p, "no such driver here; accepted are: %s" NONE,
			    driver_names(p, names, sizeof(names)));
	return 0;
}

/* "NAME=" of a selector or of the driver; *driver: it was that. */
static int read_selector(struct parser *p, struct pci_rule *rule, bool *driver)
{
	char name[PCI_RULES_WORD];
	int kind, rc = word(p, name, sizeof(name), false);

	if (rc < 0)
		return rc;
	*driver = strcmp(name, "driver") == 0;
	kind = pci_selector_find(name);
	if (!*driver && kind < 0)
		return refuse(p, "accepted are driver=NAME and, before it, %s",
			    pci_selector_names());
	if (*p->at++ != '=')
		return refuse(p, "= and what it is to be are missing");
	return *driver ? read_driver(p, rule) :
		add_selector(p, rule, (unsigned)kind);
}

/* Options up to the end (returns 0) or up to "and," (1). */
static int read_options(struct parser *p, struct pci_rule *rule)
{
	char name[PCI_RULES_WORD];
	int rc;

	while (*p->at) {
		p->at++;	/* the comma */
		rc = word(p, name, sizeof(name), false);
		if (rc < 0)
			return rc;
		if (strcmp(name, "and") == 0 && *p->at != '=') {
			if (*p->at++ == ',')
				return 1;
			return refuse(p, "\"and\" needs a comma and another rule"
				    " behind it");
		}
		if (*p->at != '=')
			return refuse(p, "OPTION=VALUE, or \"and\" and another"
				    " rule, are accepted here");
		p->at++;
		rc = add_option(p, rule, name);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* 1: there is another one behind it. */
static int read_rule(struct parser *p)
{
	struct pci_rule *rule = &p->r->rule[p->r->rules];
	bool driver = false;
	int rc;

	if (p->r->rules == PCI_RULES_MAX) {
		p->place = p->at;
		return refuse(p, "there are more than %u rules", PCI_RULES_MAX);
	}
	for (;;) {
		rc = read_selector(p, rule, &driver);
		if (rc < 0)
			return rc;
		if (driver)
			break;
		if (*p->at++ != ',')
			return refuse(p, "a rule ends with driver=NAME; it is"
				    " missing");
	}
	if (!rule->selectors && !(rule->options.driver &&
				  rule->options.driver->match))
		return refuse(p, "this driver needs selectors before it, for"
			    " example id=8086:10d3; accepted are: %s",
			    pci_selector_names());
	p->r->rules++;
	return read_options(p, rule);
}

int pci_rules_parse(struct pci_rules *r, const char *text,
		    const struct vmm_pci_driver *const *drivers, char *error,
		    size_t size)
{
	struct parser p = { r, "vmm.driver.pci", text, text, text, error,
			    size };
	int rc;

	memset(r, 0, sizeof(*r));
	r->drivers = drivers;
	if (strlen(text) >= PCI_RULES_TEXT)
		return refuse(&p, "longer than %u characters",
			    PCI_RULES_TEXT - 1);
	while (*p.at == ' ' || *p.at == '\t')
		p.at++;
	if (!*p.at)
		return 0;
	do
		rc = read_rule(&p);
	while (rc > 0);
	if (rc < 0)
		r->rules = 0;
	return rc;
}

/* --- what drivers read --- */

/* The last of them, if the option was given more than once. */
static const struct pci_rule_option *
option(const struct vmm_pci_options *options, const char *name)
{
	const struct pci_rule_option *found = NULL;

	for (unsigned i = 0; i < options->count; i++)
		if (strcmp(options->option[i].desc->name, name) == 0)
			found = &options->option[i];
	return found;
}

const char *vmm_pci_option_text(const struct vmm_pci_options *options,
				const char *name, const char *fallback)
{
	const struct pci_rule_option *o = option(options, name);

	return o ? o->text : fallback;
}

bool vmm_pci_option_bool(const struct vmm_pci_options *options,
			 const char *name, bool fallback)
{
	const struct pci_rule_option *o = option(options, name);

	return o ? o->value : fallback;
}

int vmm_pci_option_int(const struct vmm_pci_options *options,
		       const char *name, int fallback)
{
	const struct pci_rule_option *o = option(options, name);

	return o ? o->value : fallback;
}
