/* SPDX-License-Identifier: BSD-3-Clause */
/* TCP segments that the virtio network device merges: whatever it makes of
 * them, the guest gets the frames that were sent, byte for byte, in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "virtio_segments.h"

#define CSUMS	(BIT(VERSION_1) | BIT(MAC) | BIT(STATUS) | BIT(GUEST_CSUM))
#define CONTROL	(BIT(CTRL_VQ) | BIT(CTRL_RX) | BIT(CTRL_GUEST_OFFLOADS))
#define ALL	(CSUMS | CONTROL | BIT(MRG_RXBUF) | BIT(GUEST_TSO4) | \
		 BIT(GUEST_TSO6))
#define RX	0
#define CTRL	2
#define HDR	sizeof(struct w_hdr)

static struct world world;
static struct s_list sent, got;
static struct s_packet packet;

static const struct s_flow plain = {
	.port = 1000, .id = 0xfffe, .id_step = 1, .window = 500,
	.seq = 0xfffff000, .ack = 77, .ttl = 64,
};

static const struct s_flow plain6 = {
	.v6 = true, .port = 1000, .window = 500, .seq = 9, .ack = 77,
	.ttl = 64,
};

static int setup(void **state)
{
	world_init(&world, NIC_CAP_RX_CSUM);
	*state = &world;
	return 0;
}

static int teardown(void **state)
{
	world_free(*state);
	return 0;
}

static void start(struct world *w, uint64_t features, unsigned count,
		  uint32_t size)
{
	w->next_pa = GUEST_BASE;
	sent.count = got.count = 0;
	driver_start(w, features);
	s_buffers(w, count, size);
}

static void give(struct world *w, const struct s_frame *f, uint32_t flags)
{
	assert_true(world_receive(w, f->byte, f->len, flags));
}

/* The next segment of the flow arrives. */
static struct s_frame *arrive(struct world *w, struct s_flow *flow,
			      uint32_t payload, unsigned flags)
{
	struct s_frame *f = &sent.frame[sent.count++];

	s_make(flow, f, payload, flags);
	give(w, f, NIC_RX_CSUM_OK);
	return f;
}

static void assert_same_frames(void)
{
	unsigned i;

	assert_int_equal(got.count, sent.count);
	for (i = 0; i < sent.count; i++) {
		assert_int_equal(got.frame[i].len, sent.frame[i].len);
		assert_memory_equal(got.frame[i].byte, sent.frame[i].byte,
				    sent.frame[i].len);
	}
}

/* All that was sent has come, in so many packets. */
static void assert_arrived(struct world *w, unsigned packets)
{
	virtio_net_flush(w->vn);
	assert_int_equal(s_take(w, 1, &got), packets);
	assert_same_frames();
}

/* --- one flow --- */

static void one_size(struct world *w, const struct s_flow *first,
		     uint32_t payload, unsigned n, uint32_t size)
{
	struct s_flow flow = *first;
	uint32_t hdr_len = (flow.v6 ? 54 : 34) + 20 + flow.options_len, all;
	uint32_t last = n % 2 ? payload : payload - n;
	unsigned i, buffers;

	start(w, ALL, 64, size);
	for (i = 1; i < n; i++)
		arrive(w, &flow, payload, 0);
	arrive(w, &flow, last, n % 3 ? S_PSH : 0);
	virtio_net_flush(w->vn);
	assert_true(s_next(w, &packet));
	all = HDR + hdr_len + (n - 1) * payload + last;
	buffers = (all + size - 1) / size;
	assert_int_equal(packet.h.num_buffers, buffers);
	assert_int_equal(packet.h.gso_size, payload);
	assert_int_equal(packet.h.hdr_len, hdr_len);
	s_cut(&packet, 1, &got);
	assert_false(s_next(w, &packet));
	assert_same_frames();
	/* The other buffers are with the NIC again, or kept for copies. */
	assert_int_equal(w->posted_count, 64 - buffers - (64 - buffers) / 4);
	assert_int_equal(virtio_net_stats(w->vn)->rx_frames, n);
	assert_int_equal(virtio_net_stats(w->vn)->rx_merged, n);
	world_free(w);
	world_init(w, NIC_CAP_RX_CSUM);
}

