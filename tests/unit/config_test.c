/* SPDX-License-Identifier: BSD-3-Clause */
/* bitvisor.conf: grammar, messages, ranges; the guide's defconfig. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <bitvisor/config.h>
#include <core/config_names.h>

static char error[256];

static int parse_n(struct config_data *cfg, const char *text, size_t n)
{
	memset(error, 'x', sizeof(error));
	return config_parse(cfg, text, n, "bitvisor.conf", error,
			    sizeof(error));
}

static int parse(struct config_data *cfg, const char *text)
{
	return parse_n(cfg, text, strlen(text));
}

/* Every text that must be refused, with the message it must give. */
static const struct bad_row {
	const char *text, *message;
} bad_rows[] = {
	{ "hello", "1: 'hello' is not name=value; write for example vmm.log_level=6" },
	{ "=1", "1: '=1' is not name=value; write for example vmm.log_level=6" },
	{ "\n\nfoo=1", "3: unknown name 'foo'; docs/configuration.md and `bvconf list` have all names" },
	{ "vmm.tty_syslog.enabel=1", "1: unknown name 'vmm.tty_syslog.enabel'; did you mean vmm.tty_syslog.enable?" },
	{ "tty_serial=1", "1: unknown name 'tty_serial'; did you mean vmm.tty_serial?" },
	{ "enable=1", "1: unknown name 'enable'; did you mean vmm.tty_syslog.enable?" },
	{ "VMM.Tty_Serial=1", "1: unknown name 'VMM.Tty_Serial'; did you mean vmm.tty_serial?" },
	{ "chian=x", "1: unknown name 'chian'; did you mean loader.chain?" },
	{ "vmm log_level=6", "1: unknown name 'vmm log_level'; did you mean vmm.log_level?" },
	{ "vmm.f11panic=1", "1: vmm.f11panic is not supported: the keyboard is the guest's alone; remove this line" },
	{ "vmm.tty_pro1000=1", "1: vmm.tty_pro1000 is not supported: PCI rules do it; write vmm.driver.pci=driver=pro1000, tty=1" },
	{ "vpn.mode=x", "1: vpn.mode is not supported: there is no VPN client; remove this line" },
	{ "vmm.driver.pc=x", "1: unknown name 'vmm.driver.pc'; did you mean vmm.driver.pci?" },
	{ "vmm.driver.ata=1", "1: vmm.driver.ata is not supported: there is no such driver; remove this line" },
	{ "vmm.dbgsh=", "1: '' is no value of vmm.dbgsh; accepted are 0 or 1, for example vmm.dbgsh=1" },
	{ "vmm.dbgsh=yes", "1: 'yes' is no value of vmm.dbgsh; accepted are 0 or 1, for example vmm.dbgsh=1" },
	{ "vmm.dbgsh=1 1", "1: '1 1' is no value of vmm.dbgsh; accepted are 0 or 1, for example vmm.dbgsh=1" },
	{ "vmm.dbgsh=1#", "1: '1#' is no value of vmm.dbgsh; accepted are 0 or 1, for example vmm.dbgsh=1" },
	{ "vmm.dbgsh=\"1\"", "1: '\"1\"' is no value of vmm.dbgsh; accepted are 0 or 1, for example vmm.dbgsh=1" },
	{ "vmm.dbgsh=-", "1: '-' is no value of vmm.dbgsh; accepted are 0 or 1, for example vmm.dbgsh=1" },
	{ "vmm.dbgsh=0x", "1: '0x' is no value of vmm.dbgsh; accepted are 0 or 1, for example vmm.dbgsh=1" },
	{ "vmm.dbgsh=08", "1: '08' is no value of vmm.dbgsh; accepted are 0 or 1, for example vmm.dbgsh=1" },
	{ "vmm.dbgsh=auto", "1: 'auto' is no value of vmm.dbgsh; accepted are 0 or 1, for example vmm.dbgsh=1" },
	{ "vmm.dbgsh=2", "1: vmm.dbgsh=2 is out of range; accepted are 0 or 1" },
	{ "vmm.dbgsh=-1", "1: vmm.dbgsh=-1 is out of range; accepted are 0 or 1" },
	{ "vmm.dbgsh=4294967297", "1: vmm.dbgsh=4294967297 is out of range; accepted are 0 or 1" },
	{ "vmm.dbgsh=18446744073709551617", "1: vmm.dbgsh=18446744073709551617 is out of range; accepted are 0 or 1" },
	{ "vmm.log_level=2", "1: vmm.log_level=2 is out of range; accepted are 0, or 3 to 7" },
	{ "vmm.log_level=8", "1: vmm.log_level=8 is out of range; accepted are 0, or 3 to 7" },
	{ "vmm.localapic_intercept=2", "1: vmm.localapic_intercept=2 is out of range; accepted are 0, 1 or auto" },
	{ "vmm.localapic_intercept=Auto", "1: 'Auto' is no value of vmm.localapic_intercept; accepted are 0, 1 or auto, for example vmm.localapic_intercept=auto" },
	{ "vmm.tty_serial=5", "1: vmm.tty_serial=5 is out of range; accepted are 0 to 4, or an I/O port from 0x100 to 0xfff8" },
	{ "vmm.tty_serial=0xff", "1: vmm.tty_serial=0xff is out of range; accepted are 0 to 4, or an I/O port from 0x100 to 0xfff8" },
	{ "vmm.tty_serial=0xfff9", "1: vmm.tty_serial=0xfff9 is out of range; accepted are 0 to 4, or an I/O port from 0x100 to 0xfff8" },
	{ "ip.ipaddr=1.2.3", "1: '1.2.3' is not an IPv4 address; write it like ip.ipaddr=192.168.0.7" },
	{ "ip.ipaddr=1.2.3.4.", "1: '1.2.3.4.' is not an IPv4 address; write it like ip.ipaddr=192.168.0.7" },
	{ "ip.ipaddr=1.2.3.4.5", "1: '1.2.3.4.5' is not an IPv4 address; write it like ip.ipaddr=192.168.0.7" },
	{ "ip.ipaddr=1..3.4", "1: '1..3.4' is not an IPv4 address; write it like ip.ipaddr=192.168.0.7" },
	{ "ip.ipaddr=1.2.3.256", "1: '1.2.3.256' is not an IPv4 address; write it like ip.ipaddr=192.168.0.7" },
	{ "ip.ipaddr=1.2.3.04", "1: '1.2.3.04' is not an IPv4 address; write it like ip.ipaddr=192.168.0.7" },
	{ "ip.ipaddr=1.2.3.a", "1: '1.2.3.a' is not an IPv4 address; write it like ip.ipaddr=192.168.0.7" },
	{ "ip.ipaddr=", "1: '' is not an IPv4 address; write it like ip.ipaddr=192.168.0.7" },
	{ "vmm.tty_mac_address=52:54:00:12:34", "1: '52:54:00:12:34' is not a MAC address; write it like vmm.tty_mac_address=52:54:00:12:34:56" },
	{ "vmm.tty_mac_address=52:54:00:12:34:5g", "1: '52:54:00:12:34:5g' is not a MAC address; write it like vmm.tty_mac_address=52:54:00:12:34:56" },
	{ "vmm.tty_mac_address=52:54-00:12:34:56", "1: '52:54-00:12:34:56' is not a MAC address; write it like vmm.tty_mac_address=52:54:00:12:34:56" },
	{ "vmm.tty_mac_address=52.54.00.12.34.56", "1: '52.54.00.12.34.56' is not a MAC address; write it like vmm.tty_mac_address=52:54:00:12:34:56" },
	{ "vmm.tty_mac_address=525400123456", "1: '525400123456' is not a MAC address; write it like vmm.tty_mac_address=52:54:00:12:34:56" },
	{ "chain=\"a", "1: a quote is not closed; end the value with \"" },
	{ "chain=\"a\" b", "1: loader.chain has text behind the closing quote; put quotes around the whole value or nowhere" },
	{ "chain=a\tb\x01", "1: control character 0x01; save the file as plain text (UTF-8)" },
	{ "chain=a\x7f", "1: control character 0x7F; save the file as plain text (UTF-8)" },
	{ "chain=a\rb", "1: control character 0x0D; save the file as plain text (UTF-8)" },
	{ "# c\r\nvmm.dbgsh=3\r\n", "2: vmm.dbgsh=3 is out of range; accepted are 0 or 1" },
	{ "vmm.dbgsh=\xc3\xa4", "1: '?\?' is no value of vmm.dbgsh; accepted are 0 or 1, for example vmm.dbgsh=1" },
	{ "vmm.dbgsh=1234567890123456789012345678901234567890x",
	  "1: '1234567890123456789012345678901234567890...' is no value of vmm.dbgsh; accepted are 0 or 1, for example vmm.dbgsh=1" },
	{ "\xff\xfe" "a", "1: the file is UTF-16; save it as UTF-8" },
	{ "\xfe\xff", "1: the file is UTF-16; save it as UTF-8" },
};

