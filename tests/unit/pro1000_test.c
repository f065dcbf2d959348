/* SPDX-License-Identifier: BSD-3-Clause */
/* The driver of Intel's gigabit controllers against a model of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <vmm/error.h>
#include <vmm/log.h>
#include "e1000_model.h"
#include "pro1000/pro1000.h"

/* One of each family. */
static const uint16_t devices[] = {
	0x1000, 0x1001, 0x100e, 0x1019, 0x105e, 0x108b, 0x10d3, 0x10ea, 0x10c9,
};

static char log_text[8192];

void vmm_log(enum vmm_log_level level, const char *fmt, ...)
{
	size_t at = strlen(log_text);
	va_list ap;

	(void)level;
	va_start(ap, fmt);
	vsnprintf(log_text + at, sizeof(log_text) - at, fmt, ap);
	va_end(ap);
}

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

static unsigned run(struct bench *b)
{
	model_run(b->m);
	b->now += 1000;
	return nic_poll(b->nic, b->now, 64);
}

static void open_device(struct bench *b, uint16_t device)
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

static void close_device(struct bench *b)
{
	nic_quiesce(b->nic);
	free(b->buf);
	model_free(b->m);
}

static void settle(struct bench *b)	/* until a reset is over */
{
	for (int i = 0; i < 50; i++)
		run(b);
}

static int send(struct bench *b, const void *data, uint32_t len, void *cookie)
{
	struct nic_frag frag = { (uintptr_t)data, len };
	struct nic_tx tx = { .frag = &frag, .frag_count = 1,
		.cookie = cookie };
	int err = nic_tx(b->nic, &tx);

	nic_tx_push(b->nic);
	return err;
}

static void post(struct bench *b, unsigned from, unsigned to, uint32_t len)
{
	for (unsigned i = from; i < to; i++) {
		uint8_t *p = b->buf + i * 2048;

		assert_int_equal(nic_rx_post(b->nic, (uintptr_t)p, len, p), 0);
	}
	nic_tx_push(b->nic);
}

static void fill(uint8_t *frame, uint32_t len, const uint8_t to[6])
{
	for (uint32_t i = 0; i < len; i++)
		frame[i] = (uint8_t)(i * 7 + (i >> 8));
	memcpy(frame, to, 6);
	frame[12] = 0x88;	/* an experimental type */
	frame[13] = 0xb5;
}

static void for_each_device(void (*test)(struct bench *b))
{
	struct bench b;

	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		open_device(&b, devices[i]);
		test(&b);
		close_device(&b);
	}
}

/* ---- opening ---- */

static void opens_and_tells(void **state)
{
	struct bench b;

	(void)state;
	open_device(&b, 0x10d3);
	assert_non_null(strstr(log_text, "MAC Address: 52:54:00:12:34:56\n"));
	assert_non_null(strstr(log_text,
			"Wait for PHY reset and link setup completion.\n"));
	assert_non_null(strstr(log_text, "link up, 1000 Mbit/s, full"));
	assert_int_equal(b.m->taken, 1);
	assert_int_equal(b.m->resets, 1);
	assert_true(b.m->waited <= 25000);
	assert_int_equal(b.seen.links, 1);
	assert_int_equal(b.seen.link.mbps, 1000);
	close_device(&b);
}

static int try_open(struct model *m, uint16_t device)
{
	struct pro1000_world w = model_world(m, device);
	struct nic *nic;
	int err = pro1000_open(&w, &nic);

	model_free(m);
	return err;
}

static void refuses(void **state)
{
	struct model *m = model_create();

	(void)state;
	assert_int_equal(try_open(m, 0x1234), -EOPNOTSUPP);
	m = model_create();
	m->gone = true;
	assert_int_equal(try_open(m, 0x10d3), -ENODEV);
	m = model_create();
	m->no_pages = true;
	assert_int_equal(try_open(m, 0x10d3), -ENOMEM);
	m = model_create();
	m->reset_hangs = true;
	assert_int_equal(try_open(m, 0x10d3), -EIO);
	m = model_create();
	m->queue_hangs = m->advanced = true;
	assert_int_equal(try_open(m, 0x10c9), -EIO);
	m = model_create();
	m->take_error = -EBUSY;
	assert_int_equal(try_open(m, 0x10d3), -EBUSY);
	m = model_create();
	memset(&m->reg[REG_RA / 4], 0, 4);
	m->reg[REG_RA / 4 + 1] = RAH_AV;
	assert_int_equal(try_open(m, 0x10d3), -ENODATA);
	m = model_create();
	m->reg[REG_RA / 4] |= 1;	/* a group address */
	assert_int_equal(try_open(m, 0x10d3), -ENODATA);
}

