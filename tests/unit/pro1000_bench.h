/* SPDX-License-Identifier: BSD-3-Clause */
/* The driver of Intel's gigabit controllers on a model: what its tests share. */
#ifndef PRO1000_BENCH_H
#define PRO1000_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <vmm/error.h>
#include "e1000_model.h"
#include "pro1000/pro1000.h"

extern char log_text[8192];	/* what the driver has logged */

/* What the driver told. */
struct seen {
	unsigned rx, cancelled, tx, tx_cancelled, links;
	struct nic_rx last[512];
	void *tx_cookie[2048];
	struct nic_link link;
	bool repost;
	struct nic *nic;
};

struct bench {
	struct model *m;
	struct nic *nic;
	struct seen seen;
	uint64_t now;
	uint8_t *buf;		/* 256 of 2 KiB */
};

/* A started controller with the link up; and the end of it. */
void open_device(struct bench *b, uint16_t device);
void close_device(struct bench *b);
/* Once with each family. */
void for_each_device(void (*test)(struct bench *b));

/* A millisecond passes, and the driver polls. */
unsigned run(struct bench *b);
/* ... until a reset is over. */
void settle(struct bench *b);
int send(struct bench *b, const void *data, uint32_t len, void *cookie);
/* Lend the buffers from ... to - 1, as if they had len bytes. */
void post(struct bench *b, unsigned from, unsigned to, uint32_t len);
void fill(uint8_t *frame, uint32_t len, const uint8_t to[6]);
/* The NIC sends, and receives into the `lent` buffers and no more. */
void works_again(struct bench *b, unsigned lent);

#endif
