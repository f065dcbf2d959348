/* SPDX-License-Identifier: BSD-3-Clause */
/* The settings of who may log in: read as a whole or refused with one line;
 * what was read lets in whom it says and nobody else. */
#include <stdlib.h>
#include <string.h>
#include <bvnet/access.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(x) do { if (!(x)) abort(); } while (0)

static void require_sound(const struct access *a)
{
	REQUIRE(a->count <= ACCESS_PREFIXES);
	for (unsigned i = 0; i < a->count; i++) {
		const struct access_prefix *p = &a->prefix[i];
		uint8_t ip[NET_IP_LEN], again[NET_IP_LEN];
		char text[NET_IP_TEXT];
		const char *end = text;

		/* Nothing is behind the prefix; IPv4 is so or not at all. */
		memcpy(ip, p->ip, sizeof(ip));
		REQUIRE(p->bits <= 128 && access_allows(a, ip));
		REQUIRE(!net_ip_is_v4(ip) || p->bits >= 96);
		for (unsigned bit = p->bits; bit < 128; bit++) {
			REQUIRE(!(ip[bit / 8] >> (7 - bit % 8) & 1));
			ip[bit / 8] ^= (uint8_t)(1 << (7 - bit % 8));
			REQUIRE(access_allows(a, ip) || net_ip_is_v4(ip));
		}
		net_ip_format(ip, text);
		REQUIRE(net_ip_parse(&end, again));
		REQUIRE(!*end && !memcmp(ip, again, sizeof(ip)));
	}
	if (a->has_password)
		REQUIRE(a->password.salt_len >= PASSWORD_SALT_MIN &&
			a->password.salt_len <= PASSWORD_SALT_MAX &&
			a->password.iterations >= PASSWORD_ITERATIONS_MIN &&
			a->password.iterations <= PASSWORD_ITERATIONS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct access a;
	char *allow = malloc(size + 1), *password, error[256];
	size_t n;

	REQUIRE(allow);
	memcpy(allow, data, size);
	allow[size] = '\0';
	/* Two strings, each in memory of its own size. */
	n = strlen(allow);
	password = strdup(n < size ? allow + n + 1 : "");
	allow = realloc(allow, n + 1);
	REQUIRE(allow && password);
	memset(error, '\n', sizeof(error));
	if (access_parse(&a, allow, password, error, sizeof(error))) {
		REQUIRE(memchr(error, '\0', sizeof(error)));
		REQUIRE(!strncmp(error, "config: vmm.dbgsh_", 18));
		for (const char *p = error; *p; p++)
			REQUIRE(*p >= ' ' && *p < 0x7f);
	} else {
		require_sound(&a);
	}
	free(allow);
	free(password);
	return 0;
}