static void refuses_each_mistake_and_says_what_is_right(void **state)
{
	(void)state;
	for (size_t i = 0; i < VMM_ARRAY_SIZE(bad_rows); i++) {
		struct config_data cfg = config;
		char expected[256];

		snprintf(expected, sizeof(expected), "bitvisor.conf:%s",
			 bad_rows[i].message);
		assert_int_equal(parse(&cfg, bad_rows[i].text), -EINVAL);
		assert_string_equal(error, expected);
		assert_memory_equal(&cfg, &config, sizeof(cfg));
	}
}

/* Values of integer members, as they may be written. */
static const struct int_row {
	const char *text;
	size_t offset;
	int value;
} int_rows[] = {
#define INT(text, m, value) { text, offsetof(struct config_data, m), value }
	INT("vmm.auto_reboot=0", vmm.auto_reboot, 0),
	INT("vmm.panic_reboot=1", vmm.panic_reboot, 1),
	INT("vmm.dbgsh=0x0", vmm.dbgsh, 0),
	INT("vmm.telnet_dbgsh=01", vmm.telnet_dbgsh, 1),
	INT("vmm.localapic_intercept=auto", vmm.localapic_intercept, -1),
	INT("vmm.localapic_intercept=-1", vmm.localapic_intercept, -1),
	INT("vmm.localapic_intercept=0", vmm.localapic_intercept, 0),
	INT("vmm.disable_sleep=0", vmm.disable_sleep, 0),
	INT("vmm.hide_cpuid=1", vmm.hide_cpuid, 1),
	INT("vmm.bvlog_anyone=1", vmm.bvlog_anyone, 1),
	INT("vmm.tty_serial=4", vmm.tty_serial, 4),
	INT("vmm.tty_serial=0x3f8", vmm.tty_serial, 0x3f8),
	INT("vmm.tty_serial=0X3F8", vmm.tty_serial, 0x3f8),
	INT("vmm.tty_serial=01770", vmm.tty_serial, 0x3f8),
	INT("vmm.tty_serial=1016", vmm.tty_serial, 0x3f8),
	INT("vmm.tty_serial=0x100", vmm.tty_serial, 0x100),
	INT("vmm.tty_serial=0xfff8", vmm.tty_serial, 0xfff8),
	INT("vmm.log_level=3", vmm.log_level, 3),
	INT("vmm.log_level=7", vmm.log_level, 7),
	INT("vmm.tty_syslog.enable=0", vmm.tty_syslog.enable, 0),
	INT("ip.use_dhcp=1", ip.use_dhcp, 1),
	/* blanks, comments, line ends, order marks */
	INT(" \tvmm.log_level \t=  7 \t", vmm.log_level, 7),
	INT("vmm.log_level=7 # all", vmm.log_level, 7),
	INT("vmm.log_level=7\t#", vmm.log_level, 7),
	INT("vmm.log_level=7\r\n", vmm.log_level, 7),
	INT("\n\r\n  \n# x=\"\n   # y\nvmm.log_level=7\n\n", vmm.log_level, 7),
	INT("\xef\xbb\xbfvmm.log_level=7", vmm.log_level, 7),
	INT("vmm.log_level=3\nvmm.log_level=7", vmm.log_level, 7),
	INT("# \x01\nvmm.log_level=7", vmm.log_level, 7),
#undef INT
};

