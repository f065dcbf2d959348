/* SPDX-License-Identifier: BSD-3-Clause */
/* IP addresses as text; see <bvnet/iptext.h>. */
#include <string.h>
#include <bvnet/iptext.h>
#include <vmm/error.h>
#include <vmm/printf.h>

#define GROUPS	8u	/* of 16 bits, in an IPv6 address */

static const uint8_t mapped[12] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff,
};

void net_ip_from_v4(uint8_t ip[NET_IP_LEN], const uint8_t v4[4])
{
	memcpy(ip, mapped, sizeof(mapped));
	memcpy(ip + sizeof(mapped), v4, 4);
}

bool net_ip_is_v4(const uint8_t ip[NET_IP_LEN])
{
	return memcmp(ip, mapped, sizeof(mapped)) == 0;
}

/* --- reading --- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool parse_v4(const char **p, uint8_t ip[4])
{
	const char *s = *p;

	for (unsigned i = 0; i < 4; i++) {
		unsigned part = 0;

		if ((i && *s++ != '.') || !is_digit(*s) ||
		    (*s == '0' && is_digit(s[1])))
			return false;
		while (is_digit(*s) && part <= 255)
			part = part * 10 + (unsigned)(*s++ - '0');
		if (part > 255)
			return false;
		ip[i] = (uint8_t)part;
	}
	*p = s;
	return true;
}

/* The digit's value, -1: it is none. */
static int hex(char c)
{
	if (is_digit(c))
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One to four digits; 0: that is not there.  Returns their number. */
static unsigned parse_group(const char *s, uint8_t group[2])
{
	unsigned value = 0, n = 0;

	for (; n < 4 && hex(s[n]) >= 0; n++)
		value = value << 4 | (unsigned)hex(s[n]);
	group[0] = (uint8_t)(value >> 8);
	group[1] = (uint8_t)value;
	return n;
}

/* Groups up to the end of the text or of the address; *gap: in front of which
 * of them is the "::", GROUPS + 1: of none.  Returns their number, or GROUPS + 1
 * for what is no address. */
static unsigned parse_groups(const char **p, uint8_t ip[NET_IP_LEN],
			     unsigned *gap)
{
	const char *s = *p;
	unsigned n = 0;

	*gap = GROUPS + 1;
	for (; n < GROUPS; n++) {
		unsigned digits;

		if (s[0] == ':' && s[1] == ':' && *gap > GROUPS) {
			*gap = n;
			s += 2;
			if (hex(*s) < 0)
				break;
		} else if (n && *s++ != ':') {
			s--;
			break;
		}
		digits = parse_group(s, ip + 2 * n);
		if (!digits)
			return GROUPS + 1;
		if (s[digits] == '.' && n <= GROUPS - 2) {
			if (!parse_v4(&s, ip + 2 * n))
				return GROUPS + 1;
			n += 2;
			break;
		}
		s += digits;
	}
	*p = s;
	return n;
}

/* RFC 4291, 2.2. */
static bool parse_v6(const char **p, uint8_t ip[NET_IP_LEN])
{
	uint8_t read[NET_IP_LEN] = { 0 };
	unsigned gap, n = parse_groups(p, read, &gap);

	memset(ip, 0, NET_IP_LEN);
	if (gap > GROUPS) {
		memcpy(ip, read, NET_IP_LEN);
		return n == GROUPS;
	}
	if (n >= GROUPS)
		return false;	/* the "::" stands for nothing */
	memcpy(ip, read, 2 * gap);
	memcpy(ip + NET_IP_LEN - 2 * (n - gap), read + 2 * gap,
	       2 * (n - gap));
	return true;
}

bool net_ip_parse(const char **p, uint8_t ip[NET_IP_LEN])
{
	const char *s = *p;
	uint8_t v4[4];

	while (is_digit(*s))
		s++;
	if (*s != '.')
		return parse_v6(p, ip);
	if (!parse_v4(p, v4))
		return false;
	net_ip_from_v4(ip, v4);
	return true;
}

/* --- writing --- */

static unsigned group_at(const uint8_t *ip, unsigned i)
{
	return (unsigned)ip[2 * i] << 8 | ip[2 * i + 1];
}

/* The first of the longest runs of zeros, if that has two groups or more
 * (RFC 5952, 4.2); its length, 0: there is none. */
static unsigned longest_run(const uint8_t *ip, unsigned *start)
{
	unsigned best = 1;

	for (unsigned i = 0, n = 0; i < GROUPS; i++) {
		n = group_at(ip, i) ? 0 : n + 1;
		if (n > best) {
			best = n;
			*start = i + 1 - n;
		}
	}
	return best > 1 ? best : 0;
}

const char *net_ip_format(const uint8_t ip[NET_IP_LEN], char text[NET_IP_TEXT])
{
	unsigned start = GROUPS, run = longest_run(ip, &start);
	size_t n = 0;

	if (net_ip_is_v4(ip)) {
		vmm_snprintf(text, NET_IP_TEXT, "%u.%u.%u.%u", ip[12], ip[13],
			     ip[14], ip[15]);
		return text;
	}
	for (unsigned i = 0; i < GROUPS; i++) {
		if (i == start) {
			text[n++] = ':';
			i += run - 1;
			if (i == GROUPS - 1)
				text[n++] = ':';
			continue;
		}
		n += (size_t)vmm_snprintf(text + n, NET_IP_TEXT - n, "%s%x",
					  i ? ":" : "", group_at(ip, i));
	}
	text[n] = '\0';
	return text;
}

/* --- a setting --- */

static bool is_of_one_machine(const uint8_t *ip)
{
	static const uint8_t none[NET_IP_LEN - 1];

	return !net_ip_is_v4(ip) && ip[0] != 0xff &&
		!(ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80) &&
		/* :: and ::1 */
		!(memcmp(ip, none, sizeof(none)) == 0 && ip[15] <= 1);
}

int net_ip6_setting(const char *text, bool use_ipv6, uint8_t ip[NET_IP_LEN],
		    char *error, size_t error_size)
{
	const char *p = text;

	memset(ip, 0, NET_IP_LEN);
	if (!*text)
		return 0;
	if (!net_ip_parse(&p, ip) || *p || !is_of_one_machine(ip)) {
		vmm_snprintf(error, error_size, "config: ip.ip6addr: not the "
			     "IPv6 address of one machine beyond its link; "
			     "write it like fd00:1::9, without length");
		return VMM_ERROR(EINVAL);
	}
	if (!use_ipv6) {
		vmm_snprintf(error, error_size, "config: ip.ip6addr is set "
			     "without IPv6; add ip.use_ipv6=1");
		return VMM_ERROR(EINVAL);
	}
	return 0;
}