static void merges(void **state)
{
	static const uint32_t sizes[] = { 1536, 2048, 4096 };
	struct world *w = *state;
	unsigned i, n;

	for (i = 0; i < 3; i++)
		for (n = 2; n <= 44; n++) {
			struct s_flow v4 = plain, v6 = plain6;

			one_size(w, &v4, 1460, n, sizes[i]);
			one_size(w, &v6, 1440, n, sizes[i]);
			v4.options_len = v6.options_len = 4 * (n % 11);
			memset(v4.options, 1, sizeof(v4.options));
			memset(v6.options, 1, sizeof(v6.options));
			one_size(w, &v4, 1400, n, sizes[i]);
			one_size(w, &v6, 1400, n, sizes[i]);
		}
}

/* The end of a buffer at each byte of a segment's payload, and exactly behind
 * it. */
static void buffers_end_anywhere(void **state)
{
	struct world *w = *state;
	uint32_t size;

	for (size = 1530; size < 2100; size++)
		one_size(w, size % 2 ? &plain : &plain6, 533, 8, size);
}

static void single_frames(void **state)
{
	struct world *w = *state;
	struct s_flow flow = plain;

	start(w, ALL, 16, 1536);
	arrive(w, &flow, 1460, 0);
	virtio_net_flush(w->vn);
	arrive(w, &flow, 1460, S_PSH);
	virtio_net_flush(w->vn);
	arrive(w, &flow, 3, 0);
	virtio_net_flush(w->vn);
	while (s_next(w, &packet)) {
		assert_int_equal(packet.h.flags, 2);
		assert_int_equal(packet.h.num_buffers, 1);
		s_cut(&packet, 1, &got);
	}
	assert_same_frames();
	assert_int_equal(w->raised[RX], 3);
	assert_int_equal(virtio_net_stats(w->vn)->rx_merged, 0);
}

/* An IP packet has at most 65535 bytes. */
static void longest(void **state)
{
	struct world *w = *state;
	struct s_flow flow = plain;
	unsigned i;

	start(w, ALL, 128, 1536);
	for (i = 0; i < 60; i++)
		arrive(w, &flow, 1455, 0);	/* 45 times: 65475 bytes */
	virtio_net_flush(w->vn);
	assert_true(s_next(w, &packet));
	assert_int_equal(packet.len, 14 + 40 + 45 * 1455);
	s_cut(&packet, 1, &got);
	assert_arrived(w, 1);
}

/* What begins a new packet, though it continues the flow. */
static void ends(void **state)
{
	struct world *w = *state;
	struct s_flow flow = plain;

	start(w, ALL, 32, 1536);
	arrive(w, &flow, 1000, 0);
	arrive(w, &flow, 1000, S_PSH);
	arrive(w, &flow, 1000, 0);	/* 2 */
	arrive(w, &flow, 999, 0);
	arrive(w, &flow, 1000, 0);	/* 3 */
	arrive(w, &flow, 1001, 0);	/* 4 */
	arrive(w, &flow, 1001, 0);
	arrive(w, &flow, 500, S_PSH);
	arrive(w, &flow, 500, S_PSH);	/* 5 */
	arrive(w, &flow, 1, 0);		/* 6 */
	arrive(w, &flow, 1, 0);
	assert_arrived(w, 6);
}

/* --- not the same --- */

/* Three segments, the middle one being different: nothing is merged across
 * it, and everything stays in order.  Of the third and fourth what can be
 * merged is. */