static void reads_integers(void **state)
{
	(void)state;
	for (size_t i = 0; i < VMM_ARRAY_SIZE(int_rows); i++) {
		const struct int_row *row = &int_rows[i];
		struct config_data expected = config, cfg = config;

		memcpy((char *)&expected + row->offset, &row->value,
		       sizeof(int));
		assert_int_equal(parse(&cfg, row->text), 0);
		assert_memory_equal(&cfg, &expected, sizeof(cfg));
	}
}

static void reads_addresses(void **state)
{
	static const unsigned char mac[6] = { 0xab, 0xCD, 0, 1, 0x2e, 0xff };
	static const unsigned char ip[4] = { 10, 0, 255, 1 };
	struct config_data cfg = config;

	(void)state;
	assert_int_equal(parse(&cfg, "vmm.tty_mac_address=ab:CD:00:01:2e:FF"), 0);
	assert_memory_equal(cfg.vmm.tty_mac_address, mac, 6);
	cfg = config;
	assert_int_equal(parse(&cfg, "vmm.tty_mac_address=ab-CD-00-01-2e-FF"), 0);
	assert_memory_equal(cfg.vmm.tty_mac_address, mac, 6);
	assert_int_equal(parse(&cfg, "ip.ipaddr=10.0.255.1\n"
			       "ip.netmask = 10.0.255.1\n"
			       "ip.gateway=10.0.255.1 # here\n"
			       "vmm.tty_syslog.src_ipaddr=10.0.255.1\n"
			       "vmm.tty_syslog.dst_ipaddr=10.0.255.1"), 0);
	assert_memory_equal(cfg.ip.ipaddr, ip, 4);
	assert_memory_equal(cfg.ip.netmask, ip, 4);
	assert_memory_equal(cfg.ip.gateway, ip, 4);
	assert_memory_equal(cfg.vmm.tty_syslog.src_ipaddr, ip, 4);
	assert_memory_equal(cfg.vmm.tty_syslog.dst_ipaddr, ip, 4);
}

