/* SPDX-License-Identifier: BSD-3-Clause */
/* Names, ranges and documentation of the configuration.  See the header. */
#include <core/config_names.h>
#include <string.h>

#define MEMBER(m) \
	.offset = offsetof(struct config_data, m), \
	.size = sizeof(((struct config_data *)0)->m)

#define NO_RANGE { 1, 0 }

#define FLAG(m, text) { \
	.name = #m, .type = CONFIG_INT, MEMBER(m), \
	.range = { { 0, 1 }, NO_RANGE }, .accepted = "0 or 1", \
	.example = "1", .doc = text }
#define IPV4(m, text) { \
	.name = #m, .type = CONFIG_IPV4, MEMBER(m), \
	.accepted = "an IPv4 address", .example = "192.168.0.7", .doc = text }

const struct config_name config_names[] = {
	FLAG(vmm.auto_reboot,
	     "a reset request of the guest resets the machine"),
	FLAG(vmm.panic_reboot,
	     "after a panic of the VMM: 1 reboots, 0 halts with the report shown"),
	FLAG(vmm.dbgsh,
	     "the guest's tool dbgsh may open the debug shell"),
	FLAG(vmm.telnet_dbgsh,
	     "the debug shell listens on TCP port 23 of the VMM's address"),
	{
		.name = "vmm.localapic_intercept", .type = CONFIG_INT,
		MEMBER(vmm.localapic_intercept),
		.range = { { -1, 1 }, NO_RANGE },
		.word = "auto", .word_value = -1,
		.accepted = "0, 1 or auto", .example = "auto",
		.doc = "trap the guest's writes that start processors: auto as "
		       "long as one may be started, 0 only until all have "
		       "been once, 1 always",
	},
	FLAG(vmm.disable_sleep,
	     "hide the ACPI sleep states S2 and S3 from the guest"),
	FLAG(vmm.hide_cpuid,
	     "hide the VMM's own CPUID leaf from the guest"),
	FLAG(vmm.bvlog_anyone,
	     "any program of the guest may read the log, not only root's"),
	{
		.name = "vmm.tty_serial", .type = CONFIG_INT,
		MEMBER(vmm.tty_serial),
		.range = { { 0, 4 }, { 0x100, 0xfff8 } },
		.accepted = "0 to 4, or an I/O port from 0x100 to 0xfff8",
		.example = "1",
		.doc = "serial port that gets the log and that the guest then "
		       "does not see: 0 none, 1 to 4 COM1 to COM4, or its I/O port",
	},
	{
		.name = "vmm.log_level", .type = CONFIG_INT,
		MEMBER(vmm.log_level),
		.range = { { 0, 0 }, { 3, 7 } },
		.accepted = "0, or 3 to 7", .example = "6",
		.doc = "lines shown on console and serial port: 3 errors, "
		       "4 warnings too, 5 notices, 6 information, 7 "
		       "everything; 0 is 6",
	},
	{
		.name = "vmm.tty_mac_address", .type = CONFIG_MAC,
		MEMBER(vmm.tty_mac_address),
		.accepted = "a MAC address", .example = "52:54:00:12:34:56",
		.doc = "receiver of the log sent over the network (tty=1), or "
		       "the router on the way to it; zeros: find it by ARP",
	},
	FLAG(vmm.tty_syslog.enable,
	     "send the log as syslog over UDP; 0 sends one character a frame"),
	FLAG(vmm.tty_syslog.rfc5424,
	     "syslog packets have priority and time (RFC 5424), not only the "
	     "tag bitvisor:"),
	IPV4(vmm.tty_syslog.src_ipaddr,
	     "sender's address in the syslog packets"),
	IPV4(vmm.tty_syslog.dst_ipaddr,
	     "address of the syslog receiver"),
	{
		.name = "vmm.driver.pci", .type = CONFIG_STRING,
		MEMBER(vmm.driver.pci),
		.accepted = "rules", .example =
			"driver=pro1000, net=ippass, tty=1, virtio=1",
		.doc = "which PCI devices the VMM drives, and how",
	},
	{
		.name = "vmm.dbgsh_allow", .type = CONFIG_STRING,
		MEMBER(vmm.dbgsh_allow),
		.accepted = "IP addresses and prefixes",
		.example = "10.0.2.0/24, 192.168.0.2, fd00:1::/64",
		.doc = "who may log in to the debug shell over the network; "
		       "empty leaves it to the password",
	},
	{
		.name = "vmm.dbgsh_password", .type = CONFIG_STRING,
		MEMBER(vmm.dbgsh_password),
		.accepted = "what `bvpasswd` prints",
		.example = "pbkdf2-sha256$20000$...", .secret = true,
		.doc = "salted hash of the password for the debug shell over "
		       "the network; empty asks for none",
	},
	FLAG(ip.use_dhcp,
	     "ask a DHCP server for the VMM's own address"),
	IPV4(ip.ipaddr, "the VMM's own address"),
	IPV4(ip.netmask, "netmask of the VMM's own network"),
	IPV4(ip.gateway, "router of the VMM's own network"),
	{
		.name = "ip.heap", .type = CONFIG_INT, MEMBER(ip.heap),
		.range = { { 0, 0 }, { 256, 4096 } },
		.accepted = "0, or 256 to 4096", .example = "4096",
		.doc = "memory of the VMM's IP stack for data on its way, in "
		       "KiB; 0 is 2048",
	},
	FLAG(ip.use_ipv6,
	     "IPv6, too: a link-local address and those that routers "
	     "advertise"),
	{
		.name = "ip.ip6addr", .type = CONFIG_STRING,
		MEMBER(ip.ip6addr),
		.accepted = "an IPv6 address", .example = "fd00:1::9",
		.doc = "one more IPv6 address of the VMM's own, whose network "
		       "are its first 64 bits",
	},
	{
		.name = "loader.chain", .alias = "chain",
		.type = CONFIG_STRING, MEMBER(loader.chain),
		.accepted = "a path", .example = "\\EFI\\debian\\grubx64.efi",
		.doc = "EFI program that loadvmm.efi starts once the VMM runs, "
		       "from the root of its own volume; also written chain",
	},
};

