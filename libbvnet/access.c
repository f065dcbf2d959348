/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses that may log in; see <bvnet/access.h>. */
#include <string.h>
#include <bvnet/access.h>
#include <vmm/error.h>
#include <vmm/printf.h>

static bool is_separator(char c)
{
	return c == ',' || c == ' ' || c == '\t';
}

static bool is_end(char c)
{
	return !c || is_separator(c);
}

/* A decimal number up to max, without leading zeros; *p is left behind it. */
static bool parse_number(const char **p, unsigned max, unsigned *value)
{
	const char *s = *p;
	unsigned n = 0;

	if (*s < '0' || *s > '9' || (s[0] == '0' && s[1] >= '0' &&
				     s[1] <= '9'))
		return false;
	while (*s >= '0' && *s <= '9' && n <= max)
		n = n * 10 + (unsigned)(*s++ - '0');
	*value = n;
	*p = s;
	return n <= max;
}

/* Do only the first bits of an address differ from zero? */
static bool ends_with(const uint8_t *ip, unsigned bits)
{
	for (unsigned i = bits / 8; i < NET_IP_LEN; i++)
		if (ip[i] & (i == bits / 8 ? 0xff >> bits % 8 : 0xff))
			return false;
	return true;
}

/* An address or a prefix, up to its separator.  IPv4 has the last 32 bits,
 * and its prefixes count from there unless they are written in the form of
 * IPv6: ::ffff:10.0.2.0/120 is 10.0.2.0/24. */
static bool parse_prefix(const char **p, struct access *a)
{
	struct access_prefix *prefix = &a->prefix[a->count];
	const char *text = *p;
	unsigned bits;
	bool dotted;

	if (!net_ip_parse(p, prefix->ip))
		return false;
	dotted = !memchr(text, ':', (size_t)(*p - text));
	bits = dotted ? 32 : 128;
	if (**p == '/') {
		++*p;
		if (!parse_number(p, bits, &bits))
			return false;
	}
	prefix->bits = (uint8_t)(bits + (dotted ? 96 : 0));
	/* Bits behind the prefix: is it 10.0.2.0/24 or 10.0.2.1? */
	if (!is_end(**p) || !ends_with(prefix->ip, prefix->bits))
		return false;
	a->count++;
	return true;
}

/* Longest part of what is wrong that is worth showing. */
#define SHOWN 48

static int bad_allow(const char *entry, char *error, size_t size)
{
	char shown[SHOWN + 1];
	size_t n = 0;

	for (; n < SHOWN && !is_end(entry[n]); n++)
		shown[n] = entry[n] > ' ' && entry[n] < 0x7f ? entry[n] : '?';
	shown[n] = '\0';
	vmm_snprintf(error, size, "config: vmm.dbgsh_allow: '%s' is no IP "
		     "address and no prefix; write them like 192.168.0.2, "
		     "10.0.2.0/24 or fd00:1::/64", shown);
	return VMM_ERROR(EINVAL);
}

int access_parse(struct access *a, const char *allow, const char *password,
		 char *error, size_t error_size)
{
	memset(a, 0, sizeof(*a));
	for (;;) {
		const char *entry;

		while (is_separator(*allow))
			allow++;
		if (!*allow)
			break;
		entry = allow;
		if (a->count == ACCESS_PREFIXES) {
			vmm_snprintf(error, error_size, "config: vmm.dbgsh_"
				     "allow: more than %u entries; use "
				     "prefixes", ACCESS_PREFIXES);
			return VMM_ERROR(EINVAL);
		}
		if (!parse_prefix(&allow, a))
			return bad_allow(entry, error, error_size);
	}
	a->has_password = *password;
	if (a->has_password && password_parse(&a->password, password)) {
		vmm_snprintf(error, error_size, "config: vmm.dbgsh_password: "
			     "not a hash of a password; make one with "
			     "bvpasswd");
		return VMM_ERROR(EINVAL);
	}
	return 0;
}

bool access_is_open(const struct access *a)
{
	return a->count || a->has_password;
}

static bool covers(const struct access_prefix *prefix, const uint8_t *ip)
{
	unsigned whole = prefix->bits / 8, rest = prefix->bits % 8;

	/* ::/0 is all of IPv6, and none of IPv4. */
	if (net_ip_is_v4(ip) != net_ip_is_v4(prefix->ip) ||
	    memcmp(ip, prefix->ip, whole))
		return false;
	return !rest || !((ip[whole] ^ prefix->ip[whole]) >> (8 - rest));
}

bool access_allows(const struct access *a, const uint8_t ip[NET_IP_LEN])
{
	if (!a->count)
		return a->has_password;
	for (unsigned i = 0; i < a->count; i++)
		if (covers(&a->prefix[i], ip))
			return true;
	return false;
}
