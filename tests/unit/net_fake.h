/* SPDX-License-Identifier: BSD-3-Clause */
/* A NIC made of memory, and what the code under test wants of the VMM. */
#ifndef NET_FAKE_H
#define NET_FAKE_H

#include <bvnet/net.h>
#include <stdlib.h>

#define FAKE_MAX	4096u	/* frames sent and not looked at yet */
#define FAKE_RX_RING	256u

struct fake_nic {
	struct nic nic;
	/* What was sent, checksums finished; freed by fake_clear(). */
	struct { uint8_t *data; uint32_t len; uint32_t flags; } sent[FAKE_MAX];
	unsigned sent_count;
	unsigned tx_room;	/* frames taken before -ENOSPC */
	void *done[FAKE_MAX];	/* cookies to complete in the next poll */
	unsigned done_count;
	struct { uint64_t pa; uint32_t len; void *cookie; } posted[FAKE_RX_RING];
	unsigned posted_count;
	/* To arrive in the next poll, in this order. */
	struct { const void *data; uint32_t len; } wire[FAKE_RX_RING];
	unsigned wire_count;
	unsigned pushes;
	uint32_t rx_flags;	/* besides FIRST and LAST */
	struct nic_filter filter;
};

extern const uint8_t fake_mac[6];

void fake_nic_init(struct fake_nic *f);
/* Let a frame arrive in the next poll; the bytes stay the caller's. */
void fake_wire(struct fake_nic *f, const void *data, uint32_t len);
void fake_clear(struct fake_nic *f);

/* A page pool of this many pages, on the heap of the process. */
void fake_pool_init(struct vmm_pagepool *pool, unsigned pages);
void fake_pool_free(void);

/* The last line that was logged, and their number. */
extern char fake_log[256];
extern unsigned fake_log_lines;

#endif