static const struct string_row {
	const char *text, *value;
} string_rows[] = {
	{ "chain=\\EFI\\debian\\grubx64.efi", "\\EFI\\debian\\grubx64.efi" },
	{ "loader.chain=a/b", "a/b" },
	{ "chain=", "" },
	{ "chain=\"\"", "" },
	{ "chain=\"\\EFI\\\"", "\\EFI\\" },
	{ "chain = \"  a b \" # c", "  a b " },
	{ "chain=\"a # b\"", "a # b" },
	{ "chain=a#b", "a#b" },
	{ "chain=a b #c", "a b" },
	{ "chain=#b", "#b" },
	{ "chain= #b", "" },
	{ "chain=a=b=c", "a=b=c" },
	{ "chain=a\tb", "a\tb" },
	{ "chain=\xc3\xa4.efi", "\xc3\xa4.efi" },
	{ "chain=x\"y # z\",w", "x\"y # z\",w" },
};

static void reads_strings(void **state)
{
	(void)state;
	for (size_t i = 0; i < VMM_ARRAY_SIZE(string_rows); i++) {
		struct config_data cfg = config;

		/* The rest of the member must not keep the old value. */
		strcpy(cfg.loader.chain, "something longer than all of them");
		assert_int_equal(parse(&cfg, string_rows[i].text), 0);
		assert_string_equal(cfg.loader.chain, string_rows[i].value);
		for (size_t k = strlen(string_rows[i].value);
		     k < sizeof(cfg.loader.chain); k++)
			assert_int_equal(cfg.loader.chain[k], 0);
	}
}