static void knows_the_families(void **state)
{
	unsigned known = 0;

	(void)state;
	for (unsigned id = 0; id <= 0xffff; id++)
		known += pro1000_known((uint16_t)id);
	assert_int_equal(known, 145);
	for (const char *id = strstr(pro1000_match, "8086:"); id;
	     id = strstr(id + 1, "8086:"), known--)
		assert_true(pro1000_known((uint16_t)strtoul(id + 5, NULL,
							    16)));
	assert_int_equal(known, 0);	/* the pattern has all of them */
	assert_string_equal(pro1000_family(0x10d3)->name, "82574");
	assert_string_equal(pro1000_family(0x10c9)->name, "82575 and later");
	assert_null(pro1000_family(0x8168));
}

/* ---- transmit ---- */

static void sends(struct bench *b)
{
	uint8_t data[1518];
	struct nic_frag frag[3] = {
		{ (uintptr_t)data, 14 }, { (uintptr_t)data + 14, 1 },
		{ (uintptr_t)data + 15, 1503 },
	};
	struct nic_tx tx = { .frag = frag, .frag_count = 3, .cookie = b };

	fill(data, sizeof(data), b->m->mac);
	assert_int_equal(nic_tx(b->nic, &tx), 0);
	model_run(b->m);
	assert_int_equal(b->m->sent_count, 0);	/* not before the push */
	nic_tx_push(b->nic);
	assert_int_equal(run(b), 1);
	assert_int_equal(b->m->sent_count, 1);
	assert_int_equal(b->m->sent[0].len, 1518);
	assert_memory_equal(b->m->sent[0].data, data, 1518);
	assert_int_equal(b->seen.tx, 1);
	assert_ptr_equal(b->seen.tx_cookie[0], b);
	assert_int_equal(b->nic->stats.tx_frames, 1);
	assert_int_equal(b->nic->stats.tx_bytes, 1518);

	frag[2].len = 1504;		/* one byte more than allowed */
	assert_int_equal(nic_tx(b->nic, &tx), -EINVAL);
	frag[2].len = 0;
	assert_int_equal(nic_tx(b->nic, &tx), -EINVAL);
	frag[0].len = UINT32_MAX;	/* sums must not wrap */
	frag[2].len = 14;
	assert_int_equal(nic_tx(b->nic, &tx), -EINVAL);
	frag[0].len = 13;
	tx.frag_count = 1;
	assert_int_equal(nic_tx(b->nic, &tx), -EINVAL);
	tx.frag_count = 65;
	assert_int_equal(nic_tx(b->nic, &tx), -EINVAL);
	frag[0].len = 14;
	tx.frag_count = 1;
	tx.flags = NIC_TX_VLAN;
	assert_int_equal(nic_tx(b->nic, &tx), -EINVAL);
	assert_int_equal(b->nic->stats.tx_refused, 6);
}

static void all_send(void **state)
{
	(void)state;
	for_each_device(sends);
}

static void fills_the_ring(struct bench *b)
{
	uint8_t data[64];
	uintptr_t n = 0, sent = 0;

	fill(data, sizeof(data), b->m->mac);
	for (int round = 0; round < 5; round++) {
		while (!send(b, data, sizeof(data), (void *)n))
			n++;
		assert_int_equal(send(b, data, sizeof(data), NULL), -ENOSPC);
		assert_true(n - sent > 500);
		for (int i = 0; i < 9; i++)
			run(b);
		assert_int_equal(b->seen.tx, n);
		for (; sent < n; sent++)
			assert_ptr_equal(b->seen.tx_cookie[sent % 2048],
					 (void *)sent);
	}
	assert_int_equal(b->m->sent_count, n);
}

static void all_fill_the_ring(void **state)
{
	(void)state;
	for_each_device(fills_the_ring);
}

