/* SPDX-License-Identifier: BSD-3-Clause */
/* The driver of Intel's gigabit controllers: opening, sending, receiving. */
#include "pro1000_bench.h"

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

/* As QEMU's igb, whose PHY waits after a reset. */
static void link_is_asked_for(void **state)
{
	struct model *m = model_create();
	struct pro1000_world w = model_world(m, 0x10c9);
	struct nic *nic;

	(void)state;
	m->advanced = m->lazy_phy = true;
	m->link = false;
	assert_int_equal(pro1000_open(&w, &nic), 0);
	nic_poll(nic, 1000, 64);
	assert_true(nic->link.up);
	nic_quiesce(nic);
	model_free(m);
}

static void no_address(struct model *m)
{
	memset(&m->reg[REG_RA / 4], 0, 8);
}

/* Nothing in the table of addresses, as on Bochs' card. */
static void address_from_the_eeprom(void **state)
{
	struct model *m = model_create();
	struct pro1000_world w = model_world(m, 0x100e);
	struct nic *nic;

	(void)state;
	no_address(m);
	assert_int_equal(pro1000_open(&w, &nic), 0);
	assert_memory_equal(nic->mac, m->mac, 6);
	model_free(m);
	m = model_create();
	no_address(m);
	m->eeprom_hangs = true;
	assert_int_equal(try_open(m, 0x100e), -ENODATA);
	m = model_create();
	no_address(m);
	memset(m->mac, 0, 6);
	assert_int_equal(try_open(m, 0x100e), -ENODATA);
	m = model_create();	/* reads its EEPROM in another way */
	no_address(m);
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
	assert_string_equal(pro1000_family(0x10c9)->name, "82576 and later");
	assert_string_equal(pro1000_family(0x10a7)->name, "82575");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_the_families),
		cmocka_unit_test(opens_and_tells),
		cmocka_unit_test(refuses),
		cmocka_unit_test(address_from_the_eeprom),
		cmocka_unit_test(link_is_asked_for),
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
