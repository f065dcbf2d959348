/* SPDX-License-Identifier: BSD-3-Clause */
/* The rules of vmm.driver.pci, row by row: who gets what, what is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#include <pci/rules.h>
#include <vmm/printf.h>

static bool is_range(const char *text)
{
	return strspn(text, "rwRW 0123456789abcdefx") == strlen(text) && *text;
}

static const struct vmm_pci_option_desc nic_options[] = {
	{ "net", VMM_PCI_OPTION_CHOICE, "pass ip ippass", NULL },
	{ "tty", VMM_PCI_OPTION_BOOL, NULL, NULL },
	{ "virtio", VMM_PCI_OPTION_BOOL, NULL, NULL },
	{ "ring", VMM_PCI_OPTION_INT, "numbers from 8 to 256", NULL },
	{ "bar0", VMM_PCI_OPTION_TEXT, "[r][w]", is_range },
	{ "note", VMM_PCI_OPTION_TEXT, NULL, NULL },
	{ NULL, VMM_PCI_OPTION_END, NULL, NULL },
};

static const struct vmm_pci_driver pro1000 = {
	.name = "pro1000", .match = "id=8086:100e|8086:10d3",
	.options = nic_options,
}, re = {
	.name = "re", .match = "class=0200, id=10ec:*",
	.options = nic_options,
}, picky = {
	.name = "picky", .match = "id=:", .options = nic_options,
}, conceal = {
	.name = "conceal",
};

static const struct vmm_pci_driver *const drivers[] = {
	&pro1000, &re, &picky, &conceal, NULL
};

/* bus, device, function; vendor, device; class code; subsystem; revision */
static const struct {
	uint8_t bus, device, function;
	uint16_t vendor, id;
	uint32_t class_code;
	uint16_t subvendor, subid;
	uint8_t revision, header_type;
} devices[] = {
	{ 0x00, 0x00, 0, 0x8086, 0x29c0, 0x060000, 0x1af4, 0x1100, 0x00, 0 },
	{ 0x00, 0x02, 0, 0x8086, 0x10d3, 0x020000, 0x8086, 0x0000, 0x00, 0 },
	{ 0x00, 0x03, 0, 0x8086, 0x100e, 0x020000, 0x1af4, 0x1100, 0x03, 0 },
	{ 0x11, 0x22, 3, 0x1234, 0xabcd, 0x0c0330, 0x0000, 0x0000, 0xaf, 0x80 },
	{ 0x01, 0x1f, 7, 0x10ec, 0x8168, 0x020000, 0x10ec, 0x0123, 0x15, 0 },
	{ 0x00, 0x1c, 0, 0x8086, 0x3420, 0x060400, 0x0000, 0x0000, 0x02, 1 },
};
#define DEVICES (sizeof(devices) / sizeof(devices[0]))

static struct pci_rules rules;

static void put16(uint8_t *p, unsigned value)
{
	p[0] = (uint8_t)value;
	p[1] = (uint8_t)(value >> 8);
}

static void make(struct vmm_pci_dev *dev, size_t n)
{
	memset(dev, 0, sizeof(*dev));
	dev->first_addr.bus = devices[n].bus;
	dev->first_addr.device = devices[n].device;
	dev->first_addr.function = devices[n].function;
	put16(dev->header + VMM_PCI_VENDOR, devices[n].vendor);
	put16(dev->header + VMM_PCI_DEVICE, devices[n].id);
	dev->header[VMM_PCI_REVISION] = devices[n].revision;
	dev->header[VMM_PCI_CLASS] = (uint8_t)devices[n].class_code;
	put16(dev->header + VMM_PCI_CLASS + 1, devices[n].class_code >> 8);
	dev->header[VMM_PCI_HEADER_TYPE] = devices[n].header_type;
	put16(dev->header + VMM_PCI_SUBSYSTEM, devices[n].subvendor);
	put16(dev->header + VMM_PCI_SUBSYSTEM + 2, devices[n].subid);
}

static void parse(const char *text)
{
	char error[256] = "";
	int rc = pci_rules_parse(&rules, text, drivers, error, sizeof(error));

	if (rc)
		print_error("%s\n", error);
	assert_int_equal(rc, 0);
}