static uint32_t ones_sum(const uint8_t *p, uint32_t len, uint32_t s)
{
	for (uint32_t i = 0; i < len; i++)
		s += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

/* A TCP frame with VLAN tags; returns the length of its headers. */
static uint32_t tcp_frame(uint8_t *f, uint32_t len, bool v6, unsigned tags)
{
	uint32_t l3 = 14 + 4 * tags, l4 = l3 + (v6 ? 40 : 20), s;
	uint8_t to[6] = { 2, 0, 0, 0, 0, 1 };

	fill(f, len, to);
	for (unsigned t = 0; t < tags; t++) {
		f[12 + 4 * t] = 0x81;
		f[13 + 4 * t] = 0;
	}
	f[l3 - 2] = v6 ? 0x86 : 0x08;
	f[l3 - 1] = v6 ? 0xdd : 0;
	f[l3] = v6 ? 0x60 : 0x45;
	f[l3 + (v6 ? 6 : 9)] = 6;
	f[l4 + 12] = 8 << 4;		/* 12 bytes of options */
	s = ones_sum(f + l3 + (v6 ? 8 : 12), v6 ? 32 : 8, 6 + len - l4);
	f[l4 + 16] = (uint8_t)(s >> 8);
	f[l4 + 17] = (uint8_t)s;
	return l4 + 32;
}

static void check_segment(const struct model_frame *f, const uint8_t *orig,
			  uint32_t at, bool v6, uint32_t l3)
{
	uint32_t l4 = l3 + (v6 ? 40 : 20), hdr = l4 + 32, s;

	assert_memory_equal(f->data, orig, l3);
	assert_memory_equal(f->data + hdr, orig + hdr + at, f->len - hdr);
	if (v6) {
		assert_int_equal(f->data[l3 + 4] << 8 | f->data[l3 + 5],
				 f->len - l4);
	} else {
		assert_int_equal(f->data[l3 + 2] << 8 | f->data[l3 + 3],
				 f->len - l3);
		assert_int_equal(ones_sum(f->data + l3, 20, 0), 0xffff);
	}
	s = ones_sum(f->data + l3 + (v6 ? 8 : 12), v6 ? 32 : 8,
		     6 + f->len - l4);
	assert_int_equal(ones_sum(f->data + l4, f->len - l4, s), 0xffff);
}

static void segment(struct bench *b, bool v6, unsigned tags)
{
	static uint8_t data[30000];
	uint32_t hdr = tcp_frame(data, sizeof(data), v6, tags), at = 0;
	struct nic_frag frag[2] = {
		{ (uintptr_t)data, 20 },
		{ (uintptr_t)data + 20, sizeof(data) - 20 },
	};
	struct nic_tx tx = {
		.frag = frag, .frag_count = 2, .cookie = data, .mss = 1400,
		.flags = NIC_TX_CSUM | (v6 ? NIC_TX_TSO6 : NIC_TX_TSO4),
		.csum_start = (uint16_t)(hdr - 32), .csum_offset = 16,
		.hdr_len = (uint16_t)hdr,
	};
	uint8_t copy[128];

	memcpy(copy, data, hdr);
	b->m->sent_count = 0;
	b->seen.tx = 0;
	assert_int_equal(nic_tx(b->nic, &tx), 0);
	nic_tx_push(b->nic);
	run(b);
	assert_int_equal(b->m->sent_count,
			 (sizeof(data) - hdr + 1399) / 1400);
	for (unsigned i = 0; i < b->m->sent_count; i++) {
		check_segment(&b->m->sent[i], data, at, v6, 14 + 4 * tags);
		at += b->m->sent[i].len - hdr;
	}
	assert_int_equal(at, sizeof(data) - hdr);
	assert_int_equal(b->seen.tx, 1);
	assert_memory_equal(copy, data, hdr);	/* the caller's, untouched */
}

static void segments(struct bench *b)
{
	if (!(b->nic->caps & NIC_CAP_TSO4))
		return;
	segment(b, false, 0);
	segment(b, false, 1);
	segment(b, true, 0);
	segment(b, true, 2);
}

static void all_segment(void **state)
{
	(void)state;
	for_each_device(segments);
}

/* Frames that do not match their flags, each wrong in one way. */
static void refuses_offloads(struct bench *b)
{
	uint8_t data[4000];
	uint32_t hdr = tcp_frame(data, sizeof(data), false, 0);
	struct nic_frag frag = { (uintptr_t)data, sizeof(data) };
	const struct nic_tx good = {
		.frag = &frag, .frag_count = 1, .mss = 1400,
		.flags = NIC_TX_CSUM | NIC_TX_TSO4, .csum_start = 34,
		.csum_offset = 16, .hdr_len = (uint16_t)hdr,
	};
	struct nic_tx bad[11];
	unsigned n = 0;

	if (!(b->nic->caps & NIC_CAP_TSO4)) {
		assert_int_equal(nic_tx(b->nic, &good), -EINVAL);
		return;
	}
	for (unsigned i = 0; i < 11; i++)
		bad[i] = good;
	bad[n++].flags = NIC_TX_TSO4;
	bad[n++].flags = NIC_TX_CSUM | NIC_TX_TSO6;
	bad[n++].csum_start = 33;
	bad[n++].csum_offset = 6;
	bad[n++].mss = 0;
	bad[n++].mss = 1500;
	bad[n++].hdr_len = 0;
	bad[n++].hdr_len = 65;
	bad[n++].hdr_len = 300;
	bad[n++].hdr_len = 4000;
	bad[n++].flags = NIC_TX_CSUM | NIC_TX_TSO4 | NIC_TX_TSO6;
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(nic_tx(b->nic, &bad[i]), -EINVAL);
	data[14] = 0x41;		/* IP header of 4 bytes */
	assert_int_equal(nic_tx(b->nic, &good), -EINVAL);
	data[14] = 0x45;
	data[23] = 17;			/* UDP */
	assert_int_equal(nic_tx(b->nic, &good), -EINVAL);
	data[23] = 6;
	data[12] = 9;			/* not IP */
	assert_int_equal(nic_tx(b->nic, &good), -EINVAL);
	data[12] = 8;
	data[46] = 0x40;		/* TCP header of 16 bytes */
	assert_int_equal(nic_tx(b->nic, &good), -EINVAL);
	data[46] = 0x80;
	frag.len = 40;			/* shorter than its headers */
	assert_int_equal(nic_tx(b->nic, &good), -EINVAL);
	frag.len = sizeof(data);
	assert_int_equal(nic_tx(b->nic, &good), 0);
}

static void all_refuse_offloads(void **state)
{
	(void)state;
	for_each_device(refuses_offloads);
}

static void sums_up(struct bench *b)
{
	uint8_t data[1000];
	uint32_t l4 = 34, s;
	struct nic_frag frag = { (uintptr_t)data, sizeof(data) };
	struct nic_tx tx = {
		.frag = &frag, .frag_count = 1, .flags = NIC_TX_CSUM,
		.csum_start = 34, .csum_offset = 16,
	};
	const uint8_t *f = b->m->sent[0].data;

	tcp_frame(data, sizeof(data), false, 0);
	if (!(b->nic->caps & NIC_CAP_TX_CSUM)) {
		assert_int_equal(nic_tx(b->nic, &tx), -EINVAL);
		return;
	}
	assert_int_equal(nic_tx(b->nic, &tx), 0);
	nic_tx_push(b->nic);
	run(b);
	s = ones_sum(f + 26, 8, 6 + 1000 - l4);
	assert_int_equal(ones_sum(f + l4, 1000 - l4, s), 0xffff);
	tx.csum_offset = 6;
	data[23] = 17;
	assert_int_equal(nic_tx(b->nic, &tx), 0);
	tx.csum_start = 250;		/* does not fit the descriptor */
	assert_int_equal(nic_tx(b->nic, &tx), -EINVAL);
	tx.csum_start = 65535;
	tx.csum_offset = 65535;
	assert_int_equal(nic_tx(b->nic, &tx), -EINVAL);
	frag.len = 41;			/* the field is beyond the end */
	tx.csum_start = 34;
	tx.csum_offset = 6;
	assert_int_equal(nic_tx(b->nic, &tx), -EINVAL);
}

static void all_sum_up(void **state)
{
	(void)state;
	for_each_device(sums_up);
}

/* ---- receive ---- */

static void receives(struct bench *b)
{
	uint8_t data[1514];

	fill(data, sizeof(data), b->m->mac);
	post(b, 0, 255, 2048);
	assert_int_equal(nic_rx_post(b->nic, (uintptr_t)b->buf, 2048, NULL),
			 -ENOSPC);
	assert_int_equal(nic_rx_post(b->nic, (uintptr_t)b->buf, 0, NULL),
			 -EINVAL);
	assert_true(model_receive(b->m, data, sizeof(data), 0));
	assert_memory_equal(b->buf, data, sizeof(data)); /* no copy */
	assert_int_equal(run(b), 1);
	assert_int_equal(b->seen.rx, 1);
	assert_ptr_equal(b->seen.last[0].cookie, b->buf);
	assert_int_equal(b->seen.last[0].len, sizeof(data));
	assert_int_equal(b->seen.last[0].flags & ~NIC_RX_CSUM_OK,
			 NIC_RX_FIRST | NIC_RX_LAST);
	assert_int_equal(!!(b->seen.last[0].flags & NIC_RX_CSUM_OK), 1);
	assert_int_equal(b->nic->stats.rx_copied, 0);

	b->seen.repost = true;		/* several times around */
	for (unsigned i = 0; i < 1000; i++) {
		data[20] = (uint8_t)i;
		assert_true(model_receive(b->m, data, 60, 0));
		assert_int_equal(run(b), 1);
		assert_int_equal(((uint8_t *)b->seen.last[(i + 1) % 512]
				  .cookie)[20], (uint8_t)i);
	}
	assert_int_equal(b->nic->stats.rx_frames, 1001);
}

static void all_receive(void **state)
{
	(void)state;
	for_each_device(receives);
}

static void copies_to_small_buffers(struct bench *b)
{
	uint8_t data[1514];

	fill(data, sizeof(data), b->m->mac);
	memset(b->buf, 0xa5, 3 * 2048);
	post(b, 0, 2, 100);
	assert_true(model_receive(b->m, data, 100, 0));
	assert_true(model_receive(b->m, data, 101, 0));	/* does not fit */
	run(b);
	assert_int_equal(b->seen.rx, 1);
	assert_int_equal(b->seen.last[0].len, 100);
	assert_memory_equal(b->buf, data, 100);
	for (unsigned i = 100; i < 4096; i++)
		if (i < 2048 || i >= 2048 + 100)
			assert_int_equal(b->buf[i], 0xa5);
	assert_int_equal(b->nic->stats.rx_copied, 1);
	assert_int_equal(b->nic->stats.rx_errors, 1);
	/* The second buffer is still lent, and is used. */
	assert_true(model_receive(b->m, data, 64, 0));
	run(b);
	assert_int_equal(b->seen.rx, 2);
	assert_ptr_equal(b->seen.last[1].cookie, b->buf + 2048);
}

static void all_copy(void **state)
{
	(void)state;
	for_each_device(copies_to_small_buffers);
}

static void joins_descriptors(struct bench *b)
{
	uint8_t data[5000];

	fill(data, sizeof(data), b->m->mac);
	post(b, 0, 8, 2048);
	assert_true(model_receive(b->m, data, sizeof(data), 0));
	run(b);
	assert_int_equal(b->seen.rx, 3);
	assert_int_equal(b->seen.last[0].flags, NIC_RX_FIRST);
	assert_int_equal(b->seen.last[1].flags, 0);
	assert_true(b->seen.last[2].flags & NIC_RX_LAST);
	assert_int_equal(b->seen.last[2].len, 5000 - 4096);
	/* Of the CRC, three bytes are in the first buffer. */
	assert_true(model_receive(b->m, data, 2047, 0));
	run(b);
	assert_int_equal(b->seen.last[3].len, 2047);
}

static void all_join(void **state)
{
	(void)state;
	for_each_device(joins_descriptors);
}

static void drops_bad_frames(struct bench *b)
{
	uint8_t data[3000];

	fill(data, sizeof(data), b->m->mac);
	post(b, 0, 4, 2048);
	for (unsigned i = 0; i < 600; i++) {
		assert_true(model_receive(b->m, data, i % 2 ? 3000 : 60,
					  0x80));
		run(b);
	}
	assert_int_equal(b->seen.rx, 0);
	assert_int_equal(b->nic->stats.rx_errors, 600);
	assert_true(model_receive(b->m, data, 60, 0));
	run(b);
	assert_int_equal(b->seen.rx, 1);
}

static void all_drop(void **state)
{
	(void)state;
	for_each_device(drops_bad_frames);
}

static void says_what_was_missed(void **state)
{
	struct bench b;
	uint8_t data[60];

	(void)state;
	open_device(&b, 0x10d3);
	fill(data, sizeof(data), b.m->mac);
	for (int i = 0; i < 5; i++)
		assert_false(model_receive(b.m, data, 60, 0));
	b.now += 3000000;
	run(&b);
	assert_int_equal(b.nic->stats.rx_missed, 5);
	close_device(&b);
}

/* ---- faults ---- */

static void works_again(struct bench *b, unsigned lent)
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

/* Written-back words in the device's format. */
static bool lie(struct bench *b, uint32_t status, uint32_t len)
{
	if (pro1000_family(((struct pro1000 *)b->nic)->w.device)->has &
	    (PRO1000_EXT_RX | PRO1000_ADVANCED))
		return model_write_back(b->m, status, len, 0);
	return model_write_back(b->m, len, status, 0);
}

static void survives_lies(struct bench *b)
{
	post(b, 0, 100, 2048);
	assert_true(lie(b, RX_DD | RX_EOP, 0xffff));
	run(b);
	assert_int_equal(b->seen.rx, 0);
	assert_int_equal(b->nic->stats.lies, 1);
	works_again(b, 100);
	post(b, 0, 100, 2048);
	for (int i = 0; i < 9; i++)	/* a frame without an end */
		assert_true(lie(b, RX_DD, 2048));
	run(b);
	assert_int_equal(b->nic->stats.lies, 2);
	works_again(b, 100);
	post(b, 0, 100, 1522);
	assert_true(lie(b, RX_DD | RX_EOP, 1523));	/* over the edge */
	run(b);
	assert_int_equal(b->nic->stats.lies, 3);
	works_again(b, 100);
	post(b, 0, 3, 2048);
	assert_true(lie(b, RX_DD | RX_EOP, 0));	/* nothing: dropped */
	assert_true(lie(b, RX_DD | RX_EOP, 13));
	run(b);
	assert_int_equal(b->nic->stats.lies, 3);
	assert_int_equal(b->nic->stats.rx_errors, 2);
	works_again(b, 3);
}

static void all_survive_lies(void **state)
{
	(void)state;
	for_each_device(survives_lies);
}

static void unsticks(struct bench *b)
{
	uint8_t data[60];

	fill(data, sizeof(data), b->m->mac);
	post(b, 0, 10, 2048);
	b->m->tx_stuck = true;
	for (int i = 0; i < 3; i++)
		assert_int_equal(send(b, data, 60, &data[i]), 0);
	assert_true(nic_deadline(b->nic) <= b->now + 2000000);
	b->now += 1900000;
	run(b);
	assert_int_equal(b->nic->stats.resets, 0);
	b->now += 200000;
	run(b);
	assert_int_equal(b->nic->stats.resets, 1);
	assert_int_equal(b->seen.tx_cancelled, 3);
	assert_ptr_equal(b->seen.tx_cookie[2], &data[2]);
	assert_int_equal(send(b, data, 60, NULL), -ENETDOWN);
	b->m->tx_stuck = false;
	works_again(b, 10);
	assert_int_equal(b->m->resets, 2);
}

static void all_unstick(void **state)
{
	(void)state;
	for_each_device(unsticks);
}

static void follows_the_link(struct bench *b)
{
	uint8_t data[60];

	fill(data, sizeof(data), b->m->mac);
	nic_irq_enable(b->nic);
	b->m->tx_stuck = true;		/* so a frame stays in the ring */
	assert_int_equal(send(b, data, 60, data), 0);
	model_link(b->m, false);
	assert_true(nic_irq_cause(b->nic) & NIC_CAUSE_LINK);
	run(b);
	assert_int_equal(b->seen.links, 2);
	assert_false(b->nic->link.up);
	assert_int_equal(send(b, data, 60, NULL), -ENETDOWN);
	b->now += 2100000;
	run(b);
	assert_int_equal(b->seen.tx_cancelled, 1);
	b->m->tx_stuck = false;
	settle(b);
	assert_false(b->nic->link.up);
	model_link(b->m, true);		/* no interrupt looked at: by time */
	b->now = nic_deadline(b->nic);
	run(b);
	assert_true(b->nic->link.up);
	assert_int_equal(b->seen.links, 3);
	assert_non_null(strstr(log_text, "pro1000: link down\n"));
	works_again(b, 0);
}

static void all_follow_the_link(void **state)
{
	(void)state;
	for_each_device(follows_the_link);
}

static void notices_that_it_has_gone(struct bench *b)
{
	uint8_t data[60];

	fill(data, sizeof(data), b->m->mac);
	post(b, 0, 10, 2048);
	assert_int_equal(send(b, data, 60, data), 0);
	b->m->gone = true;
	assert_int_equal(nic_irq_cause(b->nic), 0);
	b->now += 3000000;
	run(b);
	assert_int_equal(b->seen.cancelled, 10);
	assert_int_equal(b->seen.tx_cancelled, 1);
	assert_false(b->nic->link.up);
	assert_int_equal(send(b, data, 60, data), -ENETDOWN);
	assert_int_equal(nic_rx_post(b->nic, (uintptr_t)b->buf, 2048, NULL),
			 -ENETDOWN);
	assert_true(nic_deadline(b->nic) == NIC_NEVER);
	assert_int_equal(run(b), 0);
}

static void all_notice(void **state)
{
	(void)state;
	for_each_device(notices_that_it_has_gone);
}

static void gives_up_resets(void **state)
{
	struct bench b;

	(void)state;
	open_device(&b, 0x10d3);
	post(&b, 0, 10, 2048);
	b.m->reset_hangs = true;
	nic_flush(b.nic, false, true);
	for (int i = 0; i < 300; i++)
		run(&b);
	assert_int_equal(b.seen.cancelled, 10);
	assert_non_null(strstr(log_text, "cannot be reset"));
	assert_true(b.m->resets < 20);
	close_device(&b);
}

static void flushes(struct bench *b)
{
	uint8_t data[60];

	fill(data, sizeof(data), b->m->mac);
	post(b, 0, 7, 2048);
	for (int i = 0; i < 5; i++) {
		assert_true(model_receive(b->m, data, 60, 0));
		run(b);
	}
	post(b, 7, 200, 2048);
	b->m->tx_stuck = true;
	assert_int_equal(send(b, data, 60, data), 0);
	b->m->waited = 0;
	nic_flush(b->nic, true, true);
	assert_true(b->m->waited <= NIC_WAIT_MAX_USEC);
	assert_int_equal(b->seen.cancelled, 195);
	assert_int_equal(b->seen.tx_cancelled, 1);
	assert_false(model_receive(b->m, data, 60, 0));
	b->m->tx_stuck = false;
	post(b, 0, 150, 2048);		/* while it is being reset */
	works_again(b, 150);
	/* Buffers survive the loss of the others' frames, in order. */
	post(b, 0, 150, 2048);
	nic_flush(b->nic, false, true);
	works_again(b, 150);
	/* So they do when the hardware forgets everything. */
	post(b, 0, 150, 2048);
	memset(b->m->reg, 0, sizeof(b->m->reg));
	nic_restart(b->nic);
	works_again(b, 150);
	/* Reposting in the upcall does not go on for ever. */
	post(b, 0, 150, 2048);
	b->seen.repost = true;
	b->seen.cancelled = 0;
	nic_flush(b->nic, true, false);
	assert_int_equal(b->seen.cancelled, 150);
	b->seen.repost = false;
	works_again(b, 150);
}

static void all_flush(void **state)
{
	(void)state;
	for_each_device(flushes);
}

static void stops(struct bench *b)
{
	uint8_t data[60];

	fill(data, sizeof(data), b->m->mac);
	post(b, 0, 7, 2048);
	nic_quiesce(b->nic);
	assert_false(model_receive(b->m, data, 60, 0));
	assert_int_equal(send(b, data, 60, data), -ENETDOWN);
	b->now += 10000000;
	assert_int_equal(run(b), 0);
	assert_int_equal(b->seen.cancelled, 0);
	assert_true(nic_deadline(b->nic) == NIC_NEVER);
	nic_hand_back(b->nic);
	assert_int_equal(b->m->reg[REG_RCTL / 4], 0);
}

static void all_stop(void **state)
{
	(void)state;
	for_each_device(stops);
}

/* ---- interrupts, filter, dump ---- */

static void interrupts(struct bench *b)
{
	const struct nic_irq msi = { NIC_IRQ_MSI, 0xfee00000, 0x400 };
	uint8_t data[60];

	fill(data, sizeof(data), b->m->mac);
	assert_int_equal(nic_irq_setup(b->nic, &msi), 0);
	assert_int_equal(b->m->irq.data, 0x400);
	assert_int_equal(b->m->irqs, 0);
	post(b, 0, 10, 2048);
	assert_true(model_receive(b->m, data, 60, 0));
	assert_int_equal(b->m->irqs, 0);
	nic_irq_enable(b->nic);		/* what is pending comes at once */
	assert_int_equal(b->m->irqs, 1);
	assert_int_equal(nic_irq_cause(b->nic), NIC_CAUSE_RX);
	assert_int_equal(nic_irq_cause(b->nic), 0);
	assert_int_equal(send(b, data, 60, data), 0);
	model_run(b->m);
	assert_true(nic_irq_cause(b->nic) & NIC_CAUSE_TX);
	run(b);
	assert_int_equal(b->nic->stats.irqs, 1);
	nic_flush(b->nic, false, true);	/* stays enabled over a reset */
	settle(b);
	b->m->irqs = 0;
	assert_true(model_receive(b->m, data, 60, 0));
	assert_int_equal(b->m->irqs, 1);
	nic_irq_disable(b->nic);
	assert_true(model_receive(b->m, data, 60, 0));
	assert_int_equal(b->m->irqs, 1);
}

static void all_interrupt(void **state)
{
	(void)state;
	for_each_device(interrupts);
}

static void kicks(struct bench *b)
{
	if (!(b->nic->caps & NIC_CAP_KICK)) {
		assert_int_equal(nic_kick_after(b->nic, 10), -EOPNOTSUPP);
		return;
	}
	nic_irq_enable(b->nic);
	assert_int_equal(nic_kick_after(b->nic, 0), -0);
	assert_true(nic_irq_cause(b->nic) & NIC_CAUSE_KICK);
	assert_int_equal(nic_kick_after(b->nic, 1000000), 0);
	if (b->m->advanced)
		assert_int_equal(b->m->reg[REG_EITR_IGB / 4], 4000 << 2);
	else
		assert_int_equal(b->m->reg[REG_ITR / 4], 4000 * 1000 / 256);
	assert_true(nic_irq_cause(b->nic) & NIC_CAUSE_KICK);
	run(b);
	if (b->m->advanced)
		assert_int_equal(b->m->reg[REG_EITR_IGB / 4], 128 << 2);
	else
		assert_int_equal(b->m->reg[REG_ITR / 4], 500);
}

static void all_kick(void **state)
{
	(void)state;
	for_each_device(kicks);
}

static void msix_has_a_vector_for_kicks(void **state)
{
	const struct nic_irq msix = { NIC_IRQ_MSIX, 0xfee00000, 0x400 };
	struct bench b;

	(void)state;
	open_device(&b, 0x10d3);
	assert_int_equal(nic_irq_setup(b.nic, &msix), 0);
	assert_int_equal(b.m->reg[REG_IVAR_82574 / 4], 0x00080898);
	nic_irq_enable(b.nic);
	assert_int_equal(nic_kick_after(b.nic, 1000000), 0);
	assert_int_equal(b.m->reg[REG_EITR_82574 / 4], 500);
	assert_int_equal(b.m->reg[REG_EITR_82574 / 4 + 1], 62500);
	assert_int_equal(nic_irq_cause(b.nic), NIC_CAUSE_KICK);
	assert_int_equal(nic_irq_cause(b.nic), 0);
	close_device(&b);
	open_device(&b, 0x100e);
	assert_int_equal(nic_irq_setup(b.nic, &msix), -EOPNOTSUPP);
	close_device(&b);
}

static void filters(struct bench *b)
{
	uint8_t list[8][6] = {
		{ 1, 0, 0x5e, 0, 0, 1 }, { 2, 0, 0, 0, 0, 1 },
	};
	uint8_t data[60], other[6] = { 2, 0, 0, 0, 0, 99 };
	uint8_t group[6] = { 1, 0, 0x5e, 1, 2, 3 };
	struct nic_filter f = { .mac = (const uint8_t (*)[6])list,
		.count = 2 };
	struct pro1000 *p = (struct pro1000 *)b->nic;
	bool table = pro1000_has(p, PRO1000_UNICAST);

	if (pro1000_has(p, PRO1000_SMALL_MTA))
		return;			/* the model has the large one */
	post(b, 0, 200, 2048);
	fill(data, 60, list[0]);
	assert_false(model_receive(b->m, data, 60, 0));
	assert_int_equal(nic_filter_set(b->nic, &f), 0);
	assert_true(model_receive(b->m, data, 60, 0));
	fill(data, 60, list[1]);
	assert_true(model_receive(b->m, data, 60, 0));
	fill(data, 60, other);
	assert_int_equal(model_receive(b->m, data, 60, 0), !table);
	fill(data, 60, group);
	if (table)
		assert_false(model_receive(b->m, data, 60, 0));
	nic_flush(b->nic, false, true);	/* is kept over a reset */
	settle(b);
	fill(data, 60, list[1]);
	assert_true(model_receive(b->m, data, 60, 0));
	f.allmulti = true;
	assert_int_equal(nic_filter_set(b->nic, &f), 0);
	fill(data, 60, group);
	assert_true(model_receive(b->m, data, 60, 0));
	f = (struct nic_filter){ .promisc = true };
	assert_int_equal(nic_filter_set(b->nic, &f), 0);
	fill(data, 60, other);
	assert_true(model_receive(b->m, data, 60, 0));
	for (int i = 0; i < 8; i++) {	/* too many: more than asked for */
		memcpy(list[i], other, 6);
		list[i][3] = (uint8_t)i;
	}
	f = (struct nic_filter){ .mac = (const uint8_t (*)[6])list,
		.count = 8 };
	assert_int_equal(nic_filter_set(b->nic, &f), 0);
	for (int i = 0; i < 8; i++) {
		fill(data, 60, list[i]);
		assert_true(model_receive(b->m, data, 60, 0));
	}
	f.count = 0;
	assert_int_equal(nic_filter_set(b->nic, &f), 0);
	assert_false(model_receive(b->m, data, 60, 0));
	fill(data, 60, b->m->mac);
	assert_true(model_receive(b->m, data, 60, 0));
}

static void all_filter(void **state)
{
	(void)state;
	for_each_device(filters);
}

static void print(void *ctx, const char *line)
{
	strcat(ctx, line);
	strcat(ctx, "\n");
}

static void dumps(void **state)
{
	char text[2048] = "";
	struct bench b;

	(void)state;
	open_device(&b, 0x10d3);
	post(&b, 0, 10, 2048);
	nic_dump(b.nic, print, text);
	assert_non_null(strstr(text, "pro1000 10d3 (82574): running\n"));
	assert_non_null(strstr(text, "rx: head 0 tail 10, first 0 next 10\n"));
	close_device(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_the_families),
		cmocka_unit_test(opens_and_tells),
		cmocka_unit_test(refuses),
		cmocka_unit_test(all_send),
		cmocka_unit_test(all_fill_the_ring),
		cmocka_unit_test(all_segment),
		cmocka_unit_test(all_refuse_offloads),
		cmocka_unit_test(all_sum_up),
		cmocka_unit_test(all_receive),
		cmocka_unit_test(all_copy),
		cmocka_unit_test(all_join),
		cmocka_unit_test(all_drop),
		cmocka_unit_test(says_what_was_missed),
		cmocka_unit_test(all_survive_lies),
		cmocka_unit_test(all_unstick),
		cmocka_unit_test(all_follow_the_link),
		cmocka_unit_test(all_notice),
		cmocka_unit_test(gives_up_resets),
		cmocka_unit_test(all_flush),
		cmocka_unit_test(all_stop),
		cmocka_unit_test(all_interrupt),
		cmocka_unit_test(all_kick),
		cmocka_unit_test(msix_has_a_vector_for_kicks),
		cmocka_unit_test(all_filter),
		cmocka_unit_test(dumps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