static void one_change(struct world *w, unsigned what)
{
	struct s_flow flow = plain;
	struct s_frame *f;
	unsigned n;

	flow.options_len = 12;
	start(w, ALL, 32, 1536);
	arrive(w, &flow, 1000, 0);
	arrive(w, &flow, 1000, 0);
	if (what == SEQ_AGAIN)
		flow.seq -= 1000;
	f = &sent.frame[sent.count++];
	s_make(&flow, f, what == PURE_ACK ? 0 : 1000, 0);
	s_change(f, what);
	give(w, f, what == NO_CHECK ? 0 : NIC_RX_CSUM_OK);
	virtio_net_flush(w->vn);
	assert_true(s_next(w, &packet));
	assert_int_equal(packet.h.gso_type, 1);
	s_cut(&packet, 1, &got);
	assert_true(s_next(w, &packet));
	assert_int_equal(packet.h.gso_type, 0);
	assert_int_equal(packet.h.flags, what == NO_CHECK ? 0 : 2);
	s_cut(&packet, 1, &got);
	assert_same_frames();
	/* And with more behind it. */
	arrive(w, &flow, 1000, 0);
	give(w, f, what == NO_CHECK ? 0 : NIC_RX_CSUM_OK);
	sent.frame[sent.count++] = *f;
	arrive(w, &flow, 1000, 0);
	arrive(w, &flow, 1000, 0);
	virtio_net_flush(w->vn);
	n = s_take(w, 1, &got);
	/* The change is of another flow, and does not hold up this one. */
	if (what == TCP_PORT)
		assert_int_equal(n, 2);
	else
		assert_int_equal(n, 3);
	if (what != TCP_PORT)
		assert_same_frames();
}

static void differences(void **state)
{
	struct world *w = *state;
	unsigned i;

	for (i = 0; i < CHANGES; i++)
		one_change(w, i);
}

/* Both alike, but not to be merged all the same. */
static void unusual(void **state)
{
	static const uint8_t kinds[] = {
		IP_MORE, IP_OFFSET, IP_OPTIONS, IP_SUM, VLAN_TAG, PADDING,
		TCP_FIN, TCP_SYN, TCP_RST, TCP_URG, TCP_ECE, TCP_CWR,
		TCP_NO_ACK, TCP_RESERVED, PURE_ACK, UDP, ARP,
	};
	struct world *w = *state;
	unsigned i, j;

	for (i = 0; i < sizeof(kinds); i++) {
		struct s_flow flow = plain;

		start(w, ALL, 32, 1536);
		for (j = 0; j < 2; j++) {
			struct s_frame *f = &sent.frame[sent.count++];

			s_make(&flow, f, kinds[i] == PURE_ACK ? 0 : 1000, 0);
			s_change(f, kinds[i]);
			give(w, f, NIC_RX_CSUM_OK);
		}
		assert_arrived(w, 2);
	}
}

/* Two frames of this kind, which come as they are. */
static void two_odd(struct world *w, bool v6, uint32_t len, uint16_t ip_len,
		    uint8_t data_offset)
{
	struct s_flow flow = v6 ? plain6 : plain;
	unsigned i, at = v6 ? 18 : 16;

	start(w, ALL, 32, 1536);
	for (i = 0; i < 2; i++) {
		struct s_frame *f = &sent.frame[sent.count++];

		s_make(&flow, f, 100, 0);
		f->byte[at] = (uint8_t)(ip_len >> 8);
		f->byte[at + 1] = (uint8_t)ip_len;
		f->byte[s_tcp(f) + 12] = (uint8_t)(data_offset << 4);
		s_sum_ip(f);
		f->len = len;
		/* As if the lengths were right. */
		flow.seq += (uint16_t)(len - s_tcp(f) - 4 * data_offset) - 100;
		give(w, f, NIC_RX_CSUM_OK);
	}
	assert_arrived(w, 2);
}

