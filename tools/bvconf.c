/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bvconf: look at BitVisor's configuration on the build host.
 *
 *	bvconf check FILE	what the VMM would say about this bitvisor.conf
 *	bvconf list		all names, as a bitvisor.conf to begin with
 *	bvconf list --markdown	the same as the table of docs/configuration.md
 *
 * Built from the VMM's own sources and with its defconfig.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bitvisor/config.h>
#include <bvnet/access.h>
#include <bvnet/iptext.h>
#include <bvnet/net.h>
#include <core/config_names.h>
#include <nicdrv/device.h>
#include <pci/monitor.h>
#include <pci/rules.h>

/* --- what the variant `full` has, for the check of the rules --- */

static bool net_known(const char *text)
{
	enum net_mode mode;

	return net_mode_parse(text, &mode) == 0;
}

const struct nic_user nic_user = { .net_known = net_known };

/* "any": they know their devices, which does not matter here. */
static const struct vmm_pci_driver pro1000 = {
	.name = "pro1000", .match = "any", .options = nic_device_options,
}, conceal = {
	.name = "conceal",
}, monitor = {
	.name = "monitor", .options = monitor_options,
};

static const struct vmm_pci_driver *const drivers[] = {
	&pro1000, &conceal, &monitor, NULL
};

static const char help[] =
	"usage: bvconf check FILE\n"
	"       bvconf list [--markdown]\n"
	"\n"
	"check  say what BitVisor (the variant full) would say about this\n"
	"       bitvisor.conf, over the settings that are compiled in\n"
	"list   print all settings with their compiled-in values, as a\n"
	"       bitvisor.conf to begin with, or as a table\n"
	"\n"
	"The status is 0, 1 if something is wrong, or 2 if the command is.\n";

static int usage(void)
{
	fputs(help, stderr);
	return 2;
}

/* The whole file in allocated memory; NULL with errno set on failure. */
static char *read_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	char *text = NULL;
	size_t room = 0;

	*len = 0;
	while (f && !ferror(f) && !feof(f)) {
		if (*len == room) {
			char *grown = realloc(text, room += 65536);

			if (!grown)
				break;
			text = grown;
		}
		*len += fread(text + *len, 1, room - *len, f);
	}
	if (!f || !feof(f)) {
		free(text);
		text = NULL;
	}
	if (f)
		fclose(f);
	return text;
}

/* Members whose texts parts of the VMM read. */
static int check_texts(const struct config_data *cfg, char *error, size_t size)
{
	static struct pci_rules rules;
	struct access access;
	uint8_t ip6[NET_IP_LEN];
	int result = pci_rules_parse(&rules, cfg->vmm.driver.pci, drivers,
				     error, size);

	if (!result)
		result = access_parse(&access, cfg->vmm.dbgsh_allow,
				      cfg->vmm.dbgsh_password, error, size);
	if (!result)
		result = net_ip6_setting(cfg->ip.ip6addr, cfg->ip.use_ipv6,
					 ip6, error, size);
	return result;
}

/* What is no mistake, but likely not meant. */
static void give_hints(const struct config_data *cfg)
{
	if (cfg->vmm.telnet_dbgsh && !*cfg->vmm.dbgsh_allow &&
	    !*cfg->vmm.dbgsh_password)
		puts("note: vmm.telnet_dbgsh=1 lets nobody in without "
		     "vmm.dbgsh_allow or vmm.dbgsh_password");
	if (strstr(cfg->vmm.driver.pci, "net=ip") && !cfg->ip.use_dhcp &&
	    !cfg->ip.use_ipv6 && !memcmp(cfg->ip.ipaddr, "\0\0\0", 4))
		puts("note: net=ip... needs ip.ipaddr and ip.netmask, or "
		     "ip.use_dhcp=1 or ip.use_ipv6=1");
	if (cfg->vmm.tty_syslog.enable &&
	    !strstr(cfg->vmm.driver.pci, "tty="))
		puts("note: vmm.tty_syslog.enable=1 does nothing without a "
		     "rule with tty=1 in vmm.driver.pci");
}

/* Same steps as the VMM's start: the file over defconfig, then the whole. */
static int check(const char *path)
{
	struct config_data cfg = config;
	char error[256];
	size_t len;
	char *text = read_file(path, &len);
	int result;

	if (!text) {
		fprintf(stderr, "bvconf: %s: %s\n", path, strerror(errno));
		return 1;
	}
	result = config_parse(&cfg, text, len, path, error, sizeof(error));
	if (!result)
		result = config_check(&cfg, error, sizeof(error));
	if (!result)
		result = check_texts(&cfg, error, sizeof(error));
	free(text);
	if (result) {
		puts(error);
		return 1;
	}
	printf("%s: ok\n", path);
	give_hints(&cfg);
	return 0;
}

static void print_int(const struct config_name *row, const void *member)
{
	int value;

	memcpy(&value, member, sizeof(value));
	if (row->word && value == row->word_value)
		fputs(row->word, stdout);
	else
		printf("%d", value);
}

/* A member's value in the syntax of bitvisor.conf. */
static void print_value(const struct config_name *row)
{
	const unsigned char *m = (const unsigned char *)&config + row->offset;

	if (row->secret)
		return;
	switch (row->type) {
	case CONFIG_INT:
		print_int(row, m);
		break;
	case CONFIG_IPV4:
		printf("%u.%u.%u.%u", m[0], m[1], m[2], m[3]);
		break;
	case CONFIG_MAC:
		printf("%02X:%02X:%02X:%02X:%02X:%02X", m[0], m[1], m[2], m[3],
		       m[4], m[5]);
		break;
	case CONFIG_STRING:
		printf("%.*s", (int)row->size, (const char *)m);
		break;
	}
}

static const char *type_name(enum config_type type)
{
	static const char *const names[] = {
		[CONFIG_INT] = "integer",
		[CONFIG_IPV4] = "IPv4 address",
		[CONFIG_MAC] = "MAC address",
		[CONFIG_STRING] = "string",
	};

	return names[type];
}

static void list_plain(void)
{
	puts("# Settings of BitVisor, with the values that are compiled in.\n"
	     "# Take the # off a name to change it.");
	for (size_t i = 0; i < config_names_count; i++) {
		const struct config_name *row = &config_names[i];

		printf("\n# %s\n# %s: %s; for example %s\n#%s=", row->doc,
		       type_name(row->type), row->accepted, row->example,
		       row->name);
		print_value(row);
		putchar('\n');
	}
}

static void list_markdown(void)
{
	puts("| Name | Accepted | Default | Meaning |\n"
	     "|---|---|---|---|");
	for (size_t i = 0; i < config_names_count; i++) {
		const struct config_name *row = &config_names[i];

		printf("| `%s` | %s | `", row->name, row->accepted);
		if (row->type == CONFIG_STRING)
			putchar('"');
		print_value(row);
		if (row->type == CONFIG_STRING)
			putchar('"');
		printf("` | %s |\n", row->doc);
	}
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "check") == 0)
		return check(argv[2]);
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		fputs(help, stdout);
	else if (argc == 2 && strcmp(argv[1], "list") == 0)
		list_plain();
	else if (argc == 3 && strcmp(argv[1], "list") == 0 &&
		 strcmp(argv[2], "--markdown") == 0)
		list_markdown();
	else
		return usage();
	return fflush(stdout) == 0 ? 0 : 1;
}