const size_t config_names_count = VMM_ARRAY_SIZE(config_names);

/* Settings of the existing system that nothing here would read. */
#define REMOVE "remove this line"
const struct config_absent config_absent_names[] = {
	{ "len", "the file is text", REMOVE },
	{ "idman.", "there is no smart card support", REMOVE },
	{ "vpn.", "there is no VPN client", REMOVE },
	{ "tls.", "there is no TLS", REMOVE },
	{ "storage.", "storage passes through unencrypted", REMOVE },
	{ "wg.", "there is no WireGuard", REMOVE },
	{ "wg_gos.", "there is no WireGuard", REMOVE },
	{ "usbr.", "there is no USB redirection", REMOVE },
	{ "vmm.randomSeed", "random numbers come from the processor", REMOVE },
	{ "vmm.f11panic", "the keyboard is the guest's alone", REMOVE },
	{ "vmm.f12msg", "the keyboard is the guest's alone", REMOVE },
	{ "vmm.shell", "a panic shows its report and asks nothing",
	  "choose with vmm.panic_reboot what follows" },
	{ "vmm.status", "the log tells the state", "read it with bvlog" },
	{ "vmm.boot_active", "it is for BIOS machines", REMOVE },
	{ "vmm.no_intr_intercept", "interrupts reach the guest without the VMM anyway",
	  REMOVE },
	{ "vmm.ignore_tsc_invariant", "the VMM's clock is always the TSC", REMOVE },
	{ "vmm.unsafe_nested_virtualization", "the guest cannot be a hypervisor",
	  REMOVE },
	{ "vmm.conceal_hw_feedback", "what the guest sees of it is fixed", REMOVE },
	{ "vmm.allow_pt", "what the guest sees of it is fixed", REMOVE },
	{ "vmm.tty_pro1000", "PCI rules do it",
	  "write vmm.driver.pci=driver=pro1000, tty=1" },
	{ "vmm.tty_rtl8169", "PCI rules do it",
	  "write vmm.driver.pci=driver=re, tty=1, virtio=1" },
	{ "vmm.tty_x540", "there is no such driver", REMOVE },
	{ "vmm.tty_ieee1394", "there is no such driver", REMOVE },
	{ "vmm.driver.concealPRO1000", "PCI rules do it",
	  "write vmm.driver.pci=device=pro1000, driver=conceal" },
	{ "vmm.driver.concealEHCI", "PCI rules do it",
	  "write vmm.driver.pci=class_code=0c0320, driver=conceal" },
	{ "vmm.driver.conceal1394", "PCI rules do it",
	  "write vmm.driver.pci=class=0c00, driver=conceal" },
	{ "vmm.driver.pci_conceal", "PCI rules do it",
	  "write driver=conceal and driver=none rules in vmm.driver.pci" },
	{ "vmm.driver.pci_virtual", "there are no virtual PCI devices", REMOVE },
	{ "vmm.driver.ata", "there is no such driver", REMOVE },
	{ "vmm.driver.usb", "USB devices are the guest's alone", REMOVE },
	{ "vmm.driver.vga_intel", "there is no such driver", REMOVE },
	{ "vmm.driver.vpn.", "there is no VPN client", REMOVE },
	{ "vmm.iccard.", "there is no smart card support", REMOVE },
};