/* One letter a device: its driver's first, '-' for none. */
static void expect(const char *text, const char *letters)
{
	char got[DEVICES + 1] = "";

	parse(text);
	for (size_t i = 0; i < DEVICES; i++) {
		const struct vmm_pci_options *o;
		struct vmm_pci_dev dev;

		make(&dev, i);
		o = pci_rules_choose(&rules, &dev);
		got[i] = o ? o->driver->name[0] : '-';
		if (o)
			assert_int_equal(o->driver == &picky, false);
	}
	if (strcmp(got, letters))
		print_error("rules: %s\n", text);
	assert_string_equal(got, letters);
}

/* --- who gets what --- */

static const struct {
	const char *text, *letters;
} selections[] = {
	{ "", "------" },
	{ "  \t", "------" },
	{ "driver=pro1000", "-pp---" },
	{ "driver=re", "----r-" },
	{ "driver=picky", "------" },
	/* the guide's */
	{ "driver=pro1000, net=ippass, tty=1, virtio=1", "-pp---" },
	{ "device=pro1000, number=0, driver=pro1000, tty=1", "-p----" },
	{ "device=pro1000, number=1, driver=pro1000", "--p---" },
	{ "device=pro1000, number=1|0, driver=pro1000", "-pp---" },
	{ "device=pro1000, number=?, driver=pro1000", "-pp---" },
	{ "slot=11:22.3, driver=none, and, id=1234:*, driver=conceal",
	  "------" },
	{ "slot=11:22.4, driver=none, and, id=1234:*, driver=conceal",
	  "---c--" },
	{ "class=0c03, driver=conceal", "---c--" },
	/* each selector */
	{ "slot=00:*, driver=conceal", "ccc--c" },
	{ "slot=01:1f.7, driver=conceal", "----c-" },
	{ "slot=??:??.0, driver=conceal", "ccc--c" },
	{ "id=8086:10d3, driver=conceal", "-c----" },
	{ "id=*:*, driver=conceal", "cccccc" },
	{ "id=:, driver=conceal", "------" },
	{ "id=8086*, driver=conceal", "ccc--c" },
	{ "id=8086, driver=conceal", "------" },
	{ "subsystem=1af4:1100, driver=conceal", "c-c---" },
	{ "revision=af, driver=conceal", "---c--" },
	{ "rev=0?, driver=conceal", "ccc--c" },
	{ "programming_interface=30, driver=conceal", "---c--" },
	{ "if=30, driver=conceal", "---c--" },
	{ "class_code=0c0330, driver=conceal", "---c--" },
	{ "class_code=02*, driver=conceal", "-cc-c-" },
	{ "header_type=01, driver=conceal", "-----c" },
	{ "header_type=80, driver=conceal", "---c--" },
	{ "device=re|pro1000, driver=conceal", "-cc-c-" },
	{ "device=picky, driver=conceal", "------" },
	/* several at once */
	{ "class=0200, id=8086:*, driver=conceal", "-cc---" },
	{ "class=0200|0604, slot=00:*, driver=conceal", "-cc--c" },
	{ "class=0200, number=2, driver=conceal", "----c-" },
	{ "class=0200, number=0, id=10ec:*, driver=conceal", "------" },
	{ "class=0200, id=10ec:*, number=0, driver=conceal", "----c-" },
	/* the first that applies wins; every rule counts for itself */
	{ "driver=pro1000, and, class=0200, driver=conceal", "-pp-c-" },
	{ "class=0200, number=0, driver=none, and, class=0200, number=1,"
	  " driver=conceal", "--c---" },
	{ "class=0200, number=0, driver=pro1000, and, class=0200, number=0,"
	  " driver=conceal", "-p----" },
	{ "class=02*, driver=none, and, driver=pro1000", "------" },
	/* blanks, quotes, backslashes */
	{ "  class = 0200 , number\t=0 , driver = conceal  ", "-c----" },
	{ "class=\"0200\",driver=\"conceal\"", "-cc-c-" },
	{ "class=02\"0\"0,driver=con\\ceal", "-cc-c-" },
	{ "class=\\0200 | 0604,driver=conceal", "-cc-cc" },
	{ "id=\\*:\\*, driver=conceal", "------" },
	{ "\"class\"=0200,driver=conceal", "-cc-c-" },
};

