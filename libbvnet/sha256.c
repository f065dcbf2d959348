/* SPDX-License-Identifier: BSD-3-Clause */
/* SHA-256, FIPS 180-4, section 6.2, and HMAC with it, RFC 2104. */
#include <string.h>
#include <bvnet/password.h>

/* Section 4.2.2: of the cube roots of the first 64 primes. */
static const uint32_t k[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
	0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
	0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

static uint32_t load(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
		(uint32_t)p[2] << 8 | p[3];
}

/* The message schedule, 6.2.2 step 1. */
static void schedule(uint32_t w[64], const uint8_t *block)
{
	for (unsigned t = 0; t < 16; t++)
		w[t] = load(block + 4 * t);
	for (unsigned t = 16; t < 64; t++) {
		uint32_t a = w[t - 15], b = w[t - 2];

		w[t] = w[t - 16] + w[t - 7] +
			(rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) +
			(rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
	}
}

/* Steps 2 to 4; v is a to h. */
static void compress(uint32_t h[8], const uint8_t *block)
{
	uint32_t w[64], v[8];

	schedule(w, block);
	memcpy(v, h, sizeof(v));
	for (unsigned t = 0; t < 64; t++) {
		uint32_t e = v[4], a = v[0], t1, t2;

		t1 = v[7] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
			((e & v[5]) ^ (~e & v[6])) + k[t] + w[t];
		t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) +
			((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
		memmove(v + 1, v, 7 * sizeof(v[0]));
		v[4] += t1;
		v[0] = t1 + t2;
	}
	for (unsigned i = 0; i < 8; i++)
		h[i] += v[i];
}

/* Section 5.3.3: of the square roots of the first eight primes. */
void sha256_start(struct sha256 *s)
{
	static const uint32_t h[8] = {
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
	};

	memcpy(s->h, h, sizeof(h));
	s->total = 0;
}

void sha256_add(struct sha256 *s, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	while (n) {
		size_t used = s->total % SHA256_BLOCK;
		size_t part = SHA256_BLOCK - used;

		if (part > n)
			part = n;
		memcpy(s->block + used, p, part);
		s->total += part;
		p += part;
		n -= part;
		if (used + part == SHA256_BLOCK)
			compress(s->h, s->block);
	}
}

/* Section 5.1.1: a one bit, zeros, the length in bits. */
void sha256_end(struct sha256 *s, uint8_t hash[SHA256_BYTES])
{
	static const uint8_t padding[SHA256_BLOCK] = { 0x80 };
	uint64_t bits = s->total * 8;
	uint8_t length[8];

	for (unsigned i = 0; i < 8; i++)
		length[i] = (uint8_t)(bits >> (56 - 8 * i));
	sha256_add(s, padding, 1 + (SHA256_BLOCK + 55 -
				    s->total % SHA256_BLOCK) % SHA256_BLOCK);
	sha256_add(s, length, sizeof(length));
	for (unsigned i = 0; i < SHA256_BYTES; i++)
		hash[i] = (uint8_t)(s->h[i / 4] >> (24 - 8 * (i % 4)));
}

void hmac_sha256_key(struct hmac_sha256 *key, const void *bytes, size_t n)
{
	uint8_t pad[SHA256_BLOCK] = { 0 };

	/* A key longer than a block is hashed first. */
	if (n > sizeof(pad)) {
		sha256_start(&key->inner);
		sha256_add(&key->inner, bytes, n);
		sha256_end(&key->inner, pad);
	} else {
		memcpy(pad, bytes, n);
	}
	for (unsigned i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36;
	sha256_start(&key->inner);
	sha256_add(&key->inner, pad, sizeof(pad));
	for (unsigned i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36 ^ 0x5c;
	sha256_start(&key->outer);
	sha256_add(&key->outer, pad, sizeof(pad));
	memset(pad, 0, sizeof(pad));
}

void hmac_sha256(const struct hmac_sha256 *key, const void *bytes, size_t n,
		 uint8_t mac[SHA256_BYTES])
{
	struct sha256 s = key->inner;

	sha256_add(&s, bytes, n);
	sha256_end(&s, mac);
	s = key->outer;
	sha256_add(&s, mac, SHA256_BYTES);
	sha256_end(&s, mac);
}