const size_t config_absent_names_count = VMM_ARRAY_SIZE(config_absent_names);

static bool name_is(const char *row, const char *name, size_t n)
{
	return row && strlen(row) == n && memcmp(row, name, n) == 0;
}

const struct config_name *config_find(const char *name, size_t n)
{
	for (size_t i = 0; i < config_names_count; i++) {
		const struct config_name *row = &config_names[i];

		if (name_is(row->name, name, n) || name_is(row->alias, name, n))
			return row;
	}
	return NULL;
}

static bool absent_is(const char *row, const char *name, size_t n)
{
	size_t len = strlen(row);

	if (row[len - 1] == '.')
		return n > len && memcmp(row, name, len) == 0;
	return name_is(row, name, n);
}

const struct config_absent *config_find_absent(const char *name, size_t n)
{
	for (size_t i = 0; i < config_absent_names_count; i++)
		if (absent_is(config_absent_names[i].name, name, n))
			return &config_absent_names[i];
	return NULL;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* Levenshtein distance of name[0..n) and row; n <= CONFIG_NAME_MAX.  Only one
 * row of the usual matrix is kept. */
static unsigned edit_distance(const char *name, size_t n, const char *row)
{
	unsigned cost[CONFIG_NAME_MAX + 1];

	for (size_t i = 0; i <= n; i++)
		cost[i] = (unsigned)i;
	for (; *row; row++) {
		unsigned diagonal = cost[0]++;

		for (size_t i = 1; i <= n; i++) {
			unsigned differs = lower(name[i - 1]) != lower(*row);
			unsigned above = cost[i];

			cost[i] = min3(above + 1, cost[i - 1] + 1,
				       diagonal + differs);
			diagonal = above;
		}
	}
	return cost[n];
}

/* True if name is what follows a dot of row: `tty_serial`. */
static bool is_tail(const char *row, const char *name, size_t n)
{
	size_t len = strlen(row);

	return n > 0 && n < len && row[len - n - 1] == '.' &&
		memcmp(row + len - n, name, n) == 0;
}

const struct config_name *config_nearest(const char *name, size_t n)
{
	const struct config_name *nearest = NULL;
	/* At most one error in three letters, two in short names. */
	unsigned best = n < 6 ? 3 : (unsigned)n / 3 + 1;

	if (n == 0 || n > CONFIG_NAME_MAX)
		return NULL;
	for (size_t i = 0; i < config_names_count; i++) {
		const struct config_name *row = &config_names[i];
		unsigned distance;

		if (is_tail(row->name, name, n))
			return row;
		distance = edit_distance(name, n, row->name);
		if (row->alias && edit_distance(name, n, row->alias) < distance)
			distance = edit_distance(name, n, row->alias);
		if (distance < best) {
			best = distance;
			nearest = row;
		}
	}
	return nearest;
}

bool config_int_ok(const struct config_name *row, long long value)
{
	for (size_t i = 0; i < VMM_ARRAY_SIZE(row->range); i++)
		if (value >= row->range[i].min && value <= row->range[i].max)
			return true;
	return false;
}