static void test_selections(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(selections) / sizeof(selections[0]); i++)
		expect(selections[i].text, selections[i].letters);
}

/* --- options --- */

static const struct vmm_pci_options *nic(const char *text)
{
	const struct vmm_pci_options *o;
	struct vmm_pci_dev dev;

	parse(text);
	make(&dev, 1);
	o = pci_rules_choose(&rules, &dev);
	assert_non_null(o);
	assert_ptr_equal(o->driver, &pro1000);
	return o;
}

static void test_options(void **state)
{
	const struct vmm_pci_options *o;

	(void)state;
	o = nic("driver=pro1000, net=ippass, tty=1, virtio=0, ring=0x10");
	assert_string_equal(vmm_pci_option_text(o, "net", "pass"), "ippass");
	assert_true(vmm_pci_option_bool(o, "tty", false));
	assert_false(vmm_pci_option_bool(o, "virtio", true));
	assert_int_equal(vmm_pci_option_int(o, "ring", 8), 16);
	assert_null(vmm_pci_option_text(o, "note", NULL));
	assert_string_equal(vmm_pci_option_text(o, "note", "x"), "x");
	/* the last one counts; no one's value is another's */
	o = nic("slot=00:00.0, driver=re, note=a, and, driver=pro1000, note=b,"
		" note=\" c, \\\"d= \" , tty=on");
	assert_string_equal(vmm_pci_option_text(o, "note", NULL), " c, \"d= ");
	assert_true(vmm_pci_option_bool(o, "tty", false));
	assert_int_equal(o->count, 3);
	o = nic("driver=pro1000, note=");
	assert_string_equal(vmm_pci_option_text(o, "note", NULL), "");
}

static const struct {
	const char *text;
	int value;	/* -1: refused */
} bools[] = {
	{ "0", 0 }, { "1", 1 }, { "2", 1 }, { "-1", 1 }, { "00", 0 },
	{ "0x0", 0 }, { "yes", 1 }, { "No", 0 }, { "ON", 1 }, { "oFf", 0 },
	{ "true", 1 }, { "FALSE", 0 }, { "y", 1 }, { "N", 0 }, { "t", 1 },
	{ "f", 0 }, { "yess", -1 }, { "ye", -1 }, { "", -1 }, { "o", -1 },
	{ "1x", -1 }, { "0x", -1 }, { "08", -1 }, { "\"1 \"", -1 },
}, ints[] = {
	{ "0", 0 }, { "17", 17 }, { "017", 15 }, { "0x1F", 31 },
	{ "0X1f", 31 }, { "-1", -1 }, { "+7", 7 },
	{ "2147483647", INT32_MAX }, { "2147483648", INT32_MAX },
	{ "99999999999999999999999", INT32_MAX },
	{ "-2147483648", INT32_MIN }, { "-99999999999", INT32_MIN },
};

static void test_bools(void **state)
{
	char text[64], error[256];

	(void)state;
	for (size_t i = 0; i < sizeof(bools) / sizeof(bools[0]); i++) {
		int rc;

		vmm_snprintf(text, sizeof(text), "driver=pro1000, tty=%s",
			     bools[i].text);
		rc = pci_rules_parse(&rules, text, drivers, error,
				     sizeof(error));
		assert_int_equal(rc, bools[i].value < 0 ? -EINVAL : 0);
		if (rc == 0)
			assert_int_equal(rules.option[0].value,
					 bools[i].value);
	}
}

static void test_ints(void **state)
{
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(ints) / sizeof(ints[0]); i++) {
		vmm_snprintf(text, sizeof(text), "driver=pro1000, ring=%s",
			     ints[i].text);
		assert_int_equal(vmm_pci_option_int(nic(text), "ring", 0),
				 ints[i].value);
	}
}

/* --- what is refused --- */

#define SELECTORS "slot class id subsystem revision rev " \
	"programming_interface if class_code header_type device number"

