/* SPDX-License-Identifier: BSD-3-Clause */
/* ChaCha20 as a random generator (RFC 8439, section 2.3). */
#include <bvnet/random.h>
#include <string.h>

static uint32_t rotl(uint32_t v, unsigned n)
{
	return v << n | v >> (32 - n);
}

static void quarter(uint32_t *x, unsigned a, unsigned b, unsigned c, unsigned d)
{
	x[a] += x[b]; x[d] = rotl(x[d] ^ x[a], 16);
	x[c] += x[d]; x[b] = rotl(x[b] ^ x[c], 12);
	x[a] += x[b]; x[d] = rotl(x[d] ^ x[a], 8);
	x[c] += x[d]; x[b] = rotl(x[b] ^ x[c], 7);
}

void net_chacha20_block(const uint32_t key[8], uint32_t counter,
			const uint32_t nonce[3], uint8_t out[64])
{
	/* "expand 32-byte k" */
	uint32_t in[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };
	uint32_t x[16];

	memcpy(in + 4, key, 32);
	in[12] = counter;
	memcpy(in + 13, nonce, 12);
	memcpy(x, in, sizeof(x));
	for (int round = 0; round < 10; round++) {
		quarter(x, 0, 4, 8, 12);
		quarter(x, 1, 5, 9, 13);
		quarter(x, 2, 6, 10, 14);
		quarter(x, 3, 7, 11, 15);
		quarter(x, 0, 5, 10, 15);
		quarter(x, 1, 6, 11, 12);
		quarter(x, 2, 7, 8, 13);
		quarter(x, 3, 4, 9, 14);
	}
	for (int i = 0; i < 16; i++)
		x[i] += in[i];
	memcpy(out, x, 64);
}

/* One block of stream; its first half becomes the key, so that what was given
 * out cannot be found again from what is in memory. */
static void next_block(struct net_random *r, uint8_t out[32])
{
	uint32_t nonce[3] = { (uint32_t)r->requests,
			      (uint32_t)(r->requests >> 32), 0 };
	uint8_t block[64];

	r->requests++;
	net_chacha20_block(r->key, 0, nonce, block);
	memcpy(r->key, block, 32);
	memcpy(out, block + 32, 32);
	memset(block, 0, sizeof(block));
}

void net_random_add(struct net_random *r, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint8_t unused[32];

	for (size_t n; len; p += n, len -= n) {
		uint32_t piece[8] = { 0 };

		n = len < sizeof(piece) ? len : sizeof(piece);
		memcpy(piece, p, n);
		for (int i = 0; i < 8; i++)
			r->key[i] ^= piece[i];
		next_block(r, unused);
	}
}

void net_random_bytes(struct net_random *r, void *out, size_t len)
{
	uint8_t *p = out;
	uint8_t stream[32];

	for (size_t n; len; p += n, len -= n) {
		n = len < sizeof(stream) ? len : sizeof(stream);
		next_block(r, stream);
		memcpy(p, stream, n);
	}
}

uint32_t net_random_u32(struct net_random *r)
{
	uint32_t v;

	net_random_bytes(r, &v, sizeof(v));
	return v;
}
