/* SPDX-License-Identifier: BSD-3-Clause */
/* The virtio network device's data path: frames both ways. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "virtio_world.h"

#define ALL_CAPS (NIC_CAP_TX_CSUM | NIC_CAP_TSO4 | NIC_CAP_TSO6 | \
		  NIC_CAP_RX_CSUM)
#define BASIC	(BIT(VERSION_1) | BIT(MAC) | BIT(STATUS))
#define RX	0
#define TX	1
#define HDR	sizeof(struct w_hdr)

static struct world world;

static int setup(void **state)
{
	world_init(&world, ALL_CAPS);
	*state = &world;
	return 0;
}

static int teardown(void **state)
{
	world_free(*state);
	return 0;
}

/* A frame to the device's address. */
static void make_frame(uint8_t *f, uint32_t len)
{
	uint32_t i;

	for (i = 0; i < len; i++)
		f[i] = (uint8_t)(i * 7 + len);
	memcpy(f, world_mac, 6);
	f[12] = 0x08;
	f[13] = 0x00;
}

/* Header and frame of len bytes in one piece of guest memory. */
static uint64_t put_frame(struct world *w, const struct w_hdr *h, uint32_t len)
{
	uint64_t pa = world_alloc(w, HDR + len, 2);
	uint8_t *p = world_at(w, pa);

	memcpy(p, h, HDR);
	make_frame(p + HDR, len);
	return pa;
}

static const struct w_hdr plain;

static void send_one(struct world *w, const struct w_hdr *h, uint32_t len)
{
	struct w_buf b = { put_frame(w, h, len), (uint32_t)(HDR + len),
			   false };

	driver_add(w, TX, 0, &b, 1, false);
	driver_kick(w, TX);
}

static void assert_idle(struct world *w, unsigned queue)
{
	uint32_t id, len;

	assert_false(driver_used(w, queue, &id, &len));
}

static void assert_used(struct world *w, unsigned queue, uint32_t head,
			uint32_t want_len)
{
	uint32_t id, len;

	assert_true(driver_used(w, queue, &id, &len));
	assert_int_equal(id, head);
	assert_int_equal(len, want_len);
}

/* --- sending --- */

static void send_in_place(void **state)
{
	struct world *w = *state;
	uint8_t frame[60];

	driver_start(w, BASIC);
	send_one(w, &plain, 60);
	assert_int_equal(w->sent_count, 1);
	assert_int_equal(w->sent[0].len, 60);
	assert_int_equal(w->sent[0].tx.flags, 0);
	make_frame(frame, 60);
	assert_memory_equal(w->sent[0].head, frame, 60);
	/* Not a copy. */
	assert_int_equal(w->sent[0].first_pa, w->next_pa - 60);
	assert_int_equal(w->pushes > 0, 1);
	assert_idle(w, TX);
	world_complete(w);
	virtio_net_flush(w->vn);
	assert_used(w, TX, 0, 0);
	assert_int_equal(w->raised[TX], 1);
}

/* The header apart, cut in two, with data behind it, in an indirect table. */
static void send_any_layout(void **state)
{
	struct world *w = *state;
	unsigned cut, indirect;

	driver_start(w, BASIC | BIT(INDIRECT_DESC));
	for (indirect = 0; indirect < 2; indirect++)
		for (cut = 1; cut < 20; cut++) {
			uint64_t pa = put_frame(w, &plain, 100);
			struct w_buf b[3] = {
				{ pa, cut, false },
				{ pa + cut, 20, false },
				{ pa + cut + 20, 92 - cut, false },
			};
			struct w_sent *s = &w->sent[w->sent_count];
			uint8_t frame[100];

			driver_add(w, TX, 0, b, 3, indirect);
			driver_kick(w, TX);
			make_frame(frame, 100);
			assert_int_equal(s->len, 100);
			assert_memory_equal(s->head, frame, 100);
			world_complete(w);
			virtio_net_flush(w->vn);
			assert_used(w, TX, 0, 0);
		}
	assert_int_equal(get_status(w), 0xf);
}

