/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The virtio network device with a driver and a network that do anything, in
 * any order.  The first byte chooses the features; then follow steps of 8
 * bytes: what to do, and with what.  The world around the device aborts if it
 * gets a buffer outside the guest's memory, or at a time when it should not.
 */
#include <stdlib.h>
#include <string.h>
#include "../unit/virtio_segments.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(x) do { if (!(x)) abort(); } while (0)

struct step {
	uint8_t what, a;
	uint16_t b;
	uint32_t c;
};

/* Connections whose segments arrive. */
static struct s_flow flow[6];

/* Addresses worth trying. */
static uint64_t address(uint8_t a, uint16_t b)
{
	static const uint64_t base[8] = {
		GUEST_BASE + 0x20000, GUEST_BASE + 0x20000,
		GUEST_BASE + 0x30000, VMM_BASE - 0x100, VMM_BASE,
		GUEST_BASE + GUEST_SIZE - 0x100, 0, UINT64_MAX - 0xffff,
	};

	return base[a & 7] + b;
}

static void restart(struct world *w, uint8_t choice)
{
	uint64_t f = BIT(VERSION_1) | BIT(MAC) | BIT(STATUS);

	f |= choice & 1 ? BIT(CSUM) | BIT(HOST_TSO4) | BIT(HOST_TSO6) : 0;
	f |= choice & 2 ? BIT(GUEST_CSUM) : 0;
	f |= choice & 4 ? BIT(MRG_RXBUF) : 0;
	f |= choice & 8 ? BIT(EVENT_IDX) : 0;
	f |= choice & 16 ? BIT(INDIRECT_DESC) : 0;
	f |= choice & 32 ? BIT(CTRL_VQ) | BIT(CTRL_RX) : 0;
	f |= choice & 32 ? BIT(CTRL_VLAN) | BIT(CTRL_MAC_ADDR) : 0;
	f |= choice & 128 ? BIT(GUEST_CSUM) | BIT(GUEST_TSO4) |
		BIT(GUEST_TSO6) : 0;
	if (choice & 128 && choice & 32)
		f |= BIT(CTRL_GUEST_OFFLOADS);
	w->next_pa = GUEST_BASE;
	driver_start(w, f);
	if (!(f & BIT(CTRL_VQ)))
		w->queue[2] = w->queue[0];
	w->tx_inline = choice & 64;
}

static void deliver(struct world *w, const struct step *s)
{
	uint32_t len = s->c % (VIRTIO_NET_FRAME_MAX + 2);
	uint8_t *frame = malloc(len + 1);
	int rc;

	REQUIRE(frame);
	memset(frame, (int)s->b, len);
	rc = virtio_net_deliver(w->vn, frame, len, s->a);
	REQUIRE(rc <= 0);
	free(frame);
}

static void make_available(struct world *w, const struct step *s)
{
	struct w_queue *q = &w->queue[s->a % 3];
	uint16_t *avail = world_at(w, q->avail_pa);

	avail[2 + q->avail_idx++ % q->num] = s->b;
	avail[1] = s->c & 1 ? (uint16_t)(s->c >> 16) : q->avail_idx;
}

static void describe(struct world *w, const struct step *s)
{
	struct w_desc *d = driver_desc(w, s->a % 3, s->b % 16);

	d->len = s->c & 0x1000 ? s->c : s->c & 0xfff;
	d->flags = (uint16_t)(s->c >> 16 & 7);
	d->next = (uint16_t)(s->c >> 19 & 0x1f);
}

/* Frames come in any number of buffers that are posted. */
static void receive(struct world *w, const struct step *s)
{
	static const uint8_t frame[VIRTIO_NET_FRAME_MAX];

	world_receive(w, frame, s->c % (sizeof(frame) + 1), s->a);
}

/* A buffer as a good driver gives it; some end where the VMM's memory
 * begins. */
static void add_buffer(struct world *w, const struct step *s)
{
	struct w_buf b = { 0, 1400 + s->c % 3000, true };

	b.pa = s->a & 1 ? VMM_BASE - b.len :
		GUEST_BASE + 0x20000 + s->b % 80 * 0x1000u;
	driver_add(w, 0, s->b % 256, &b, 1, false);
}

