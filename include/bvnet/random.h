/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random numbers that others cannot guess: ChaCha20 (RFC 8439) as a generator,
 * which replaces its key with each request.  Under its owner's lock.
 */
#ifndef BVNET_RANDOM_H
#define BVNET_RANDOM_H

#include <vmm/compiler.h>

VMM_BEGIN_DECLS

struct net_random {
	uint32_t key[8];
	uint64_t requests;
};

/* The RFC's block function: 64 bytes of key stream.  Pure. */
void net_chacha20_block(const uint32_t key[8], uint32_t counter,
			const uint32_t nonce[3], uint8_t out[64]);

/* Add what is unpredictable; any amount, any number of times.  Pure. */
void net_random_add(struct net_random *r, const void *data, size_t len);
/* Add what the processor has: RDRAND, and the jitter of its time stamps. */
void net_random_add_processor(struct net_random *r);

void net_random_bytes(struct net_random *r, void *out, size_t len);
uint32_t net_random_u32(struct net_random *r);

VMM_END_DECLS

#endif
