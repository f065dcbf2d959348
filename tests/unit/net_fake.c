/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <vmm/log.h>
#include <vmm/panic.h>
#include <vmm/printf.h>
#include "net_fake.h"

const uint8_t fake_mac[6] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 };
char fake_log[256];
unsigned fake_log_lines;

void vmm_log(enum vmm_log_level level, const char *fmt, ...)
{
	va_list ap;

	(void)level;
	va_start(ap, fmt);
	vmm_vsnprintf(fake_log, sizeof(fake_log), fmt, ap);
	va_end(ap);
	fake_log_lines++;
}

void vmm_panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	abort();
}

void vmm_assert_failed(const char *expr, const char *func, const char *file,
		       int line)
{
	vmm_panic("%s:%d: %s: %s\n", file, line, func, expr);
}

static int fake_tx(struct nic *nic, const struct nic_tx *tx)
{
	struct fake_nic *f = (struct fake_nic *)nic;
	uint32_t len = 0;
	uint8_t *to;

	if (!nic->link.up)
		return -ENETDOWN;
	if (f->tx_room == 0 || f->sent_count == FAKE_MAX ||
	    f->done_count == FAKE_MAX)
		return -ENOSPC;
	f->tx_room--;
	for (unsigned i = 0; i < tx->frag_count; i++)
		len += tx->frag[i].len;
	to = malloc(len);
	f->sent[f->sent_count].data = to;
	f->sent[f->sent_count].len = len;
	f->sent[f->sent_count++].flags = tx->flags;
	for (unsigned i = 0; i < tx->frag_count; i++) {
		memcpy(to, (const void *)(uintptr_t)tx->frag[i].pa,
		       tx->frag[i].len);
		to += tx->frag[i].len;
	}
	f->done[f->done_count++] = tx->cookie;
	return 0;
}

static void fake_push(struct nic *nic)
{
	((struct fake_nic *)nic)->pushes++;
}

static int fake_rx_post(struct nic *nic, uint64_t pa, uint32_t len,
			void *cookie)
{
	struct fake_nic *f = (struct fake_nic *)nic;

	if (f->posted_count == nic->limits.rx_ring)
		return -ENOSPC;
	f->posted[f->posted_count].pa = pa;
	f->posted[f->posted_count].len = len;
	f->posted[f->posted_count++].cookie = cookie;
	return 0;
}

/* Take the oldest posted buffer. */
static void *unpost(struct fake_nic *f, uint64_t *pa, uint32_t *len)
{
	void *cookie = f->posted[0].cookie;

	*pa = f->posted[0].pa;
	*len = f->posted[0].len;
	f->posted_count--;
	memmove(f->posted, f->posted + 1,
		f->posted_count * sizeof(f->posted[0]));
	return cookie;
}

/* A frame goes on in the next buffers if it is longer than one. */
static void arrive(struct fake_nic *f, const uint8_t *data, uint32_t len)
{
	uint32_t flags = NIC_RX_FIRST;

	while (f->posted_count) {
		struct nic_rx rx;
		uint32_t size;
		uint64_t pa;

		rx.cookie = unpost(f, &pa, &size);
		rx.len = len < size ? len : size;
		memcpy((void *)(uintptr_t)pa, data, rx.len);
		data += rx.len;
		len -= rx.len;
		rx.flags = flags | (len ? 0 : NIC_RX_LAST | f->rx_flags);
		f->nic.sink->rx(f->nic.sink_ctx, &rx);
		flags = 0;
		if (!len)
			break;
	}
}

static unsigned fake_poll(struct nic *nic, uint64_t now, unsigned budget)
{
	struct fake_nic *f = (struct fake_nic *)nic;
	unsigned n = f->wire_count, done = f->done_count;

	(void)now;
	(void)budget;
	f->done_count = 0;
	for (unsigned i = 0; i < done; i++)
		nic->sink->tx_done(nic->sink_ctx, f->done[i], 0);
	f->wire_count = 0;
	for (unsigned i = 0; i < n; i++)
		arrive(f, f->wire[i].data, f->wire[i].len);
	return n;
}

static uint64_t fake_deadline(struct nic *nic)
{
	(void)nic;
	return NIC_NEVER;
}

static void fake_flush(struct nic *nic, bool rx, bool tx)
{
	struct fake_nic *f = (struct fake_nic *)nic;
	unsigned n = f->posted_count, done = f->done_count;

	for (unsigned i = 0; rx && i < n; i++) {
		struct nic_rx r = { .flags = NIC_RX_CANCELLED };
		uint64_t pa;
		uint32_t len;

		r.cookie = unpost(f, &pa, &len);
		nic->sink->rx(nic->sink_ctx, &r);
	}
	f->done_count = tx ? 0 : done;
	for (unsigned i = 0; tx && i < done; i++)
		nic->sink->tx_done(nic->sink_ctx, f->done[i], -ECANCELED);
}

static int fake_filter(struct nic *nic, const struct nic_filter *filter)
{
	((struct fake_nic *)nic)->filter = *filter;
	return 0;
}

static void fake_dump(struct nic *nic, nic_print *print, void *ctx)
{
	(void)nic;
	print(ctx, "rx: first 1 next 2");
}

static const struct nic_ops fake_ops = {
	.dump = fake_dump,
	.tx = fake_tx,
	.tx_push = fake_push,
	.rx_post = fake_rx_post,
	.poll = fake_poll,
	.deadline = fake_deadline,
	.flush = fake_flush,
	.filter = fake_filter,
};

void fake_nic_init(struct fake_nic *f)
{
	memset(f, 0, sizeof(*f));
	f->nic.ops = &fake_ops;
	f->nic.name = "fake";
	memcpy(f->nic.mac, fake_mac, 6);
	f->nic.limits = (struct nic_limits){ 16, 65535, 1518, FAKE_RX_RING };
	f->nic.link = (struct nic_link){ true, true, 1000 };
	f->tx_room = FAKE_MAX;
}

void fake_wire(struct fake_nic *f, const void *data, uint32_t len)
{
	f->wire[f->wire_count].data = data;
	f->wire[f->wire_count++].len = len;
}

void fake_clear(struct fake_nic *f)
{
	for (unsigned i = 0; i < f->sent_count; i++)
		free(f->sent[i].data);
	f->sent_count = 0;
}

static void *pool_memory;

void fake_pool_init(struct vmm_pagepool *pool, unsigned pages)
{
	if (posix_memalign(&pool_memory, VMM_PAGE_SIZE,
			   pages * VMM_PAGE_SIZE) ||
	    vmm_pagepool_init(pool, pool_memory, pages * VMM_PAGE_SIZE))
		abort();
}

void fake_pool_free(void)
{
	free(pool_memory);
	pool_memory = NULL;
}