static void bounds_the_length_of_strings(void **state)
{
	struct config_data cfg = config;
	char text[sizeof(cfg.loader.chain) + 16] = "chain=";

	(void)state;
	memset(text + 6, 'a', sizeof(cfg.loader.chain) - 1);
	assert_int_equal(parse(&cfg, text), 0);
	assert_int_equal(strlen(cfg.loader.chain), 255);
	cfg = config;
	strcat(text, "a");
	assert_int_equal(parse(&cfg, text), -EINVAL);
	assert_string_equal(error, "bitvisor.conf:1: loader.chain is 256 "
			    "bytes long; at most 255 fit");
	assert_memory_equal(&cfg, &config, sizeof(cfg));
}

static void changes_nothing_when_a_later_line_is_wrong(void **state)
{
	struct config_data cfg = config;

	(void)state;
	assert_int_equal(parse(&cfg, "vmm.log_level=7\nchain=x\noops\n"),
			 -EINVAL);
	assert_memory_equal(&cfg, &config, sizeof(cfg));
}

static void takes_text_that_is_empty_or_has_nul_bytes(void **state)
{
	struct config_data cfg = config;

	(void)state;
	assert_int_equal(parse_n(&cfg, NULL, 0), 0);
	assert_int_equal(parse_n(&cfg, "", 0), 0);
	assert_memory_equal(&cfg, &config, sizeof(cfg));
	assert_int_equal(parse_n(&cfg, "v\0m\0m\0", 6), -EINVAL);
	assert_string_equal(error, "bitvisor.conf:1: control character 0x00; "
			    "save the file as plain text (UTF-8)");
	/* Only len bytes are the text's. */
	assert_int_equal(parse_n(&cfg, "vmm.log_level=77", 15), 0);
	assert_int_equal(cfg.vmm.log_level, 7);
}

static void cuts_a_message_to_its_buffer(void **state)
{
	struct config_data cfg = config;
	char small[8] = "zzzzzzz";

	(void)state;
	assert_int_equal(config_parse(&cfg, "oops", 4, "f", small, 5),
			 -EINVAL);
	assert_string_equal(small, "f:1:");
	assert_int_equal(small[5], 'z');
	assert_int_equal(config_parse(&cfg, "oops", 4, "f", small, 0),
			 -EINVAL);
}

/* Each byte of the structure but the padding behind the MAC address belongs
 * to exactly one row, so no member can be forgotten. */
static void has_one_row_for_each_member(void **state)
{
	static unsigned char owned[sizeof(struct config_data)];
	size_t padding = offsetof(struct config_data, vmm.tty_mac_address) + 6;

	(void)state;
	for (size_t i = 0; i < config_names_count; i++) {
		const struct config_name *row = &config_names[i];

		for (size_t k = 0; k < row->size; k++)
			owned[row->offset + k]++;
		assert_true(strlen(row->name) <= CONFIG_NAME_MAX);
		assert_ptr_equal(config_find(row->name, strlen(row->name)),
				 row);
		assert_null(config_find_absent(row->name, strlen(row->name)));
	}
	for (size_t k = 0; k < sizeof(owned); k++)
		assert_int_equal(owned[k], k != padding && k != padding + 1);
}

/* The example of each row must be accepted, and integers have int size. */
static void has_examples_that_are_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < config_names_count; i++) {
		const struct config_name *row = &config_names[i];
		struct config_data cfg = config;
		char text[128];

		snprintf(text, sizeof(text), "%s=%s", row->name, row->example);
		assert_int_equal(parse(&cfg, text), 0);
		if (row->type == CONFIG_INT)
			assert_int_equal(row->size, sizeof(int));
		if (row->type == CONFIG_IPV4)
			assert_int_equal(row->size, 4);
		if (row->type == CONFIG_MAC)
			assert_int_equal(row->size, 6);
	}
}