/* Lengths that do not fit together. */
static void odd_lengths(void **state)
{
	static const uint16_t bad[] = {
		0, 19, 20, 39, 40, 139, 141, 1400, 0xffec, 0xffff,
	};
	struct world *w = *state;
	unsigned i;
	uint32_t len;

	for (i = 0; i < VMM_ARRAY_SIZE(bad); i++) {
		two_odd(w, false, 154, bad[i], 5);
		/* Without the header of 40 bytes, which wraps, too. */
		two_odd(w, true, 174, (uint16_t)(bad[i] - 20), 5);
	}
	for (i = 0; i < 5; i++) {
		two_odd(w, false, 154, 140, (uint8_t)i);
		two_odd(w, true, 174, 120, (uint8_t)i);
	}
	/* Cut off anywhere in the headers. */
	for (len = 18; len < 134; len++) {
		two_odd(w, false, len, 140, 15);
		two_odd(w, true, len, 120, 15);
		two_odd(w, false, len, (uint16_t)(len - 14), 15);
		two_odd(w, true, len, (uint16_t)(len - 54), 15);
	}
}

/* IPv6 has other fields. */
static void differences6(void **state)
{
	static const uint8_t at[] = {
		11 /* MAC */, 15 /* class */, 17 /* label */, 20 /* next */,
		21 /* hops */, 67 /* flags */, 72 /* urgent */,
	};
	struct world *w = *state;
	unsigned i;

	for (i = 0; i < sizeof(at); i++) {
		struct s_flow flow = plain6;
		struct s_frame *f = &sent.frame[2];

		start(w, ALL, 32, 1536);
		arrive(w, &flow, 1000, 0);
		arrive(w, &flow, 1000, 0);
		s_make(&flow, f, 1000, 0);
		f->byte[at[i]] ^= 1;
		s_sum_tcp(f);
		give(w, f, NIC_RX_CSUM_OK);
		sent.count++;
		assert_arrived(w, 2);
	}
}

/* Of packets that must not be fragmented the identification may stand still;
 * of others not (it would be made up when they are cut). */
static void identification(void **state)
{
	struct world *w = *state;
	struct s_flow flow = plain;
	unsigned df;

	for (df = 0; df < 2; df++) {
		flow.df = df;
		flow.id_step = 0;
		start(w, ALL, 16, 1536);
		arrive(w, &flow, 1000, 0);
		arrive(w, &flow, 1000, 0);
		arrive(w, &flow, 1000, 0);
		virtio_net_flush(w->vn);
		assert_int_equal(s_take(w, 0, &got), df ? 1 : 3);
		assert_same_frames();
	}
}

/* --- several flows --- */

/* The frames of one flow, in order; returns how many. */
static unsigned pick(const struct s_list *from, uint16_t port,
		     struct s_list *to)
{
	unsigned i;

	to->count = 0;
	for (i = 0; i < from->count; i++) {
		const struct s_frame *f = &from->frame[i];
		const uint8_t *t = f->byte + s_tcp(f);

		if ((t[2] << 8 | t[3]) == port)
			to->frame[to->count++] = *f;
	}
	return to->count;
}

static void flows(void **state)
{
	static struct s_list a, b;
	struct world *w = *state;
	struct s_flow flow[6];
	unsigned n, i, j;

	for (n = 2; n <= 6; n++) {
		start(w, ALL, 64, 1536);
		for (i = 0; i < n; i++) {
			flow[i] = i % 2 ? plain6 : plain;
			flow[i].port = (uint16_t)(1000 + i);
		}
		for (j = 0; j < 6; j++)
			for (i = 0; i < n; i++)
				arrive(w, &flow[i], 1000 + i, 0);
		virtio_net_flush(w->vn);
		j = s_take(w, 1, &got);
		/* Four at a time. */
		if (n <= 4)
			assert_int_equal(j, n);
		else
			assert_true(j > n && j <= 6 * n);
		for (i = 0; i < n; i++) {
			assert_int_equal(pick(&sent, flow[i].port, &a), 6);
			assert_int_equal(pick(&got, flow[i].port, &b), 6);
			for (j = 0; j < 6; j++)
				assert_memory_equal(&a.frame[j], &b.frame[j],
						    sizeof(a.frame[j]));
		}
	}
}