static void send_checksum(void **state)
{
	struct world *w = *state;
	struct w_hdr h = { .flags = 1, .csum_start = 34, .csum_offset = 16 };

	driver_start(w, BASIC | BIT(CSUM));
	send_one(w, &h, 100);
	assert_int_equal(w->sent[0].tx.flags, NIC_TX_CSUM);
	assert_int_equal(w->sent[0].tx.csum_start, 34);
	assert_int_equal(w->sent[0].tx.csum_offset, 16);
	/* Beyond the end, by one byte and by overflow. */
	world_complete(w);
	h.csum_offset = 65;
	send_one(w, &h, 100);
	h.csum_offset = 0xffff;
	send_one(w, &h, 100);
	h.csum_offset = 16;
	h.csum_start = 13;
	send_one(w, &h, 100);
	assert_int_equal(w->sent_count, 1);
	assert_int_equal(virtio_net_stats(w->vn)->tx_refused, 3);
	assert_int_equal(get_status(w), 0xf);
	assert_used(w, TX, 0, 0);	/* dropped ones are given back */
}

/* A TCP frame that TSO shall cut; doff: the data offset in its header. */
static void send_tso(struct world *w, const struct w_hdr *h, uint32_t len,
		     uint8_t doff)
{
	struct w_buf b = { put_frame(w, h, len), (uint32_t)(HDR + len),
			   false };

	((uint8_t *)world_at(w, b.pa))[HDR + h->csum_start + 12] =
		(uint8_t)(doff << 4);
	driver_add(w, TX, 0, &b, 1, false);
	driver_kick(w, TX);
	world_complete(w);
	virtio_net_flush(w->vn);
}

static void send_segmentation(void **state)
{
	struct world *w = *state;
	struct w_hdr h = { .flags = 1, .gso_type = 1, .hdr_len = 9999,
			   .gso_size = 1448, .csum_start = 34,
			   .csum_offset = 16 };

	driver_start(w, BASIC | BIT(CSUM) | BIT(HOST_TSO4) | BIT(HOST_TSO6));
	send_tso(w, &h, 60000, 8);
	assert_int_equal(w->sent[0].tx.flags, NIC_TX_CSUM | NIC_TX_TSO4);
	assert_int_equal(w->sent[0].tx.hdr_len, 66);
	assert_int_equal(w->sent[0].tx.mss, 1448);
	assert_int_equal(w->sent[0].len, 60000);
	h.gso_type = 4;
	h.csum_start = 54;
	send_tso(w, &h, 3000, 5);
	assert_int_equal(w->sent[1].tx.flags, NIC_TX_CSUM | NIC_TX_TSO6);
	assert_int_equal(w->sent[1].tx.hdr_len, 74);
	/* Header too short, or longer than the frame; no segment size; no
	 * checksum; UDP; ECN, which was not offered. */
	send_tso(w, &h, 3000, 4);
	send_tso(w, &h, 80, 15);
	h.gso_size = 0;
	send_tso(w, &h, 3000, 5);
	h.gso_size = 1000;
	h.flags = 0;
	send_tso(w, &h, 3000, 5);
	h.flags = 1;
	h.gso_type = 3;
	send_tso(w, &h, 3000, 5);
	h.gso_type = 0x81;
	send_tso(w, &h, 3000, 5);
	h.gso_type = 1;
	send_tso(w, &h, VIRTIO_NET_TSO_MAX + 1, 5);
	assert_int_equal(w->sent_count, 2);
	assert_int_equal(virtio_net_stats(w->vn)->tx_refused, 7);
}

static void send_lengths(void **state)
{
	struct world *w = *state;

	driver_start(w, BASIC);
	send_one(w, &plain, VIRTIO_NET_FRAME_MAX);
	world_complete(w);
	assert_int_equal(w->sent_count, 1);
	send_one(w, &plain, VIRTIO_NET_FRAME_MAX + 1);
	send_one(w, &plain, 13);
	send_one(w, &plain, 0);
	assert_int_equal(w->sent_count, 1);
	assert_int_equal(virtio_net_stats(w->vn)->tx_refused, 3);
	/* What was not negotiated. */
	send_one(w, &(struct w_hdr){ .flags = 1, .csum_start = 34 }, 100);
	assert_int_equal(w->sent_count, 1);
	assert_int_equal(get_status(w), 0xf);
}

static void send_many_fragments(void **state)
{
	struct world *w = *state;
	struct w_buf b[VIRTIO_NET_TX_FRAGS + 2];
	uint64_t pa;
	unsigned i;

	driver_start(w, BASIC);
	pa = put_frame(w, &plain, 10 * (VIRTIO_NET_TX_FRAGS + 1));
	b[0] = (struct w_buf){ pa, HDR, false };
	for (i = 0; i <= VIRTIO_NET_TX_FRAGS; i++)
		b[i + 1] = (struct w_buf){ pa + HDR + 10 * i, 10, false };
	driver_add(w, TX, 0, b, VIRTIO_NET_TX_FRAGS + 1, false);
	driver_kick(w, TX);
	assert_int_equal(w->sent[0].tx.frag_count, VIRTIO_NET_TX_FRAGS);
	driver_add(w, TX, 100, b, VIRTIO_NET_TX_FRAGS + 2, false);
	driver_kick(w, TX);
	assert_int_equal(w->sent_count, 1);
	assert_int_equal(virtio_net_stats(w->vn)->tx_refused, 1);
}