static const struct {
	const char *text, *message;
} refused[] = {
	{ "driver=pro100", "character 8, at 'pro100': no such driver here; "
	  "accepted are: pro1000 re picky conceal none" },
	{ "class=0200", "character 7, at '0200': a rule ends with "
	  "driver=NAME; it is missing" },
	{ "class=0200,", "character 12, at '': accepted are driver=NAME and,"
	  " before it, " SELECTORS },
	{ "clas=0200, driver=re", "character 1, at 'clas=0200, driver=re': "
	  "accepted are driver=NAME and, before it, " SELECTORS },
	{ "class, driver=re", "character 1, at 'class, driver=re': = and what"
	  " it is to be are missing" },
	{ "id=8086:10D3, driver=conceal", "character 4, at '8086:10D3, "
	  "driver=conce': accepted are the characters 0123456789abcdef*?:"
	  " (hex in lower case)" },
	{ "id=, driver=conceal", "character 4, at ', driver=conceal': a "
	  "pattern is missing; accepted are the characters "
	  "0123456789abcdef*?:" },
	{ "class=0200|, driver=conceal", "character 12, at ', "
	  "driver=conceal': a pattern is missing; accepted are the "
	  "characters 0123456789abcdef*?" },
	{ "class=02=00, driver=conceal", "character 7, at '02=00, "
	  "driver=conceal': there is one = too many; put it between double "
	  "quotes if it is meant" },
	{ "number=0, driver=re", "character 1, at 'number=0, driver=re': number "
	  "needs another selector before it, for example device=pro1000, "
	  "number=0" },
	{ "device=conceal, driver=re", "character 8, at 'conceal, "
	  "driver=re': a driver that knows its devices is accepted; there "
	  "are: pro1000 re picky conceal " },
	{ "driver=conceal", "character 8, at 'conceal': this driver needs "
	  "selectors before it, for example id=8086:10d3; accepted are: "
	  SELECTORS },
	{ "driver=none", "character 8, at 'none': this driver needs "
	  "selectors before it, for example id=8086:10d3; accepted are: "
	  SELECTORS },
	{ "driver=re|pro1000", "character 8, at 're|pro1000': one driver is"
	  " to be named" },
	{ "driver=re, tyt=1", "character 12, at 'tyt=1': re has no such option;"
	  " it has: net tty virtio ring bar0 note" },
	{ "class=0200, driver=conceal, tty=1", "character 29, at 'tty=1': "
	  "conceal has no such option; it has: none" },
	{ "class=0200, driver=none, tty=1", "character 26, at 'tty=1': "
	  "driver=none takes no options; the next rule begins with "
	  "\"and,\"" },
	{ "driver=re, tty", "character 12, at 'tty': OPTION=VALUE, or "
	  "\"and\" and another rule, are accepted here" },
	{ "driver=re, tty=maybe", "character 16, at 'maybe': tty does not "
	  "take this; accepted are: 0 1 yes no on off true false" },
	{ "driver=re, net=ippas", "character 16, at 'ippas': net does not "
	  "take this; accepted are: pass ip ippass" },
	{ "driver=re, net=", "character 16, at '': net does not take this;"
	  " accepted are: pass ip ippass" },
	{ "driver=re, ring=many", "character 17, at 'many': ring does not "
	  "take this; accepted are: numbers from 8 to 256" },
	{ "driver=re, bar0=rq", "character 17, at 'rq': bar0 does not take"
	  " this; accepted are: [r][w]" },
	{ "driver=re, note=a=b", "character 17, at 'a=b': put values with ="
	  " or | between double quotes" },
	{ "driver=re, note=\"a", "character 17, at '\"a': a \" or \\ without"
	  " what belongs to it" },
	{ "driver=re, note=a\\", "character 17, at 'a\\': a \" or \\ without"
	  " what belongs to it" },
	{ "driver=re,", "character 11, at '': OPTION=VALUE, or \"and\" and"
	  " another rule, are accepted here" },
	{ "driver=re, and", "character 12, at 'and': \"and\" needs a comma "
	  "and another rule behind it" },
	{ "driver=re, and,", "character 16, at '': accepted are driver=NAME "
	  "and, before it, " SELECTORS },
	{ "driver=re, and, tty=1", "character 17, at 'tty=1': accepted are "
	  "driver=NAME and, before it, " SELECTORS },
	{ "and, driver=re", "character 1, at 'and, driver=re': accepted are "
	  "driver=NAME and, before it, " SELECTORS },
	{ "cl\1ss=02, driver=re", "character 1, at 'cl?ss=02, driver=re': "
	  "accepted are driver=NAME and, before it, " SELECTORS },
};