/* ACKs of one flow do not hold up another. */
static void other_acks(void **state)
{
	struct world *w = *state;
	struct s_flow flow = plain, other = plain;
	unsigned i;

	start(w, ALL, 64, 1536);
	other.port = 7;
	for (i = 0; i < 10; i++) {
		arrive(w, &flow, 1400, 0);
		arrive(w, &other, 0, 0);
	}
	virtio_net_flush(w->vn);
	for (i = 0; i < 10; i++) {
		assert_true(s_next(w, &packet));
		assert_int_equal(packet.len, 54);
	}
	assert_true(s_next(w, &packet));
	assert_int_equal(packet.len, 54 + 14000);
}

/* Frames that are copied do not overtake. */
static void copied_frames(void **state)
{
	struct world *w = *state;
	struct s_flow flow = plain;
	struct s_frame *f = &sent.frame[2];

	start(w, ALL, 16, 1536);
	arrive(w, &flow, 1000, 0);
	arrive(w, &flow, 1000, 0);
	s_make(&flow, f, 1000, 0);
	assert_int_equal(virtio_net_deliver(w->vn, f->byte, f->len,
					    NIC_RX_CSUM_OK), 0);
	sent.count++;
	arrive(w, &flow, 1000, 0);
	assert_arrived(w, 3);
}

/* --- not wanted --- */

static void not_negotiated(void **state)
{
	static const struct {
		uint64_t without;
		unsigned v4, v6;
	} cases[] = {
		{ 0, 1, 1 },
		{ BIT(GUEST_TSO4), 3, 1 },
		{ BIT(GUEST_TSO6), 1, 3 },
		{ BIT(GUEST_TSO4) | BIT(GUEST_TSO6), 3, 3 },
		{ BIT(GUEST_TSO4) | BIT(GUEST_TSO6) | BIT(GUEST_CSUM) |
		  BIT(CTRL_GUEST_OFFLOADS), 3, 3 },
		{ BIT(MRG_RXBUF), 3, 3 },
	};
	struct world *w = *state;
	unsigned i, v6, j;

	for (i = 0; i < 2 * VMM_ARRAY_SIZE(cases); i++) {
		struct s_flow flow = i & 1 ? plain6 : plain;

		v6 = i & 1;
		start(w, ALL & ~cases[i / 2].without, 16, 1536);
		for (j = 0; j < 3; j++)
			arrive(w, &flow, 1000, 0);
		assert_arrived(w, v6 ? cases[i / 2].v6 : cases[i / 2].v4);
	}
}

/* Header and frame in descriptors of their own. */
static void apart(void **state)
{
	struct world *w = *state;
	struct s_flow flow = plain;
	uint32_t id, len;
	uint16_t i;

	start(w, ALL, 0, 0);
	for (i = 0; i < 16; i++) {
		struct w_buf b[2] = {
			{ world_alloc(w, 64, 64), HDR, true },
			{ world_alloc(w, 1536, 64), 1536, true },
		};

		driver_add(w, RX, (uint16_t)(2 * i), b, 2, false);
	}
	driver_kick(w, RX);
	for (i = 0; i < 3; i++)
		arrive(w, &flow, 1000, 0);
	virtio_net_flush(w->vn);
	for (i = 0; i < 3; i++) {
		assert_true(driver_used(w, RX, &id, &len));
		assert_int_equal(len, HDR + sent.frame[i].len);
		assert_memory_equal(world_at(w, driver_desc(w, RX, id + 1)->
					     addr),
				    sent.frame[i].byte, sent.frame[i].len);
	}
}

/* The control queue's answer to a command for the offloads. */
static unsigned set_offloads(struct world *w, uint64_t on, uint32_t len,
			     uint8_t code)
{
	uint64_t command = world_alloc(w, 16, 16), answer;
	struct w_buf b[2] = { { command, 2 + len, false }, { 0, 1, true } };
	uint8_t *p = world_at(w, command);
	uint32_t id, used;

	b[1].pa = answer = world_alloc(w, 1, 1);
	p[0] = 5;
	p[1] = code;
	memcpy(p + 2, &on, 8);
	driver_add(w, CTRL, 0, b, 2, false);
	driver_kick(w, CTRL);
	assert_true(driver_used(w, CTRL, &id, &used));
	return *(uint8_t *)world_at(w, answer);
}

