/* SPDX-License-Identifier: BSD-3-Clause */
/* Words, patterns and selectors of the rules: see rules.h. */
#include <string.h>
#include <pci/rules.h>
#include <vmm/error.h>
#include <vmm/printf.h>

#define HEX "0123456789abcdef*?"

enum selector_kind {
	SLOT, CLASS, ID, SUBSYSTEM, REVISION, REV, INTERFACE, IF, CLASS_CODE,
	HEADER_TYPE, DEVICE, NUMBER,
};

static const struct {
	const char *name, *chars;
} selectors[] = {
	[SLOT] = { "slot", HEX ":." },
	[CLASS] = { "class", HEX },
	[ID] = { "id", HEX ":" },
	[SUBSYSTEM] = { "subsystem", HEX ":" },
	[REVISION] = { "revision", HEX },
	[REV] = { "rev", HEX },
	[INTERFACE] = { "programming_interface", HEX },
	[IF] = { "if", HEX },
	[CLASS_CODE] = { "class_code", HEX },
	[HEADER_TYPE] = { "header_type", HEX },
	[DEVICE] = { "device", NULL },
	[NUMBER] = { "number", "0123456789*?" },
};

const char *pci_selector_names(void)
{
	return "slot class id subsystem revision rev programming_interface if"
		" class_code header_type device number";
}

int pci_selector_find(const char *name)
{
	for (unsigned i = 0; i < VMM_ARRAY_SIZE(selectors); i++)
		if (strcmp(name, selectors[i].name) == 0)
			return (int)i;
	return -1;
}

const char *pci_selector_chars(unsigned kind)
{
	return selectors[kind].chars;
}

bool pci_selector_is_number(unsigned kind)
{
	return kind == NUMBER;
}

/* --- words --- */

struct word {
	char *text;
	size_t size, len;
	size_t keep;	/* bytes that are not trailing blanks */
	bool overflow;
};

