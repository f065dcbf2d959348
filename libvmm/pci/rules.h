/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rules of vmm.driver.pci: which driver gets which device.
 *
 *	rules    := entry { ", and, " entry }
 *	entry    := { selector "=" pattern { "|" pattern } "," }
 *		    "driver" "=" NAME { "," option "=" value }
 *
 * Blanks around words do not count.  Between double quotes , = | and blanks
 * are ordinary, a backslash makes any character ordinary.  In patterns * is
 * any run of characters, ? any one.  docs/configuration.md has it in full.
 *
 * Pure.
 */
#ifndef PCI_RULES_H
#define PCI_RULES_H

#include <vmm/pci.h>

#define PCI_RULES_TEXT		2048u	/* bytes of text, with its NUL */
#define PCI_RULES_MAX		64u
#define PCI_RULES_SELECTORS	256u
#define PCI_RULES_OPTIONS	256u
/* Longest pattern, word or driver name, without quotes and backslashes. */
#define PCI_RULES_WORD		64u

struct pci_selector {
	unsigned kind;		/* row of the table in rules_match.c */
	const char *patterns;	/* in the text, up to a comma or the end */
	unsigned seen;		/* number: devices that came so far */
};

struct pci_rule_option {
	const struct vmm_pci_option_desc *desc;
	const char *text;
	int value;		/* BOOL, INT */
};

struct vmm_pci_options {
	const struct vmm_pci_driver *driver;	/* NULL: none */
	const struct pci_rule_option *option;
	unsigned count;
};

struct pci_rule {
	struct pci_selector *selector;
	unsigned selectors;
	struct vmm_pci_options options;
};

struct pci_rules {
	const struct vmm_pci_driver *const *drivers;
	struct pci_rule rule[PCI_RULES_MAX];
	struct pci_selector selector[PCI_RULES_SELECTORS];
	struct pci_rule_option option[PCI_RULES_OPTIONS];
	unsigned rules, selectors, options;
	char values[PCI_RULES_TEXT];		/* texts of options */
	unsigned values_used;
};

/*
 * Read the text, which must stay.  drivers: NULL-terminated, must stay.
 * 0, or -EINVAL with one line in error: "config: vmm.driver.pci: character N
 * ...", what is wrong and what is accepted; r is then empty.
 */
int pci_rules_parse(struct pci_rules *r, const char *text,
		    const struct vmm_pci_driver *const *drivers, char *error,
		    size_t size) VMM_MUST_CHECK;

/* The rule for the next device: of those that apply the first.  NULL: none
 * does, or it says driver=none.  All are tried, for the sake of "number"; so
 * once a device, in the order of the scan. */
const struct vmm_pci_options *pci_rules_choose(struct pci_rules *r,
					       const struct vmm_pci_dev *dev);

/* --- between the files --- */

/* Rows of selectors by name; -1: no such. */
int pci_selector_find(const char *name);
/* Characters that a pattern of this kind can have; NULL: it is the name of a
 * driver. */
const char *pci_selector_chars(unsigned kind);
bool pci_selector_is_number(unsigned kind);
/* "slot class id ..." */
const char *pci_selector_names(void);

/*
 * Read a word up to , = | or the end, *at behind it on that character.  With
 * pattern, * ? and \ that were escaped stay escaped.  Length; or -EINVAL: a
 * quote or backslash without end; -E2BIG: longer than size - 1.
 */
int pci_rules_word(const char **at, char *word, size_t size, bool pattern);

/* Does the pattern, as pci_rules_word() gives it, match all of text? */
bool pci_rules_glob(const char *pattern, const char *text);

/* Do the selectors of a driver's own pattern match? */
bool pci_driver_matches(const struct vmm_pci_driver *driver,
			const struct vmm_pci_dev *dev);
const struct vmm_pci_driver *pci_driver_find(
	const struct vmm_pci_driver *const *drivers, const char *name);

#endif
