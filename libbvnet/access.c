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

static bool parse_address(const char **p, uint32_t *address)
{
	unsigned part;

	*address = 0;
	for (unsigned i = 0; i < 4; i++) {
		if ((i && *(*p)++ != '.') || !parse_number(p, 255, &part))
			return false;
		*address = *address << 8 | part;
	}
	return true;
}

/* An address or a prefix, up to its separator. */
static bool parse_prefix(const char **p, struct access *a)
{
	unsigned bits = 32;
	uint32_t address, mask;

	if (!parse_address(p, &address))
		return false;
	if (**p == '/') {
		++*p;
		if (!parse_number(p, 32, &bits))
			return false;
	}
	mask = bits ? UINT32_MAX << (32 - bits) : 0;
	/* Bits behind the prefix: is it 10.0.2.0/24 or 10.0.2.1? */
	if (!is_end(**p) || (address & ~mask))
		return false;
	a->prefix[a->count].address = address;
	a->prefix[a->count].mask = mask;
	a->count++;
	return true;
}

/* Longest part of what is wrong that is worth showing. */
#define SHOWN 40

static int bad_allow(const char *entry, char *error, size_t size)
{
	char shown[SHOWN + 1];
	size_t n = 0;

	for (; n < SHOWN && !is_end(entry[n]); n++)
		shown[n] = entry[n] > ' ' && entry[n] < 0x7f ? entry[n] : '?';
	shown[n] = '\0';
	vmm_snprintf(error, size, "config: vmm.dbgsh_allow: '%s' is no IPv4 "
		     "address and no prefix; write them like 192.168.0.2 or "
		     "10.0.2.0/24", shown);
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

bool access_allows(const struct access *a, const uint8_t ip[4])
{
	uint32_t address = (uint32_t)ip[0] << 24 | (uint32_t)ip[1] << 16 |
		(uint32_t)ip[2] << 8 | ip[3];

	if (!a->count)
		return a->has_password;
	for (unsigned i = 0; i < a->count; i++)
		if ((address & a->prefix[i].mask) == a->prefix[i].address)
			return true;
	return false;
}