static void send_waits_for_room(void **state)
{
	struct world *w = *state;
	struct w_buf b;
	uint16_t i;

	driver_start(w, BASIC);
	b = (struct w_buf){ put_frame(w, &plain, 60), HDR + 60, false };
	w->tx_room = 2;
	for (i = 0; i < 5; i++)
		driver_add(w, TX, i, &b, 1, false);
	driver_kick(w, TX);
	assert_int_equal(w->sent_count, 2);
	assert_int_equal(driver_used_flags(w, TX), 1);	/* no need to kick */
	driver_kick(w, TX);
	virtio_net_flush(w->vn);
	assert_int_equal(w->sent_count, 2);
	w->tx_room = 10;
	world_complete(w);
	virtio_net_flush(w->vn);
	assert_int_equal(w->sent_count, 5);
	assert_int_equal(driver_used_flags(w, TX), 0);
	world_complete(w);
	virtio_net_flush(w->vn);
	for (i = 0; i < 5; i++)
		assert_used(w, TX, i, 0);
	assert_int_equal(virtio_net_stats(w->vn)->tx_refused, 0);
}

/* A frame that is still on its way when the driver goes. */
static void send_across_reset(void **state)
{
	struct world *w = *state;
	void *cookie;

	driver_start(w, BASIC);
	send_one(w, &plain, 60);
	cookie = w->sent[0].tx.cookie;
	w->next_pa = GUEST_BASE;
	driver_start(w, BASIC);
	assert_int_equal(w->sent_done, 1);
	virtio_net_tx_done(w->vn, cookie);	/* once is enough */
	virtio_net_flush(w->vn);
	assert_idle(w, TX);
	send_one(w, &plain, 60);
	world_complete(w);
	virtio_net_flush(w->vn);
	assert_used(w, TX, 0, 0);
}

/* More than the ring's 65536 indexes, with the event index. */
static void send_wraps(void **state)
{
	struct world *w = *state;
	struct w_buf b;
	unsigned i;

	driver_start(w, BASIC | BIT(EVENT_IDX));
	w->tx_inline = true;
	b = (struct w_buf){ put_frame(w, &plain, 60), HDR + 60, false };
	for (i = 0; i < 70000; i++) {
		assert_int_equal(driver_avail_event(w, TX), i & 0xffff);
		driver_set_used_event(w, TX, (uint16_t)i);
		driver_add(w, TX, i % 256, &b, 1, false);
		driver_kick(w, TX);
		assert_used(w, TX, i % 256, 0);
	}
	assert_int_equal(w->raised[TX], 70000);
}

/* --- interrupts that the driver does not want --- */

static void suppression_by_flag(void **state)
{
	struct world *w = *state;

	driver_start(w, BASIC);
	w->tx_inline = true;
	driver_set_avail_flags(w, TX, 1);
	send_one(w, &plain, 60);
	assert_int_equal(w->raised[TX], 0);
	driver_set_avail_flags(w, TX, 0);
	send_one(w, &plain, 60);
	assert_int_equal(w->raised[TX], 1);
}

static void suppression_by_event(void **state)
{
	struct world *w = *state;
	struct w_buf b;
	uint16_t i;

	driver_start(w, BASIC | BIT(EVENT_IDX));
	b = (struct w_buf){ put_frame(w, &plain, 60), HDR + 60, false };
	w->tx_inline = true;
	driver_set_avail_flags(w, TX, 1);	/* does not count now */
	driver_set_used_event(w, TX, 2);
	for (i = 0; i < 2; i++) {
		driver_add(w, TX, i, &b, 1, false);
		driver_kick(w, TX);
	}
	assert_int_equal(w->raised[TX], 0);
	/* A batch that goes past it. */
	for (i = 2; i < 5; i++)
		driver_add(w, TX, i, &b, 1, false);
	driver_kick(w, TX);
	assert_int_equal(w->raised[TX], 1);
	driver_add(w, TX, 5, &b, 1, false);
	driver_kick(w, TX);
	assert_int_equal(w->raised[TX], 1);
}

/* --- receiving --- */

/* Make count buffers of size bytes available, heads 0, 2, 4 ... (so that a
 * chain of two has room). */
