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
	uint8_t ip[4] = { (uint8_t)b0, (uint8_t)b1, (uint8_t)b2, (uint8_t)b3 };

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
		"host", "::1", "-1.0.0.0", "1.2.3.4294967296", "10.0.2.0/-1",
	};
	char many[ACCESS_PREFIXES * 8 + 16] = "", expected[256];
	struct access a;

	(void)state;
	for (unsigned i = 0; i < VMM_ARRAY_SIZE(bad); i++) {
		snprintf(expected, sizeof(expected), "config: vmm.dbgsh_allow:"
			 " '%.*s' is no IPv4 address and no prefix; write them "
			 "like 192.168.0.2 or 10.0.2.0/24",
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
		cmocka_unit_test(nothing_set_is_nobody),
		cmocka_unit_test(refuses_what_it_does_not_understand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