static void switched_off(void **state)
{
	const uint64_t csum = BIT(GUEST_CSUM), tso = BIT(GUEST_TSO4);
	struct world *w = *state;
	struct s_flow flow = plain;
	unsigned i;

	start(w, ALL & ~BIT(GUEST_TSO6), 64, 1536);
	arrive(w, &flow, 1000, 0);
	arrive(w, &flow, 1000, 0);
	/* What was begun before is complete. */
	assert_int_equal(set_offloads(w, csum, 8, 0), 0);
	arrive(w, &flow, 1000, 0);
	arrive(w, &flow, 1000, 0);
	assert_arrived(w, 3);
	/* Refused: cut off, not negotiated, no such command. */
	assert_int_equal(set_offloads(w, csum | tso, 7, 0), 1);
	assert_int_equal(set_offloads(w, csum | tso, 0, 0), 1);
	assert_int_equal(set_offloads(w, csum | BIT(GUEST_TSO6), 8, 0), 1);
	assert_int_equal(set_offloads(w, csum | tso | BIT(10), 8, 0), 1);
	assert_int_equal(set_offloads(w, UINT64_MAX, 8, 0), 1);
	assert_int_equal(set_offloads(w, csum | tso, 8, 1), 1);
	arrive(w, &flow, 1000, 0);
	arrive(w, &flow, 1000, 0);
	assert_arrived(w, 2);
	assert_int_equal(set_offloads(w, csum | tso, 8, 0), 0);
	arrive(w, &flow, 1000, 0);
	arrive(w, &flow, 1000, 0);
	assert_arrived(w, 1);
	/* Without sums nothing says that they are right. */
	assert_int_equal(set_offloads(w, tso, 8, 0), 0);
	arrive(w, &flow, 1000, 0);
	arrive(w, &flow, 1000, 0);
	virtio_net_flush(w->vn);
	for (i = 0; i < 2; i++) {
		assert_true(s_next(w, &packet));
		assert_int_equal(packet.h.flags, 0);
	}
	assert_false(s_next(w, &packet));
	/* A reset sets it as negotiated. */
	start(w, ALL, 16, 1536);
	arrive(w, &flow, 1000, 0);
	arrive(w, &flow, 1000, 0);
	assert_arrived(w, 1);
	start(w, ALL & ~BIT(CTRL_GUEST_OFFLOADS), 16, 1536);
	assert_int_equal(set_offloads(w, csum, 8, 0), 1);
}

/* --- in the middle of it --- */

static void reset_while_open(void **state)
{
	struct world *w = *state;
	struct s_flow flow = plain;
	unsigned i;

	start(w, ALL, 16, 1536);
	for (i = 0; i < 4; i++)
		arrive(w, &flow, 1400, 0);
	set_status(w, 0);
	assert_int_equal(w->posted_count, 0);
	start(w, ALL, 16, 1536);
	virtio_net_flush(w->vn);
	assert_int_equal(s_take(w, 1, &got), 0);
	arrive(w, &flow, 1400, 0);
	arrive(w, &flow, 1400, 0);
	assert_arrived(w, 1);
}

/* The bus master bit goes and comes: the frames are lost, the buffers not. */
static void stop_while_open(void **state)
{
	struct world *w = *state;
	struct s_flow flow = plain;
	unsigned i;

	start(w, ALL, 16, 1536);
	for (i = 0; i < 4; i++)
		arrive(w, &flow, 1400, 0);
	cfg_write(w, 4, 2, 2);
	assert_int_equal(w->posted_count, 0);
	cfg_write(w, 4, 2, 6);
	assert_int_equal(w->posted_count, 12);
	sent.count = 0;
	for (i = 0; i < 12; i++)
		arrive(w, &flow, 1400, 0);
	assert_arrived(w, 1);
	assert_int_equal(get_status(w), 0xf);
}

