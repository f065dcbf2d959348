/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Run-time configuration.  `defconfig` at the root of the source tree is a C
 * fragment that defines `struct config_data config` with designated
 * initialisers; it is compiled in.  A `bitvisor.conf` beside bitvisor.elf
 * overrides single members, one `name=value` a line, by their dotted names
 * (`vmm.tty_syslog.enable=1`, `ip.ipaddr=192.168.0.7`).
 *
 * Every member here has a row in libvmm/core/config_names.c.
 */
#ifndef BITVISOR_CONFIG_H
#define BITVISOR_CONFIG_H

#include <vmm/compiler.h>

VMM_BEGIN_DECLS

struct config_data_ip {
	unsigned char ipaddr[4];	/* the VMM's own address */
	unsigned char netmask[4];
	unsigned char gateway[4];
	int use_dhcp;			/* 1: ask a DHCP server */
	int heap;			/* KiB for data in flight, 0: 2048 */
	int use_ipv6;			/* 1: IPv6, too */
	char ip6addr[48];		/* an address of it, or "" */
};

struct config_data_tty_syslog {
	int enable;			/* 1: syslog, 0: one character a frame */
	int rfc5424;			/* 1: with priority and time */
	unsigned char src_ipaddr[4];	/* source address in the packets */
	unsigned char dst_ipaddr[4];	/* the syslog receiver */
};

struct config_data_vmm_driver {
	char pci[2048];			/* PCI driver rules */
};

struct config_data_vmm {
	int auto_reboot;	/* reset requests of the guest: 1 carry out */
	int panic_reboot;	/* after a panic: 1 reboot, 0 halt */
	int dbgsh;		/* 1: debug shell through the hypercall */
	int telnet_dbgsh;	/* 1: debug shell on TCP port 23 */
	int localapic_intercept;	/* 0, 1, or -1 for auto */
	int disable_sleep;	/* 1: hide ACPI S2 and S3 from the guest */
	int hide_cpuid;		/* 1: no BitVisor CPUID leaf */
	int bvlog_anyone;	/* 1: any guest program may read the log */
	/* UART that gets the log and is hidden from the guest: 0 none,
	 * 1..4 COM1..COM4, or its I/O port (e.g. 0x3f8) */
	int tty_serial;
	int log_level;		/* 3 errors .. 7 debug, 0: 6; console, serial */
	unsigned char tty_mac_address[6];	/* destination of tty frames */
	struct config_data_tty_syslog tty_syslog;
	struct config_data_vmm_driver driver;
	char dbgsh_allow[256];	/* who may log in: addresses, prefixes */
	char dbgsh_password[160];	/* as tools/bvpasswd prints it, or "" */
};

struct config_data_loader {
	char chain[256];	/* image that loadvmm.efi starts afterwards */
};

struct config_data {
	struct config_data_ip ip;
	struct config_data_vmm vmm;
	struct config_data_loader loader;
};

/* The configuration in force; constant after the VMM has started. */
extern struct config_data config;

/* vmm.log_level, which a defconfig need not name. */
static inline int config_log_level(void)
{
	return config.vmm.log_level ? config.vmm.log_level : 6;
}

/*
 * Apply the text of a bitvisor.conf to cfg; where a name is set twice, the
 * last line counts.  file names it in messages.  0, or -EINVAL with one line
 * in error ("FILE:LINE: what was wrong; what would be right", no newline);
 * cfg is then unchanged.  text need not be NUL-terminated and may hold any
 * bytes.  Pure.
 */
int config_parse(struct config_data *cfg, const char *text, size_t len,
		 const char *file, char *error, size_t error_size)
	VMM_MUST_CHECK;

/*
 * Check what a line alone does not show, after defconfig and file: the ranges
 * of all members (defconfig may hold any int), unterminated strings, members
 * that contradict each other.  0, or -EINVAL with one line in error
 * ("config: NAME ...").  Pure.
 */
int config_check(const struct config_data *cfg, char *error,
		 size_t error_size) VMM_MUST_CHECK;

/*
 * For lists: the name of the n-th member, NULL if there are no more; and of
 * its value as text what comes behind the first `at` characters, cut to the
 * size of value, which is terminated; *left is the number of characters that
 * were cut off.  A secret is "(set)" or "(not set)".  Pure.
 */
const char *config_member(const struct config_data *cfg, size_t n, size_t at,
			  char *value, size_t size, size_t *left);

VMM_END_DECLS

#endif
