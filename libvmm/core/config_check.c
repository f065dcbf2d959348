/* SPDX-License-Identifier: BSD-3-Clause */
/* Checks of a whole configuration, whatever its members came from. */
#include <stdarg.h>
#include <string.h>
#include <bitvisor/config.h>
#include <core/config_names.h>
#include <vmm/error.h>
#include <vmm/printf.h>

struct report {
	char *error;
	size_t size;
};

static int VMM_PRINTF(2, 3) fail(const struct report *r, const char *fmt, ...)
{
	va_list ap;
	int n;

	n = vmm_snprintf(r->error, r->size, "config: ");
	va_start(ap, fmt);
	if (n >= 0 && (size_t)n < r->size)
		vmm_vsnprintf(r->error + n, r->size - (size_t)n, fmt, ap);
	va_end(ap);
	return VMM_ERROR(EINVAL);
}

static int check_member(const struct config_name *row,
			const struct config_data *cfg, const struct report *r)
{
	const char *member = (const char *)cfg + row->offset;
	int value;

	if (row->type == CONFIG_STRING && !memchr(member, '\0', row->size))
		return fail(r, "%s is not terminated; at most %zu bytes fit",
			    row->name, row->size - 1);
	if (row->type != CONFIG_INT)
		return 0;
	memcpy(&value, member, sizeof(value));
	if (!config_int_ok(row, value))
		return fail(r, "%s is %d; accepted are %s", row->name, value,
			    row->accepted);
	return 0;
}

static uint32_t ipv4(const unsigned char *ip)
{
	return (uint32_t)ip[0] << 24 | (uint32_t)ip[1] << 16 |
		(uint32_t)ip[2] << 8 | ip[3];
}

#define IP_FORMAT	"%u.%u.%u.%u"
#define IP_ARGS(ip)	(ip)[0], (ip)[1], (ip)[2], (ip)[3]

/* An address that a machine can have: not 0.x, loopback, multicast and above
 * (RFC 6890), and neither the first nor the last of its network. */
static bool is_host(const unsigned char *ip, uint32_t host_bits)
{
	uint32_t host = ipv4(ip) & host_bits;

	return ip[0] && ip[0] != 127 && ip[0] < 224 &&
		(host_bits < 3 || (host && host != host_bits));
}

static int check_own_address(const struct config_data *cfg,
			     const struct report *r, uint32_t host_bits)
{
	const unsigned char *ip = cfg->ip.ipaddr, *gateway = cfg->ip.gateway;

	if (!is_host(ip, host_bits))
		return fail(r, "ip.ipaddr " IP_FORMAT " is no address of one "
			    "machine; write for example 192.168.0.7",
			    IP_ARGS(ip));
	if (!ipv4(gateway))
		return 0;
	if ((ipv4(ip) ^ ipv4(gateway)) & ~host_bits)
		return fail(r, "ip.gateway " IP_FORMAT " is in another network"
			    " than ip.ipaddr " IP_FORMAT " by ip.netmask; it "
			    "must be in the same", IP_ARGS(gateway),
			    IP_ARGS(ip));
	if (ipv4(gateway) == ipv4(ip))
		return fail(r, "ip.gateway is ip.ipaddr, " IP_FORMAT "; it is "
			    "the router's address", IP_ARGS(ip));
	return 0;
}

static int check_syslog(const struct config_data_tty_syslog *s,
			const struct report *r)
{
	if (!s->enable)
		return 0;
	if (!ipv4(s->dst_ipaddr))
		return fail(r, "vmm.tty_syslog.enable is 1 without a receiver; "
			    "set vmm.tty_syslog.dst_ipaddr");
	if (!ipv4(s->src_ipaddr))
		return fail(r, "vmm.tty_syslog.enable is 1 without a sender; "
			    "set vmm.tty_syslog.src_ipaddr to the address "
			    "that the receiver shall see");
	if (s->src_ipaddr[0] == 127 || s->src_ipaddr[0] >= 224)
		return fail(r, "vmm.tty_syslog.src_ipaddr " IP_FORMAT " is no "
			    "address of a machine, and receivers drop what "
			    "comes from it; write for example 192.168.0.7",
			    IP_ARGS(s->src_ipaddr));
	return 0;
}

/* Members that only make sense together. */
static int check_network(const struct config_data *cfg, const struct report *r)
{
	const unsigned char *m = cfg->ip.netmask;
	uint32_t host_bits = ~ipv4(m);
	int result;

	if (host_bits & (host_bits + 1))
		return fail(r, "ip.netmask %u.%u.%u.%u has a gap; write for "
			    "example 255.255.255.0", m[0], m[1], m[2], m[3]);
	if (ipv4(cfg->ip.ipaddr) && !ipv4(m))
		return fail(r, "ip.ipaddr is set without ip.netmask; add "
			    "for example ip.netmask=255.255.255.0");
	result = ipv4(cfg->ip.ipaddr) ?
		check_own_address(cfg, r, host_bits) : 0;
	return result ? result : check_syslog(&cfg->vmm.tty_syslog, r);
}

int config_check(const struct config_data *cfg, char *error, size_t error_size)
{
	struct report r = { error, error_size };

	for (size_t i = 0; i < config_names_count; i++) {
		int result = check_member(&config_names[i], cfg, &r);

		if (result)
			return result;
	}
	return check_network(cfg, &r);
}