static int check(const struct config_data *cfg)
{
	memset(error, 'x', sizeof(error));
	return config_check(cfg, error, sizeof(error));
}

static void check_finds_values_no_file_would_allow(void **state)
{
	struct config_data cfg = config;

	(void)state;
	assert_int_equal(check(&cfg), 0);
	cfg.vmm.log_level = 0;	/* not named in a defconfig */
	assert_int_equal(check(&cfg), 0);
	cfg.vmm.log_level = 2;
	assert_int_equal(check(&cfg), -EINVAL);
	assert_string_equal(error, "config: vmm.log_level is 2; accepted are "
			    "0, or 3 to 7");
	cfg = config;
	cfg.vmm.tty_serial = 0x3f8;
	assert_int_equal(check(&cfg), 0);
	cfg.vmm.tty_serial = 5;
	assert_int_equal(check(&cfg), -EINVAL);
	cfg = config;
	memset(cfg.vmm.driver.pci, 'a', sizeof(cfg.vmm.driver.pci));
	assert_int_equal(check(&cfg), -EINVAL);
	assert_string_equal(error, "config: vmm.driver.pci is not terminated; "
			    "at most 2047 bytes fit");
}

static void check_finds_contradictions(void **state)
{
	static const unsigned char gap[4] = { 255, 0, 255, 0 };
	struct config_data cfg = config;

	(void)state;
	memcpy(cfg.ip.netmask, gap, 4);
	assert_int_equal(check(&cfg), -EINVAL);
	assert_string_equal(error, "config: ip.netmask 255.0.255.0 has a gap; "
			    "write for example 255.255.255.0");
	memset(cfg.ip.netmask, 0, 4);
	assert_int_equal(check(&cfg), -EINVAL);
	assert_string_equal(error, "config: ip.ipaddr is set without "
			    "ip.netmask; add for example "
			    "ip.netmask=255.255.255.0");
	memset(cfg.ip.ipaddr, 0, 4);
	assert_int_equal(check(&cfg), 0);
	memset(cfg.vmm.tty_syslog.src_ipaddr, 0, 4);
	assert_int_equal(check(&cfg), -EINVAL);
	assert_string_equal(error, "config: vmm.tty_syslog.enable is 1 without "
			    "a sender; set vmm.tty_syslog.src_ipaddr to the "
			    "address that the receiver shall see");
	memset(cfg.vmm.tty_syslog.dst_ipaddr, 0, 4);
	assert_int_equal(check(&cfg), -EINVAL);
	assert_string_equal(error, "config: vmm.tty_syslog.enable is 1 without "
			    "a receiver; set vmm.tty_syslog.dst_ipaddr");
	cfg.vmm.tty_syslog.enable = 0;
	assert_int_equal(check(&cfg), 0);
}

/* Addresses that a machine or its router cannot have: what is changed in the
 * guide's configuration, and what is said. */
