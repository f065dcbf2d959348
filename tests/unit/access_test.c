/* SPDX-License-Identifier: BSD-3-Clause */
/* Who may log in: addresses, and hashes of passwords. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <bvnet/access.h>

static char error[256];

static void assert_hex(const uint8_t *bytes, size_t n, const char *hex)
{
	char text[2 * 64 + 1];

	for (size_t i = 0; i < n; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	assert_string_equal(text, hex);
}

/* --- SHA-256, HMAC, PBKDF2 --- */

/* The examples of FIPS 180-4 as NIST publishes them. */
static void hashes(void **state)
{
	static const struct {
		const char *text, *hash;
	} rows[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb924"
		      "27ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223"
			 "b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039"
		  "a33ce45964ff2167f6ecedd419db06c1" },
	};
	uint8_t hash[SHA256_BYTES];
	struct sha256 s;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		sha256_start(&s);
		sha256_add(&s, rows[i].text, strlen(rows[i].text));
		sha256_end(&s, hash);
		assert_hex(hash, 32, rows[i].hash);
	}
	/* A million times "a", in pieces of all sizes. */
	sha256_start(&s);
	for (size_t left = 1000000, n = 1; left; left -= n, n = n % 200 + 1) {
		static const char a[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

		if (n > left)
			n = left;
		sha256_add(&s, a, n);
	}
	sha256_end(&s, hash);
	assert_hex(hash, 32, "cdc76e5c9914fb9281a1c7e284d73e67"
		   "f1809a48a497200e046d39ccc7112cd0");
}