/* Segments of a connection, of which the last may be a bit different. */
static void receive_segments(struct world *w, const struct step *s)
{
	struct s_flow *now = &flow[s->a % 6];
	unsigned n = s->a / 6 % 16;
	struct s_frame f;

	for (; n; n--) {
		s_make(now, &f, s->b % 1400, 0);
		if (world_receive(w, f.byte, f.len, NIC_RX_CSUM_OK))
			continue;
		return;
	}
	s_make(now, &f, s->b % 1400, s->b >> 12 & S_PSH);
	if (s->c & 0x80000000) {
		f.byte[s->c % 80] ^= (uint8_t)(s->c >> 8);
		if (s->c & 0x40000000)
			s_sum_ip(&f);
	}
	world_receive(w, f.byte, f.len, s->c & 0x20000000 ? 0 :
		      NIC_RX_CSUM_OK);
}

static void start_flows(void)
{
	unsigned i;

	for (i = 0; i < 6; i++)
		flow[i] = (struct s_flow){
			.v6 = i % 2, .df = i / 3, .port = (uint16_t)i,
			.id_step = i != 4, .seq = 0xfffff000, .ttl = 64,
			.options_len = 4 * i };
}

/* Neither the VMM's memory nor what lies around the guest's was written. */
static void check_memory(struct world *w)
{
	static const uint8_t zeros[VMM_SIZE];

	REQUIRE(!memcmp(world_at(w, VMM_BASE), zeros, VMM_SIZE));
}

static void registers(struct world *w, const struct step *s)
{
	unsigned size = 1u << (s->a & 3);

	if (s->a & 4)
		bar_write(w, s->b & 0x3fff, size, s->c);
	else
		bar_read(w, s->b & 0x3fff, size);
}

static void configuration(struct world *w, const struct step *s)
{
	unsigned size = 1u << (s->a & 3);

	if (s->a & 4)
		cfg_write(w, s->b & 0x1ff, size, s->c);
	else
		cfg_read(w, s->b & 0x1ff, size);
}

static void network(struct world *w, const struct step *s)
{
	w->tx_room = s->b;
	w->tx_result = s->a & 4 ? -22 : 0;
	w->post_result = s->a & 8 ? -28 : 0;
	virtio_net_link(w->vn, s->a & 1);
	if (s->a & 2)
		virtio_net_flush(w->vn);
}

static void header(struct world *w, const struct step *s)
{
	struct w_hdr h = {
		.flags = s->a & 1, .gso_type = s->a >> 1 & 7,
		.gso_size = (uint16_t)(s->a << 4),
		.csum_start = (uint16_t)s->c,
		.csum_offset = (uint16_t)(s->c >> 16),
	};

	memcpy(world_at(w, GUEST_BASE + 0x20000 + s->b), &h, sizeof(h));
}

static void run(struct world *w, const struct step *s)
{
	switch (s->what % 16) {
	case 0:
		restart(w, s->a);
		break;
	case 1:
		describe(w, s);
		break;
	case 2:
		driver_desc(w, s->a % 3, s->b >> 12)->addr =
			address((uint8_t)(s->a >> 4), s->b & 0xfff);
		break;
	case 3:
		make_available(w, s);
		break;
	case 4:
		driver_kick(w, s->a % 3);
		break;
	case 5:
		receive(w, s);
		break;
	case 6:
		deliver(w, s);
		break;
	case 7:
		world_complete(w);
		virtio_net_flush(w->vn);
		break;
	case 8:
		registers(w, s);
		break;
	case 9:
		configuration(w, s);
		break;
	case 10:
		network(w, s);
		break;
	case 11:
		header(w, s);
		break;
	case 12:		/* of a table, a command, a ring */
		memcpy(world_at(w, GUEST_BASE + 4 * s->b), &s->c, 4);
		break;
	case 13:
		add_buffer(w, s);
		break;
	case 14:
		receive_segments(w, s);
		break;
	default:
		virtio_net_poll(w->vn);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w;
	struct step s;
	unsigned ones = 0;

	if (!size)
		return 0;
	world_init(&w, NIC_CAP_TX_CSUM | NIC_CAP_TSO4 | NIC_CAP_TSO6 |
		   NIC_CAP_RX_CSUM);
	start_flows();
	restart(&w, *data++);
	for (size--; size >= sizeof(s) && ones < 400; size -= sizeof(s)) {
		memcpy(&s, data, sizeof(s));
		data += sizeof(s);
		ones++;
		run(&w, &s);
	}
	/* Whatever happened, a reset lets go of everything. */
	set_status(&w, 0);
	REQUIRE(!w.attached && !w.posted_count && !get_status(&w));
	check_memory(&w);
	world_free(&w);
	return 0;
}