static void add_buffers(struct world *w, unsigned count, uint32_t size,
			bool apart)
{
	unsigned i;

	for (i = 0; i < count; i++) {
		struct w_buf b[2] = {
			{ world_alloc(w, HDR, 2), HDR, true },
			{ world_alloc(w, size, 64), size, true },
		};

		if (apart)
			driver_add(w, RX, (uint16_t)(2 * i), b, 2, false);
		else
			driver_add(w, RX, (uint16_t)(2 * i), &b[1], 1, false);
	}
	driver_kick(w, RX);
}

static void *buffer(struct world *w, unsigned head, unsigned n)
{
	return world_at(w, driver_desc(w, RX, head + n)->addr);
}

static void receive_in_place(void **state)
{
	struct world *w = *state;
	uint8_t frame[1514];
	struct w_hdr h;
	unsigned apart;

	make_frame(frame, sizeof(frame));
	for (apart = 0; apart < 2; apart++) {
		w->next_pa = GUEST_BASE;
		memset(w->raised, 0, sizeof(w->raised));
		driver_start(w, BASIC | BIT(GUEST_CSUM));
		add_buffers(w, 8, 1536, apart);
		assert_int_equal(w->posted_count, 6);	/* two are kept */
		assert_int_equal(w->posted[0].len, apart ? 1536 : 1536 - HDR);
		assert_true(world_receive(w, frame, 1514, NIC_RX_CSUM_OK));
		assert_true(world_receive(w, frame, 60, 0));
		virtio_net_flush(w->vn);
		assert_int_equal(w->raised[RX], 1);
		assert_used(w, RX, 0, 1514 + HDR);
		memcpy(&h, buffer(w, 0, 0), HDR);
		assert_int_equal(h.flags, 2);
		assert_int_equal(h.num_buffers, 1);
		assert_int_equal(h.gso_type, 0);
		assert_memory_equal((uint8_t *)buffer(w, 0, apart) +
				    (apart ? 0 : HDR), frame, 1514);
		assert_used(w, RX, 2, 60 + HDR);
		memcpy(&h, buffer(w, 2, 0), HDR);
		assert_int_equal(h.flags, 0);
		assert_idle(w, RX);
	}
	assert_int_equal(virtio_net_stats(w->vn)->rx_copied, 0);
}

/* Buffers come back to the network as the driver makes them available. */
static void receive_refill(void **state)
{
	struct world *w = *state;
	uint8_t frame[200];
	unsigned i;

	make_frame(frame, sizeof(frame));
	driver_start(w, BASIC | BIT(EVENT_IDX));
	driver_set_used_event(w, RX, 0xffff);
	add_buffers(w, 128, 1536, false);
	assert_int_equal(w->posted_count, 96);
	for (i = 0; i < 1000; i++) {
		uint32_t id, len;
		struct w_buf b = { 0, 1536, true };

		assert_true(world_receive(w, frame, 200, 0));
		virtio_net_flush(w->vn);
		assert_true(driver_used(w, RX, &id, &len));
		b.pa = driver_desc(w, RX, id)->addr;
		driver_add(w, RX, (uint16_t)id, &b, 1, false);
		virtio_net_poll(w->vn);
		assert_int_equal(w->posted_count, 96);
	}
	/* No notification is asked for while there are many. */
	assert_int_equal((uint16_t)(driver_avail_event(w, RX) - 128) > 0x8000,
			 1);
	for (i = 0; i < 70; i++)
		world_receive(w, frame, 200, 0);
	virtio_net_poll(w->vn);
	assert_int_equal(driver_avail_event(w, RX), 1128);
}

static int deliver(struct world *w, const void *frame, uint32_t len)
{
	int rc = virtio_net_deliver(w->vn, frame, len, NIC_RX_CSUM_OK);

	virtio_net_flush(w->vn);
	return rc;
}

static void deliver_copies(void **state)
{
	struct world *w = *state;
	uint8_t frame[1514];
	struct w_hdr h;
	unsigned i;

	make_frame(frame, sizeof(frame));
	driver_start(w, BASIC);
	assert_int_equal(deliver(w, frame, 1514), -ENOSPC);
	add_buffers(w, 8, 1536, false);
	for (i = 12; i < 16; i += 2) {
		assert_int_equal(deliver(w, frame, 1514), 0);
		assert_used(w, RX, i, 1514 + HDR);
		memcpy(&h, buffer(w, i, 0), HDR);
		assert_int_equal(h.num_buffers, 1);
		assert_int_equal(h.flags, 0);	/* not negotiated */
		assert_memory_equal((uint8_t *)buffer(w, i, 0) + HDR, frame,
				    1514);
	}
	assert_int_equal(deliver(w, frame, 1514), -ENOSPC);
	assert_int_equal(deliver(w, frame, 1519), -EINVAL);
	assert_int_equal(deliver(w, frame, 13), -EINVAL);
	assert_int_equal(virtio_net_stats(w->vn)->rx_copied, 2);
}