/* RFC 4231, test cases 1, 2 and 6 (a key longer than a block). */
static void authenticates(void **state)
{
	uint8_t key[131], mac[SHA256_BYTES];
	struct hmac_sha256 h;

	(void)state;
	memset(key, 0x0b, 20);
	hmac_sha256_key(&h, key, 20);
	hmac_sha256(&h, "Hi There", 8, mac);
	assert_hex(mac, 32, "b0344c61d8db38535ca8afceaf0bf12b"
		   "881dc200c9833da726e9376c2e32cff7");
	hmac_sha256_key(&h, "Jefe", 4);
	hmac_sha256(&h, "what do ya want for nothing?", 28, mac);
	assert_hex(mac, 32, "5bdcc146bf60754e6a042426089575c7"
		   "5a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof(key));
	hmac_sha256_key(&h, key, sizeof(key));
	hmac_sha256(&h, "Test Using Larger Than Block-Size Key - Hash Key First",
		    54, mac);
	assert_hex(mac, 32, "60e431591ee0b67f0d8a26aacbf5b77f"
		   "8e0bc6213728c5140546040f0ee37f54");
}

/* RFC 7914, section 11: the first 32 bytes of both. */
static void stretches_passwords(void **state)
{
	struct password_hash p = { .iterations = 1, .salt_len = 4 };
	struct password_work w;
	unsigned slices = 1;

	(void)state;
	memcpy(p.salt, "salt", 4);
	password_begin(&w, &p, "passwd", 6);
	assert_true(password_step(&w, 1));
	assert_hex(w.hash, 32, "55ac046e56e3089fec1691c22544b605"
		   "f94185216dde0465e68b9d57c20dacbc");
	p.iterations = 80000;
	memcpy(p.salt, "NaCl", 4);
	password_begin(&w, &p, "Password", 8);
	while (!password_step(&w, 777))
		slices++;
	assert_int_equal(slices, (80000 - 1 + 776) / 777);
	assert_hex(w.hash, 32, "4ddcd8f60b98be21830cee5ef22701f9"
		   "641a4418d04c0414aeff08876b34ab56");
	memcpy(p.hash, w.hash, 32);
	assert_true(password_equal(&w, &p));
	for (unsigned i = 0; i < 32; i++) {
		p.hash[i] ^= 1;
		assert_false(password_equal(&w, &p));
		p.hash[i] ^= 1;
	}
}

#define SALT "00112233445566778899aAbBcCdDeEfF"
#define HASH "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"

static void reads_hashes(void **state)
{
	static const char *const bad[] = {
		"", "secret", "pbkdf2-sha256", "pbkdf2-sha256$",
		"pbkdf2-sha256$999$" SALT "$" HASH,
		"pbkdf2-sha256$10000001$" SALT "$" HASH,
		"pbkdf2-sha256$99999999999999999999$" SALT "$" HASH,
		"pbkdf2-sha256$-1$" SALT "$" HASH,
		"pbkdf2-sha256$$" SALT "$" HASH,
		"pbkdf2-sha512$2000$" SALT "$" HASH,
		"pbkdf2-sha256$2000$" SALT "$" HASH "0",
		"pbkdf2-sha256$2000$" SALT "$" HASH " ",
		"pbkdf2-sha256$2000$" SALT "$4ddc",
		"pbkdf2-sha256$2000$" SALT "$",
		"pbkdf2-sha256$2000$" SALT,
		"pbkdf2-sha256$2000$00112233445566$" HASH,
		"pbkdf2-sha256$2000$0011223344556677x$" HASH,
		"pbkdf2-sha256$2000$001122334455667$" HASH,
		"pbkdf2-sha256$2000$" SALT SALT "00$" HASH,
	};
	struct password_hash p;

	(void)state;
	for (unsigned i = 0; i < VMM_ARRAY_SIZE(bad); i++)
		assert_int_equal(password_parse(&p, bad[i]), -EINVAL);
	assert_int_equal(password_parse(&p, "pbkdf2-sha256$2000$" SALT "$"
					HASH), 0);
	assert_int_equal(p.iterations, 2000);
	assert_int_equal(p.salt_len, 16);
	assert_hex(p.salt, 16, "00112233445566778899aabbccddeeff");
	assert_hex(p.hash, 32, HASH);
	assert_int_equal(password_parse(&p, "pbkdf2-sha256$10000000$" SALT SALT
					"$" HASH), 0);
	assert_int_equal(p.salt_len, 32);
}

/* --- addresses --- */

static bool allows(const struct access *a, unsigned b0, unsigned b1,
		   unsigned b2, unsigned b3)
{
	uint8_t v4[4] = { (uint8_t)b0, (uint8_t)b1, (uint8_t)b2, (uint8_t)b3 };
	uint8_t ip[NET_IP_LEN];

	net_ip_from_v4(ip, v4);
	return access_allows(a, ip);
}

static void allows_what_is_listed(void **state)
{
	struct access a;

	(void)state;
	assert_int_equal(access_parse(&a, " 10.0.2.0/24,192.168.0.2\t, "
				      "128.0.0.0/1", "", error,
				      sizeof(error)), 0);
	assert_int_equal(a.count, 3);
	assert_true(access_is_open(&a));
	assert_true(allows(&a, 10, 0, 2, 0));
	assert_true(allows(&a, 10, 0, 2, 255));
	assert_false(allows(&a, 10, 0, 3, 0));
	assert_false(allows(&a, 10, 0, 1, 255));
	assert_true(allows(&a, 192, 168, 0, 2));
	assert_true(allows(&a, 192, 168, 0, 3));	/* by the third */
	assert_false(allows(&a, 127, 255, 255, 255));
	assert_int_equal(access_parse(&a, "192.168.0.2", "", error,
				      sizeof(error)), 0);
	assert_false(allows(&a, 192, 168, 0, 3));
	assert_int_equal(access_parse(&a, "0.0.0.0/0", "", error,
				      sizeof(error)), 0);
	assert_true(allows(&a, 255, 255, 255, 255));
}

/* --- both versions --- */

static bool allows6(const struct access *a, const char *text)
{
	uint8_t ip[NET_IP_LEN];

	assert_true(net_ip_parse(&text, ip) && !*text);
	return access_allows(a, ip);
}

static void reads(struct access *a, const char *allow)
{
	assert_int_equal(access_parse(a, allow, "", error, sizeof(error)), 0);
}

static void allows_ipv6(void **state)
{
	struct access a;

	(void)state;
	reads(&a, "fd00:1::/64, 10.0.2.2,fe80::1:2");
	assert_int_equal(a.count, 3);
	assert_true(allows6(&a, "fd00:1::"));
	assert_true(allows6(&a, "fd00:1::ffff:ffff:ffff:ffff"));
	assert_false(allows6(&a, "fd00:1:0:1::"));
	assert_false(allows6(&a, "fd00:0:ffff:ffff::1"));
	assert_true(allows6(&a, "fe80::1:2"));
	assert_false(allows6(&a, "fe80::1:3"));
	assert_true(allows6(&a, "10.0.2.2"));
	assert_true(allows6(&a, "::ffff:10.0.2.2"));
	assert_false(allows6(&a, "::10.0.2.2"));
	reads(&a, "fe80::/10");
	assert_true(allows6(&a, "febf::1"));
	assert_false(allows6(&a, "fec0::1"));
	assert_false(allows6(&a, "fe40::1"));
	/* All of one is not all of the other. */
	reads(&a, "::/0");
	assert_true(allows6(&a, "fe80::1"));
	assert_false(allows6(&a, "10.0.2.2"));
	reads(&a, "0.0.0.0/0");
	assert_false(allows6(&a, "fe80::1"));
	assert_false(allows6(&a, "::"));
	/* The same in another form. */
	reads(&a, "::FFFF:10.0.2.0/120");
	assert_true(allows6(&a, "10.0.2.255"));
	assert_false(allows6(&a, "10.0.3.0"));
	reads(&a, "::ffff:0:0/96");
	assert_true(allows6(&a, "1.2.3.4"));
	assert_false(allows6(&a, "::fffe:1.2.3.4"));
}

/* RFC 5952, and the texts of RFC 4291, 2.2. */
static void writes_addresses(void **state)
{
	static const struct {
		const char *text, *canonical;
	} rows[] = {
		{ "ABCD:EF01:2345:6789:ABCD:EF01:2345:6789",
		  "abcd:ef01:2345:6789:abcd:ef01:2345:6789" },
		{ "2001:0DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a" },
		{ "FF01::101", "ff01::101" }, { "0:0:0:0:0:0:0:1", "::1" },
		{ "::", "::" }, { "1::", "1::" }, { "fe80::", "fe80::" },
		{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
		{ "2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
		{ "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" },
		{ "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
		{ "::1:2:3:4:5:6:7", "0:1:2:3:4:5:6:7" },
		{ "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0" },
		{ "::13.1.68.3", "::d01:4403" },
		{ "1:2:3:4:5:6:13.1.68.3", "1:2:3:4:5:6:d01:4403" },
		{ "::ffff:129.144.52.38", "129.144.52.38" },
		{ "129.144.52.38", "129.144.52.38" },
	};

	(void)state;
	for (unsigned i = 0; i < VMM_ARRAY_SIZE(rows); i++) {
		const char *p = rows[i].text;
		uint8_t ip[NET_IP_LEN];
		char text[NET_IP_TEXT];

		assert_true(net_ip_parse(&p, ip));
		assert_int_equal(*p, '\0');
		assert_string_equal(net_ip_format(ip, text),
				    rows[i].canonical);
	}
}

static void reads_the_address_to_have(void **state)
{
	static const char *const bad[] = {
		"10.0.2.2", "::ffff:10.0.2.2", "::", "::1", "ff02::1",
		"fe80::1", "fd00::1/64", "fd00::1 ", "host", "fd00:",
	};
	const uint8_t want[NET_IP_LEN] = { 0xfd, [15] = 9 };
	uint8_t ip[NET_IP_LEN];

	(void)state;
	assert_int_equal(net_ip6_setting("fd00::9", true, ip, error,
					 sizeof(error)), 0);
	assert_memory_equal(ip, want, sizeof(ip));
	assert_int_equal(net_ip6_setting("fd00::9", false, ip, error,
					 sizeof(error)), -EINVAL);
	assert_string_equal(error, "config: ip.ip6addr is set without IPv6; "
			    "add ip.use_ipv6=1");
	for (unsigned i = 0; i < VMM_ARRAY_SIZE(bad); i++) {
		assert_int_equal(net_ip6_setting(bad[i], true, ip, error,
						 sizeof(error)), -EINVAL);
		assert_non_null(strstr(error, "write it like fd00:1::9"));
	}
	assert_int_equal(net_ip6_setting("", false, ip, error, sizeof(error)),
			 0);
	assert_int_equal(ip[15], 0);
}

static void nothing_set_is_nobody(void **state)
{
	struct access a;

	(void)state;
	assert_int_equal(access_parse(&a, " , ", "", error, sizeof(error)), 0);
	assert_false(access_is_open(&a));
	assert_false(allows(&a, 127, 0, 0, 1));
	assert_int_equal(access_parse(&a, "", "pbkdf2-sha256$2000$" SALT "$"
				      HASH, error, sizeof(error)), 0);
	assert_true(access_is_open(&a));
	assert_true(a.has_password);
	assert_true(allows(&a, 127, 0, 0, 1));
	assert_int_equal(access_parse(&a, "127.0.0.1", "pbkdf2-sha256$2000$"
				      SALT "$" HASH, error, sizeof(error)), 0);
	assert_false(allows(&a, 127, 0, 0, 2));
}

static void refuses_what_it_does_not_understand(void **state)
{
	static const char *const bad[] = {
		"10", "10.0.2", "10.0.2.0.1", "10.0.2.", "10..2.0",
		"10.0.2.256", "10.0.2.00", "10.0.2.0/33", "10.0.2.0/",
		"10.0.2.0/ 24", "10.0.2.1/24", "10.0.2.0/24/8", "10.0.2.0;",
		"host", "-1.0.0.0",
		"::1/129", "fe80::1%eth0", "fd00::1/64", "1:2:3", ":::",
		"1::2::3", "12345::", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:",
		"::ffff:10.0.2.0/95", "::10.0.2", "1:2:3:4:5:6:7:1.2.3.4",
		"::/", "1:2:3:4:5:6:7:8::", "g::", "1.2.3.4294967296", "10.0.2.0/-1",
	};
	char many[ACCESS_PREFIXES * 8 + 16] = "", expected[256];
	struct access a;

	(void)state;
	for (unsigned i = 0; i < VMM_ARRAY_SIZE(bad); i++) {
		snprintf(expected, sizeof(expected), "config: vmm.dbgsh_allow:"
			 " '%.*s' is no IP address and no prefix; write them "
			 "like 192.168.0.2, 10.0.2.0/24 or fd00:1::/64",
			 (int)strcspn(bad[i], " "), bad[i]);
		assert_int_equal(access_parse(&a, bad[i], "", error,
					      sizeof(error)), -EINVAL);
		assert_string_equal(error, expected);
	}
	for (unsigned i = 0; i < ACCESS_PREFIXES; i++)
		strcat(many, "1.2.3.4,");
	assert_int_equal(access_parse(&a, many, "", error, sizeof(error)), 0);
	strcat(many, "1.2.3.4");
	assert_int_equal(access_parse(&a, many, "", error, sizeof(error)),
			 -EINVAL);
	assert_string_equal(error, "config: vmm.dbgsh_allow: more than 32 "
			    "entries; use prefixes");
	assert_int_equal(access_parse(&a, "", "secret", error, sizeof(error)),
			 -EINVAL);
	assert_string_equal(error, "config: vmm.dbgsh_password: not a hash of "
			    "a password; make one with bvpasswd");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes),
		cmocka_unit_test(authenticates),
		cmocka_unit_test(stretches_passwords),
		cmocka_unit_test(reads_hashes),
		cmocka_unit_test(allows_what_is_listed),
		cmocka_unit_test(allows_ipv6),
		cmocka_unit_test(writes_addresses),
		cmocka_unit_test(reads_the_address_to_have),
		cmocka_unit_test(nothing_set_is_nobody),
		cmocka_unit_test(refuses_what_it_does_not_understand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