static void test_refused(void **state)
{
	char error[400];

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		static const char prefix[] = "config: vmm.driver.pci: ";

		assert_int_equal(pci_rules_parse(&rules, refused[i].text,
						 drivers, error,
						 sizeof(error)), -EINVAL);
		assert_memory_equal(error, prefix, sizeof(prefix) - 1);
		assert_string_equal(error + sizeof(prefix) - 1,
				    refused[i].message);
		assert_int_equal(rules.rules, 0);
	}
}

/* --- limits --- */

static void repeat(char *text, size_t size, const char *piece, unsigned n,
		   const char *end)
{
	size_t at = 0;

	while (n--)
		at += (size_t)vmm_snprintf(text + at, size - at, "%s", piece);
	vmm_snprintf(text + at, size - at, "%s", end);
}

static int try(const char *text, const char *message)
{
	char error[256] = "";
	int rc = pci_rules_parse(&rules, text, drivers, error, sizeof(error));

	if (rc && !strstr(error, message))
		print_error("%s\n", error);
	assert_true(!rc || strstr(error, message));
	return rc;
}

static void test_limits(void **state)
{
	static char text[8192];

	(void)state;
	repeat(text, sizeof(text), "driver=re,and,", 63, "driver=re");
	assert_int_equal(try(text, ""), 0);
	assert_int_equal(rules.rules, 64);
	repeat(text, sizeof(text), "driver=re,and,", 64, "driver=re");
	assert_int_equal(try(text, "more than 64 rules"), -EINVAL);
	repeat(text, sizeof(text), "if=0,", 256, "driver=re");
	assert_int_equal(try(text, ""), 0);
	repeat(text, sizeof(text), "if=0,", 257, "driver=re");
	assert_int_equal(try(text, "more than 256 selectors"), -EINVAL);
	repeat(text, sizeof(text), ",tty=1", 0, "driver=re");
	repeat(text + 9, sizeof(text) - 9, ",tty=1", 256, "");
	assert_int_equal(try(text, ""), 0);
	repeat(text + 9, sizeof(text) - 9, ",tty=1", 257, "");
	assert_int_equal(try(text, "more than 256 options"), -EINVAL);
	repeat(text, sizeof(text), "0", 63, "");
	memcpy(text, "id=", 3);
	repeat(text + 63, sizeof(text) - 63, "", 0, "000,driver=re");
	assert_int_equal(try(text, ""), 0);
	repeat(text + 63, sizeof(text) - 63, "", 0, "0000,driver=re");
	assert_int_equal(try(text, "longer than 63 characters"), -EINVAL);
	/* all of the text one value */
	repeat(text, sizeof(text), "x", 2047, "");
	memcpy(text, "driver=re,note=", 15);
	assert_int_equal(try(text, ""), 0);
	assert_int_equal(strlen(rules.option[0].text), 2047 - 15);
	repeat(text, sizeof(text), "x", 2048, "");
	assert_int_equal(try(text, "longer than 2047 characters"), -EINVAL);
}

/* --- patterns --- */

static const struct {
	const char *pattern, *text;
	bool match;
} globs[] = {
	{ "", "", true }, { "", "a", false }, { "*", "", true },
	{ "**", "abc", true }, { "a", "a", true }, { "a", "b", false },
	{ "a*", "abc", true }, { "*c", "abc", true }, { "*b", "abc", false },
	{ "a*c", "abbc", true }, { "a*b*c", "aXbYbZc", true },
	{ "a*b*c", "aXbYbZ", false }, { "?", "", false }, { "?", "x", true },
	{ "a?c", "abc", true }, { "\\*", "*", true }, { "\\*", "a", false },
	{ "\\?", "a", false }, { "\\\\", "\\", true }, { "*ab", "aab", true },
	{ "*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
	{ "a*", "a", true }, { "a", "ab", false }, { "ab", "a", false },
};

static void test_globs(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(globs) / sizeof(globs[0]); i++)
		assert_int_equal(pci_rules_glob(globs[i].pattern,
						globs[i].text),
				 globs[i].match);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_selections),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_bools),
		cmocka_unit_test(test_ints),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_globs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