static void check_finds_impossible_addresses(void **state)
{
	static const struct {
		unsigned char ip[4], gateway[4];
		const char *said;
	} rows[] = {
		{ { 192, 168, 0, 7 }, { 192, 168, 0, 1 }, NULL },
		{ { 192, 168, 0, 7 }, { 0, 0, 0, 0 }, NULL },
		{ { 192, 168, 0, 0 }, { 192, 168, 0, 1 },
		  "config: ip.ipaddr 192.168.0.0 is no address of one "
		  "machine; write for example 192.168.0.7" },
		{ { 192, 168, 0, 255 }, { 192, 168, 0, 1 },
		  "config: ip.ipaddr 192.168.0.255 is no address of one "
		  "machine; write for example 192.168.0.7" },
		{ { 127, 0, 0, 1 }, { 0, 0, 0, 0 },
		  "config: ip.ipaddr 127.0.0.1 is no address of one "
		  "machine; write for example 192.168.0.7" },
		{ { 224, 0, 0, 1 }, { 0, 0, 0, 0 },
		  "config: ip.ipaddr 224.0.0.1 is no address of one "
		  "machine; write for example 192.168.0.7" },
		{ { 192, 168, 0, 7 }, { 192, 168, 1, 1 },
		  "config: ip.gateway 192.168.1.1 is in another network than "
		  "ip.ipaddr 192.168.0.7 by ip.netmask; it must be in the "
		  "same" },
		{ { 192, 168, 0, 7 }, { 192, 168, 0, 7 },
		  "config: ip.gateway is ip.ipaddr, 192.168.0.7; it is the "
		  "router's address" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config_data cfg = config;

		memcpy(cfg.ip.ipaddr, rows[i].ip, 4);
		memcpy(cfg.ip.gateway, rows[i].gateway, 4);
		assert_int_equal(check(&cfg), rows[i].said ? -EINVAL : 0);
		if (rows[i].said)
			assert_string_equal(error, rows[i].said);
	}
}

/* config is the guide's defconfig here (config_guide.c). */
static void the_guides_defconfig_means_what_it_says(void **state)
{
	static const unsigned char own[4] = { 192, 168, 0, 7 };
	static const unsigned char mask[4] = { 255, 255, 255, 0 };
	static const unsigned char mac[6] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };

	(void)state;
	assert_string_equal(config.vmm.driver.pci,
			    "driver=pro1000, net=ippass, tty=1, virtio=1");
	assert_memory_equal(config.ip.ipaddr, own, 4);
	assert_memory_equal(config.ip.netmask, mask, 4);
	assert_memory_equal(config.vmm.tty_mac_address, mac, 6);
	assert_int_equal(config.vmm.tty_syslog.enable, 1);
	assert_int_equal(config.vmm.localapic_intercept, 1);
	assert_int_equal(check(&config), 0);
}

/* The same settings as lines of a file give the same configuration. */
static void a_file_can_say_what_the_guides_defconfig_says(void **state)
{
	struct config_data cfg;

	(void)state;
	memset(&cfg, 0, sizeof(cfg));
	assert_int_equal(parse(&cfg,
		"vmm.auto_reboot=1\nvmm.dbgsh=1\nvmm.localapic_intercept=1\n"
		"vmm.disable_sleep=1\nvmm.log_level=6\n"
		"vmm.tty_mac_address=52-54-00-12-34-56\n"
		"vmm.tty_syslog.enable=1\n"
		"vmm.tty_syslog.src_ipaddr=192.168.0.7\n"
		"vmm.tty_syslog.dst_ipaddr=192.168.0.2\n"
		"vmm.driver.pci=driver=pro1000, net=ippass, tty=1, virtio=1\n"
		"ip.ipaddr=192.168.0.7\nip.netmask=255.255.255.0\n"
		"ip.gateway=192.168.0.1\n"), 0);
	assert_memory_equal(&cfg, &config, sizeof(cfg));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_each_mistake_and_says_what_is_right),
		cmocka_unit_test(reads_integers),
		cmocka_unit_test(reads_addresses),
		cmocka_unit_test(reads_strings),
		cmocka_unit_test(bounds_the_length_of_strings),
		cmocka_unit_test(changes_nothing_when_a_later_line_is_wrong),
		cmocka_unit_test(takes_text_that_is_empty_or_has_nul_bytes),
		cmocka_unit_test(cuts_a_message_to_its_buffer),
		cmocka_unit_test(has_one_row_for_each_member),
		cmocka_unit_test(has_examples_that_are_accepted),
		cmocka_unit_test(check_finds_values_no_file_would_allow),
		cmocka_unit_test(check_finds_contradictions),
		cmocka_unit_test(check_finds_impossible_addresses),
		cmocka_unit_test(the_guides_defconfig_means_what_it_says),
		cmocka_unit_test(a_file_can_say_what_the_guides_defconfig_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