/* Another queue breaks. */
static void failure_while_open(void **state)
{
	struct world *w = *state;
	struct s_flow flow = plain;

	start(w, ALL, 16, 1536);
	arrive(w, &flow, 1400, 0);
	arrive(w, &flow, 1400, 0);
	driver_set_avail_idx(w, 1, 300);
	driver_kick(w, 1);
	assert_int_equal(get_status(w), 0x4f);
	virtio_net_poll(w->vn);
	assert_int_equal(s_take(w, 1, &got), 0);
	start(w, ALL, 16, 1536);
	arrive(w, &flow, 1400, 0);
	arrive(w, &flow, 1400, 0);
	assert_arrived(w, 1);
}

/* The guest writes into its buffers while they are the device's: it gets what
 * it has written, but header, lengths and sums are those of the frames. */
static void headers_change(void **state)
{
	struct world *w = *state;
	uint32_t id, len, total = 0;
	struct w_hdr h;
	unsigned i;

	for (i = 0; i < 120; i++) {
		struct s_flow flow = i & 1 ? plain6 : plain;
		uint8_t *first, *frame;
		unsigned tcp, n;

		start(w, ALL, 16, 1536);
		first = world_at(w, w->posted[0].pa - HDR);
		frame = first + HDR;
		arrive(w, &flow, 1400, 0);
		tcp = s_tcp(&sent.frame[0]);
		memset(first, 0xff, i);
		arrive(w, &flow, 1400, 0);
		memset(first, 0xee, 1536);
		arrive(w, &flow, 1400, 0);
		virtio_net_flush(w->vn);
		memcpy(&h, first, HDR);
		assert_int_equal(h.num_buffers, 3);
		assert_int_equal(h.flags, 1);
		assert_int_equal(h.csum_start, tcp);
		assert_int_equal(h.hdr_len, tcp + 20);
		n = tcp + 20 + 4200;
		assert_int_equal(frame[i & 1 ? 18 : 16] << 8 |
				 frame[i & 1 ? 19 : 17],
				 n - (i & 1 ? 54 : 14));
		assert_int_equal(frame[tcp + 13], S_ACK);
		for (total = 0; driver_used(w, RX, &id, &len); total += len)
			assert_true(len <= 1536);
		assert_int_equal(total, HDR + n);
	}
}

/* The driver makes a head available again, with another buffer. */
static void give_back(struct world *w, uint16_t head, uint64_t *spare)
{
	struct w_buf b = { *spare, 4096, true };

	*spare = driver_desc(w, RX, head)->addr;
	driver_add(w, RX, head, &b, 1, false);
}

/* Many visits: no buffer is lost, none is given twice. */
static void for_long(void **state)
{
	struct world *w = *state;
	struct s_flow flow = plain;
	unsigned i, j;
	uint64_t spare;

	start(w, ALL, 64, 4096);
	spare = world_alloc(w, 4096, 64);
	for (i = 0; i < 2000; i++) {
		sent.count = got.count = 0;
		for (j = 0; j < 1 + i % 40; j++)
			arrive(w, &flow, 1 + (i * 7) % 1460, 0);
		virtio_net_flush(w->vn);
		while (s_next(w, &packet)) {
			unsigned n = packet.h.num_buffers, k;

			s_cut(&packet, 1, &got);
			for (k = 0; k < n; k++)
				give_back(w, packet.head[k], &spare);
		}
		assert_same_frames();
		virtio_net_poll(w->vn);
		assert_int_equal(w->posted_count, 48);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(merges),
		TEST(buffers_end_anywhere),
		TEST(single_frames),
		TEST(longest),
		TEST(ends),
		TEST(differences),
		TEST(differences6),
		TEST(unusual),
		TEST(odd_lengths),
		TEST(identification),
		TEST(flows),
		TEST(other_acks),
		TEST(copied_frames),
		TEST(not_negotiated),
		TEST(apart),
		TEST(switched_off),
		TEST(reset_while_open),
		TEST(stop_while_open),
		TEST(failure_while_open),
		TEST(headers_change),
		TEST(for_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
