/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Salted hashes of passwords: PBKDF2 (RFC 8018, 5.2) with HMAC (RFC 2104) and
 * SHA-256 (FIPS 180-4).  Pure; included by the VMM and by the tool bvpasswd.
 *
 * As text: pbkdf2-sha256$ITERATIONS$SALT$HASH, the latter in hexadecimal.
 */
#ifndef BVNET_PASSWORD_H
#define BVNET_PASSWORD_H

#include <stdbool.h>
#include <vmm/compiler.h>

VMM_BEGIN_DECLS

#define SHA256_BYTES		32u
#define SHA256_BLOCK		64u
#define PASSWORD_SALT_MAX	32u
#define PASSWORD_SALT_MIN	8u
#define PASSWORD_ITERATIONS_MIN	1000u
#define PASSWORD_ITERATIONS_MAX	10000000u

struct sha256 {
	uint32_t h[8];
	uint64_t total;			/* bytes so far */
	uint8_t block[SHA256_BLOCK];	/* the last total % 64 of them */
};

void sha256_start(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *bytes, size_t n);
void sha256_end(struct sha256 *s, uint8_t hash[SHA256_BYTES]);

/* A key, prepared: the states behind its two paddings. */
struct hmac_sha256 {
	struct sha256 inner, outer;
};

void hmac_sha256_key(struct hmac_sha256 *key, const void *bytes, size_t n);
void hmac_sha256(const struct hmac_sha256 *key, const void *bytes, size_t n,
		 uint8_t mac[SHA256_BYTES]);

struct password_hash {
	uint32_t iterations;
	unsigned salt_len;
	uint8_t salt[PASSWORD_SALT_MAX];
	uint8_t hash[SHA256_BYTES];
};

/* Read the text of a hash.  -EINVAL: it is none. */
int password_parse(struct password_hash *p, const char *text) VMM_MUST_CHECK;

/* A hash that is being computed, in slices: it takes long on purpose. */
struct password_work {
	struct hmac_sha256 key;
	uint32_t left;			/* iterations */
	uint8_t u[SHA256_BYTES], hash[SHA256_BYTES];
};

/* Begin to hash a password with the salt and the iterations of p. */
void password_begin(struct password_work *w, const struct password_hash *p,
		    const char *password, size_t n);
/* Do up to n iterations more; true if the hash is complete. */
bool password_step(struct password_work *w, uint32_t n);
/* Is it that of p?  In a time that does not depend on the answer. */
bool password_equal(const struct password_work *w,
		    const struct password_hash *p);

VMM_END_DECLS

#endif
