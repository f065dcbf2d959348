/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A controller that writes back what it likes.  Input: the family (1 byte),
 * then steps of 8 bytes: what to do (1 byte), and values for registers or
 * descriptors.  Whatever they are, each lent buffer comes back once, and none
 * with more bytes than it has.
 */
#include <stdlib.h>
#include <string.h>
#include <vmm/error.h>
#include <vmm/log.h>
#include "../unit/e1000_model.h"
#include "pro1000/pro1000.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(x) do { if (!(x)) abort(); } while (0)
#define BUFFERS 32u
#define BYTES 1600u

struct state {
	struct nic *nic;
	uint8_t *buffer[BUFFERS];
	uint32_t len[BUFFERS];
	bool lent[BUFFERS];
	unsigned sending;
};

struct step {
	uint8_t what, where;
	uint16_t len;
	uint32_t value;
};

void vmm_log(enum vmm_log_level level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
}

static void on_rx(void *ctx, const struct nic_rx *rx)
{
	struct state *s = ctx;
	unsigned i = (unsigned)(uintptr_t)rx->cookie;

	REQUIRE(i < BUFFERS && s->lent[i] && rx->len <= s->len[i]);
	s->lent[i] = false;
}

static void on_tx_done(void *ctx, void *cookie, int error)
{
	struct state *s = ctx;

	(void)error;
	REQUIRE(cookie == s && s->sending);
	s->sending--;
}

static const struct nic_sink sink = { on_rx, on_tx_done, NULL };

static void post(struct state *s, const struct step *st)
{
	unsigned i = st->where % BUFFERS;
	uint32_t len = st->len % BYTES + 1;

	if (s->lent[i])
		return;
	/* Of its own size: a byte too many is seen. */
	free(s->buffer[i]);
	s->buffer[i] = malloc(len);
	s->len[i] = len;
	s->lent[i] = !nic_rx_post(s->nic, (uintptr_t)s->buffer[i], len,
				  (void *)(uintptr_t)i);
}

static void send(struct state *s, const struct step *st)
{
	static uint8_t frame[4096];
	struct nic_frag frag = { (uintptr_t)frame, st->len % 4096u };
	struct nic_tx tx = { .frag = &frag, .frag_count = 1, .cookie = s,
		.flags = st->where & 15, .csum_start = (uint8_t)st->value,
		.csum_offset = (uint8_t)(st->value >> 8 & 31),
		.hdr_len = (uint8_t)(st->value >> 16),
		.mss = (uint8_t)(st->value >> 24) };

	memset(frame, (int)st->value, 64);
	if (st->where & 16) {
		memcpy(frame + 12, "\x08\0\x45", 3);
		frame[23] = 6;
		frame[46] = 0x50;
	}
	s->sending += !nic_tx(s->nic, &tx);
}

/* The device writes to a descriptor, at its turn or not; into the buffer it
 * writes nothing: what a driver cannot prevent is not its fault. */
static void write_back(struct state *s, const struct step *st, bool tx)
{
	struct pro1000 *p = (struct pro1000 *)s->nic;
	volatile struct pro1000_desc *d = tx ?
		&p->tx[(p->tx_clean + st->where % 8u) % PRO1000_TX_RING] :
		&p->rx[(p->rx_clean + st->where % 16u) % PRO1000_RX_RING];

	d->cmd = st->value;
	d->opt = st->len | (uint32_t)st->len << 16;
	if (st->where & 128) {		/* likely ones */
		d->cmd = st->value & 0xff000003u ? RX_DD | RX_EOP : st->len;
		d->opt = st->len;
	}
}

static void one(struct state *s, struct model *m, const struct step *st,
		uint64_t *now)
{
	switch (st->what % 10) {
	case 0:
		post(s, st);
		break;
	case 1:
		send(s, st);
		nic_tx_push(s->nic);
		break;
	case 2:
	case 3:
		write_back(s, st, st->what % 10 == 3);
		break;
	case 4:
		*now += st->value % 4000000u;
		nic_poll(s->nic, *now, st->where);
		break;
	case 5:
		m->reg[st->len % 0x1800u] = st->value;
		break;
	case 6:
		nic_flush(s->nic, st->where & 1, st->where & 2);
		break;
	case 7:
		nic_irq_enable(s->nic);
		(void)nic_irq_cause(s->nic);
		(void)!nic_kick_after(s->nic, st->value);
		break;
	case 8:
		m->gone = st->where == 77;
		break;
	default:
		*now += 1000;
		nic_tx_push(s->nic);
		nic_poll(s->nic, *now, 64);
	}
}

static void finish(struct state *s, struct model *m, uint64_t now)
{
	nic_flush(s->nic, true, true);
	m->gone = true;			/* at the latest now all come back */
	nic_poll(s->nic, now += 10000000, 64);
	for (unsigned i = 0; i < 10; i++)
		nic_poll(s->nic, now += 10000000, 64);
	for (unsigned i = 0; i < BUFFERS; i++) {
		REQUIRE(!s->lent[i]);
		free(s->buffer[i]);
	}
	REQUIRE(!s->sending);
	nic_quiesce(s->nic);
	model_free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t devices[] = {
		0x1001, 0x100e, 0x1019, 0x105e, 0x10d3, 0x10ea, 0x10c9,
	};
	struct pro1000_world w;
	struct state s = { 0 };
	uint64_t now = 1000;
	struct model *m;
	struct step st;

	if (size < 1)
		return 0;
	m = model_create();
	w = model_world(m, devices[data[0] % 7]);
	m->advanced = data[0] % 7 == 6;
	REQUIRE(!pro1000_open(&w, &s.nic));
	nic_attach(s.nic, &sink, &s);
	nic_poll(s.nic, now, 64);
	for (size_t at = 1; at + sizeof(st) <= size && at < 4000;
	     at += sizeof(st)) {
		memcpy(&st, data + at, sizeof(st));
		one(&s, m, &st, &now);
	}
	finish(&s, m, now);
	return 0;
}