static void put(struct word *w, char c, bool solid)
{
	if (w->len + 1 >= w->size) {
		/* blanks at the end may yet be dropped */
		w->overflow |= solid;
		return;
	}
	w->text[w->len++] = c;
	if (solid)
		w->keep = w->len;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool ends_word(char c)
{
	return c == '\0' || c == ',' || c == '=' || c == '|';
}

/* Behind a backslash. */
static void put_escaped(struct word *w, char c, bool pattern)
{
	if (pattern && (c == '*' || c == '?' || c == '\\'))
		put(w, '\\', true);
	put(w, c, true);
}

int pci_rules_word(const char **at, char *word, size_t size, bool pattern)
{
	struct word w = { .text = word, .size = size };
	const char *p = *at;
	bool quoted = false;

	while (is_blank(*p))
		p++;
	for (; *p && (quoted || !ends_word(*p)); p++) {
		if (*p == '"') {
			quoted = !quoted;
		} else if (*p == '\\') {
			if (!*++p)
				return VMM_ERROR(EINVAL);
			put_escaped(&w, *p, pattern);
		} else {
			put(&w, *p, quoted || !is_blank(*p));
		}
	}
	word[w.keep] = '\0';
	*at = p;
	if (quoted)
		return VMM_ERROR(EINVAL);
	return w.overflow ? VMM_ERROR(E2BIG) : (int)w.keep;
}

/* One character of the pattern against one of text; *p behind it. */
static bool match_one(const char **p, char c)
{
	const char *at = *p;

	if (*at == '\\')
		at++;
	else if (*at == '?') {
		*p = at + 1;
		return true;
	}
	*p = at + 1;
	return *at == c;
}

/* When something does not match, the last * takes one character more; none
 * before it has to be tried again. */
bool pci_rules_glob(const char *pattern, const char *text)
{
	const char *star = NULL, *resume = NULL, *p = pattern, *t = text;

	while (*t) {
		const char *before = p;

		if (*p == '*') {
			star = ++p;
			resume = t;
			continue;
		}
		if (*before && match_one(&p, *t)) {
			t++;
			continue;
		}
		if (!star)
			return false;
		p = star;
		t = ++resume;
	}
	while (*p == '*')
		p++;
	return !*p;
}

/* --- devices --- */

static unsigned class_code(const struct vmm_pci_dev *dev)
{
	return (unsigned)vmm_pci_header16(dev, VMM_PCI_CLASS + 1) << 8 |
		dev->header[VMM_PCI_CLASS];
}

static void format_pair(char *buf, size_t size, const struct vmm_pci_dev *dev,
			unsigned offset)
{
	vmm_snprintf(buf, size, "%04x:%04x", vmm_pci_header16(dev, offset),
		     vmm_pci_header16(dev, offset + 2));
}

/* What the pattern of a selector is compared with. */
static void format(char *buf, size_t size, unsigned kind,
		   const struct vmm_pci_dev *dev)
{
	const uint8_t *h = dev->header;

	switch (kind) {
	case SLOT:
		vmm_snprintf(buf, size, "%02x:%02x.%u", dev->first_addr.bus,
			     dev->first_addr.device,
			     dev->first_addr.function);
		break;
	case CLASS:
		vmm_snprintf(buf, size, "%04x", class_code(dev) >> 8);
		break;
	case ID:
		format_pair(buf, size, dev, VMM_PCI_VENDOR);
		break;
	case SUBSYSTEM:
		format_pair(buf, size, dev, VMM_PCI_SUBSYSTEM);
		break;
	case REVISION:
	case REV:
		vmm_snprintf(buf, size, "%02x", h[VMM_PCI_REVISION]);
		break;
	case INTERFACE:
	case IF:
		vmm_snprintf(buf, size, "%02x", h[VMM_PCI_CLASS]);
		break;
	case CLASS_CODE:
		vmm_snprintf(buf, size, "%06x", class_code(dev));
		break;
	default:
		vmm_snprintf(buf, size, "%02x", h[VMM_PCI_HEADER_TYPE]);
	}
}

const struct vmm_pci_driver *pci_driver_find(
	const struct vmm_pci_driver *const *drivers, const char *name)
{
	for (; *drivers; drivers++)
		if (strcmp((*drivers)->name, name) == 0)
			return *drivers;
	return NULL;
}

static bool device_is_for(const struct vmm_pci_driver *const *drivers,
			  const char *name, const struct vmm_pci_dev *dev)
{
	const struct vmm_pci_driver *driver = pci_driver_find(drivers, name);

	return driver && pci_driver_matches(driver, dev);
}

/* Any of the patterns at *at; it is then on the comma behind, or the end. */
static bool match_patterns(const char **at, unsigned kind, const char *text,
			   const struct vmm_pci_driver *const *drivers,
			   const struct vmm_pci_dev *dev)
{
	char pattern[PCI_RULES_WORD];
	bool found = false;

	for (;; ++*at) {
		/* parsed before: there is no error */
		if (pci_rules_word(at, pattern, sizeof(pattern),
				   kind != DEVICE) < 0)
			return false;
		found |= kind == DEVICE ?
			device_is_for(drivers, pattern, dev) :
			pci_rules_glob(pattern, text);
		if (**at != '|')
			return found;
	}
}

bool pci_driver_matches(const struct vmm_pci_driver *driver,
			const struct vmm_pci_dev *dev)
{
	const char *at = driver->match;
	char name[PCI_RULES_WORD], text[16];

	if (!at)
		return false;
	for (;; at++) {
		int kind;

		if (pci_rules_word(&at, name, sizeof(name), false) < 0 ||
		    *at != '=')
			return false;
		at++;
		kind = pci_selector_find(name);
		if (kind < 0 || kind >= DEVICE)
			return false;
		format(text, sizeof(text), (unsigned)kind, dev);
		if (!match_patterns(&at, (unsigned)kind, text, NULL, dev))
			return false;
		if (*at != ',')
			return true;
	}
}

static bool selector_matches(struct pci_rules *r, struct pci_selector *s,
			     const struct vmm_pci_dev *dev)
{
	const char *at = s->patterns;
	char text[16];

	if (s->kind == NUMBER)
		vmm_snprintf(text, sizeof(text), "%u", s->seen++);
	else
		format(text, sizeof(text), s->kind, dev);
	return match_patterns(&at, s->kind, text, r->drivers, dev);
}

static bool rule_applies(struct pci_rules *r, struct pci_rule *rule,
			 const struct vmm_pci_dev *dev)
{
	if (!rule->selectors)
		return rule->options.driver &&
			pci_driver_matches(rule->options.driver, dev);
	for (unsigned i = 0; i < rule->selectors; i++)
		if (!selector_matches(r, &rule->selector[i], dev))
			return false;
	return true;
}

const struct vmm_pci_options *pci_rules_choose(struct pci_rules *r,
					       const struct vmm_pci_dev *dev)
{
	const struct pci_rule *first = NULL;

	for (unsigned i = 0; i < r->rules; i++)
		if (rule_applies(r, &r->rule[i], dev) && !first)
			first = &r->rule[i];
	return first && first->options.driver ? &first->options : NULL;
}
