/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <vmm/log.h>
#include "pro1000_bench.h"

/* One of each family. */
static const uint16_t devices[] = {
	0x1000, 0x1001, 0x100e, 0x1019, 0x105e, 0x108b, 0x10d3, 0x10ea, 0x10c9,
};

char log_text[8192];

void vmm_log(enum vmm_log_level level, const char *fmt, ...)
{
	size_t at = strlen(log_text);
	va_list ap;

	(void)level;
	va_start(ap, fmt);
	vsnprintf(log_text + at, sizeof(log_text) - at, fmt, ap);
	va_end(ap);
}

static void on_rx(void *ctx, const struct nic_rx *rx)
{
	struct seen *s = ctx;

	if (rx->flags & NIC_RX_CANCELLED)
		s->cancelled++;
	else
		s->last[s->rx++ % 512] = *rx;
	if (s->repost)
		assert_int_equal(nic_rx_post(s->nic, (uintptr_t)rx->cookie,
					     2048, rx->cookie), 0);
}

static void on_tx_done(void *ctx, void *cookie, int error)
{
	struct seen *s = ctx;

	s->tx_cookie[(s->tx + s->tx_cancelled) % 2048] = cookie;
	if (error)
		s->tx_cancelled++;
	else
		s->tx++;
}

static void on_link(void *ctx, const struct nic_link *link)
{
	struct seen *s = ctx;

	s->links++;
	s->link = *link;
}

static const struct nic_sink sink = { on_rx, on_tx_done, on_link };

unsigned run(struct bench *b)
{
	model_run(b->m);
	b->now += 1000;
	return nic_poll(b->nic, b->now, 64);
}

void open_device(struct bench *b, uint16_t device)
{
	struct pro1000_world w;
	const struct pro1000_family *f = pro1000_family(device);

	memset(b, 0, sizeof(*b));
	log_text[0] = 0;
	b->m = model_create();
	b->m->advanced = f->has & PRO1000_ADVANCED;
	if (f->has & PRO1000_OLD_RINGS) {
		b->m->old_rings = true;
		memcpy(&b->m->reg[REG_82542_RA / 4], &b->m->reg[REG_RA / 4],
		       8);
	}
	w = model_world(b->m, device);
	assert_int_equal(pro1000_open(&w, &b->nic), 0);
	b->buf = calloc(256, 2048);
	b->seen.nic = b->nic;
	nic_attach(b->nic, &sink, &b->seen);
	run(b);
	assert_true(b->nic->link.up);
}

void close_device(struct bench *b)
{
	nic_quiesce(b->nic);
	free(b->buf);
	model_free(b->m);
}

void settle(struct bench *b)	/* until a reset is over */
{
	for (int i = 0; i < 50; i++)
		run(b);
}

int send(struct bench *b, const void *data, uint32_t len, void *cookie)
{
	struct nic_frag frag = { (uintptr_t)data, len };
	struct nic_tx tx = { .frag = &frag, .frag_count = 1,
		.cookie = cookie };
	int err = nic_tx(b->nic, &tx);

	nic_tx_push(b->nic);
	return err;
}

void post(struct bench *b, unsigned from, unsigned to, uint32_t len)
{
	for (unsigned i = from; i < to; i++) {
		uint8_t *p = b->buf + i * 2048;

		assert_int_equal(nic_rx_post(b->nic, (uintptr_t)p, len, p), 0);
	}
	nic_tx_push(b->nic);
}

void fill(uint8_t *frame, uint32_t len, const uint8_t to[6])
{
	for (uint32_t i = 0; i < len; i++)
		frame[i] = (uint8_t)(i * 7 + (i >> 8));
	memcpy(frame, to, 6);
	frame[12] = 0x88;	/* an experimental type */
	frame[13] = 0xb5;
}

void for_each_device(void (*test)(struct bench *b))
{
	struct bench b;

	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		open_device(&b, devices[i]);
		test(&b);
		close_device(&b);
	}
}

void works_again(struct bench *b, unsigned lent)
{
	uint8_t data[60];
	unsigned rx = b->seen.rx;

	settle(b);
	fill(data, sizeof(data), b->m->mac);
	b->m->sent_count = 0;
	assert_int_equal(send(b, data, 60, NULL), 0);
	for (unsigned i = 0; i < lent; i++)
		assert_true(model_receive(b->m, data, 60, 0));
	assert_false(model_receive(b->m, data, 60, 0));
	settle(b);
	assert_int_equal(b->m->sent_count, 1);
	assert_int_equal(b->seen.rx, rx + lent);
}