static void deliver_merges(void **state)
{
	struct world *w = *state;
	uint8_t frame[1514], got[1600];
	struct w_hdr h;
	unsigned i, n = 0;
	uint32_t id, len;

	make_frame(frame, sizeof(frame));
	driver_start(w, BASIC | BIT(MRG_RXBUF));
	add_buffers(w, 16, 256, true);	/* none can be posted */
	assert_int_equal(w->posted_count, 0);
	assert_int_equal(deliver(w, frame, 1514), 0);
	for (i = 0; driver_used(w, RX, &id, &len); i++) {
		assert_int_equal(id, 2 * i);
		if (!i)
			memcpy(&h, buffer(w, id, 0), HDR);
		else
			memcpy(got + n, buffer(w, id, 0), HDR);
		n += i ? HDR : 0;
		memcpy(got + n, buffer(w, id, 1), len - HDR);
		n += len - HDR;
	}
	assert_int_equal(h.num_buffers, i);
	assert_int_equal(i, 6);
	assert_int_equal(n, 1514);
	assert_memory_equal(got, frame, 1514);
	assert_int_equal(deliver(w, frame, 1514), 0);
	assert_int_equal(deliver(w, frame, 1514), -ENOSPC);
	assert_int_equal(deliver(w, frame, 1000), 0);	/* four are left */
}

/* Without MRG_RXBUF a frame that does not fit is lost, not cut. */
static void deliver_never_truncates(void **state)
{
	struct world *w = *state;
	uint8_t frame[600];

	make_frame(frame, sizeof(frame));
	driver_start(w, BASIC);
	add_buffers(w, 8, 512, false);
	assert_int_equal(deliver(w, frame, 600), -ENOSPC);
	assert_int_equal(virtio_net_stats(w->vn)->rx_lost, 1);
	assert_int_equal(deliver(w, frame, 500), 0);
	assert_used(w, RX, 0, 512);
}

/* What comes from this machine needs no check by the guest. */
static void deliver_checked(void **state)
{
	struct world *w = *state;
	uint8_t frame[100];
	struct w_hdr h;

	make_frame(frame, sizeof(frame));
	driver_start(w, BASIC | BIT(GUEST_CSUM));
	add_buffers(w, 8, 512, false);
	assert_int_equal(deliver(w, frame, 100), 0);
	memcpy(&h, buffer(w, 0, 0), HDR);
	assert_int_equal(h.flags, 2);
}

/* What the network has, comes back before a reset is over. */
static void receive_across_reset(void **state)
{
	struct world *w = *state;
	uint8_t frame[100];

	make_frame(frame, sizeof(frame));
	driver_start(w, BASIC);
	add_buffers(w, 8, 1536, false);
	set_status(w, 0);
	assert_false(w->attached);
	assert_int_equal(w->posted_count, 0);
	assert_int_equal(deliver(w, frame, 100), -ENOSPC);
	w->next_pa = GUEST_BASE;
	driver_start(w, BASIC);
	add_buffers(w, 8, 1536, false);
	assert_true(world_receive(w, frame, 100, 0));
	virtio_net_flush(w->vn);
	assert_used(w, RX, 0, 100 + HDR);
}

/* The network has no room, and then it has. */
static void post_waits_for_room(void **state)
{
	struct world *w = *state;

	driver_start(w, BASIC);
	w->post_result = -ENOSPC;
	add_buffers(w, 8, 1536, false);
	assert_int_equal(w->posted_count, 0);
	w->post_result = 0;
	virtio_net_flush(w->vn);
	assert_int_equal(w->posted_count, 6);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(send_in_place),
		TEST(send_any_layout),
		TEST(send_checksum),
		TEST(send_segmentation),
		TEST(send_lengths),
		TEST(send_many_fragments),
		TEST(send_waits_for_room),
		TEST(send_across_reset),
		TEST(send_wraps),
		TEST(suppression_by_flag),
		TEST(suppression_by_event),
		TEST(receive_in_place),
		TEST(receive_refill),
		TEST(deliver_copies),
		TEST(deliver_merges),
		TEST(deliver_never_truncates),
		TEST(deliver_checked),
		TEST(receive_across_reset),
		TEST(post_waits_for_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
