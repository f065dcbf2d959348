/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rules for PCI devices: any text is accepted or refused with one line; what
 * is accepted chooses drivers that the text names, with values of their kind.
 * The first 64 bytes are the header of a device.
 */
#include <stdlib.h>
#include <string.h>
#include <pci/rules.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(x) do { if (!(x)) abort(); } while (0)

static const struct vmm_pci_option_desc options[] = {
	{ "net", VMM_PCI_OPTION_CHOICE, "pass ip ippass", NULL },
	{ "tty", VMM_PCI_OPTION_BOOL, NULL, NULL },
	{ "n", VMM_PCI_OPTION_INT, NULL, NULL },
	{ "s", VMM_PCI_OPTION_TEXT, NULL, NULL },
	{ NULL, VMM_PCI_OPTION_END, NULL, NULL },
};

static const struct vmm_pci_driver nic = {
	.name = "nic", .match = "class=02*, id=8086:10d3|8086:100e",
	.options = options,
}, hide = {
	.name = "hide",
};

static const struct vmm_pci_driver *const drivers[] = { &nic, &hide, NULL };
static struct pci_rules rules;

static void require_message(const char *error, size_t size)
{
	static const char prefix[] = "config: vmm.driver.pci: character ";
	const char *nul = memchr(error, '\0', size);

	REQUIRE(nul && !strncmp(error, prefix, sizeof(prefix) - 1));
	for (; *error; error++)
		REQUIRE(*error >= ' ' && *error <= '~');
}

static void require_sound(const struct vmm_pci_options *o)
{
	REQUIRE(o->driver == &nic || o->driver == &hide);
	REQUIRE(o->driver == &nic || !o->count);
	for (unsigned i = 0; i < o->count; i++) {
		const struct pci_rule_option *option = &o->option[i];

		REQUIRE(option->desc >= options && option->desc < options + 4);
		REQUIRE(strlen(option->text) < PCI_RULES_TEXT);
		if (option->desc->kind == VMM_PCI_OPTION_BOOL)
			REQUIRE(option->value == 0 || option->value == 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vmm_pci_dev dev = { .first_addr = { 0, 1, 2, 3 } };
	char error[256], *text;

	if (size < VMM_PCI_HEADER)
		return 0;
	memcpy(dev.header, data, VMM_PCI_HEADER);
	data += VMM_PCI_HEADER;
	size -= VMM_PCI_HEADER;
	text = malloc(size + 1);
	REQUIRE(text);
	memcpy(text, data, size);
	text[size] = '\0';
	memset(error, '\n', sizeof(error));
	if (pci_rules_parse(&rules, text, drivers, error, sizeof(error))) {
		require_message(error, sizeof(error));
		REQUIRE(!pci_rules_choose(&rules, &dev));
	} else {
		for (int i = 0; i < 3; i++) {
			const struct vmm_pci_options *o =
				pci_rules_choose(&rules, &dev);

			if (o)
				require_sound(o);
		}
	}
	free(text);
	return 0;
}
