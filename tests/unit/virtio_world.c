/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <vmm/error.h>
#include <vmm/log.h>
#include "virtio_world.h"

#define REQUIRE(x) do { if (!(x)) abort(); } while (0)

const uint8_t world_mac[6] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 };

/* One world at a time uses its memory. */
static uint8_t arena[GUEST_SIZE] VMM_ALIGNED(4096);

/* Nothing here looks at the log. */
void vmm_log(enum vmm_log_level level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
}

bool vmm_ratelimit_ok(struct vmm_ratelimit *rl, uint32_t *suppressed)
{
	(void)rl;
	*suppressed = 0;
	return true;
}

/* --- what the device uses --- */

static void *mem(void *ctx, uint64_t pa, uint64_t len)
{
	struct world *w = ctx;
	uint64_t off = pa - GUEST_BASE;

	REQUIRE(len);
	if (pa < GUEST_BASE || off >= GUEST_SIZE || len > GUEST_SIZE - off)
		return NULL;
	if (pa < VMM_BASE + VMM_SIZE && pa + len > VMM_BASE)
		return NULL;
	return w->memory + off;
}

static void raise_msi(void *ctx, uint64_t address, uint32_t data)
{
	struct world *w = ctx;

	w->raised_address = address;
	w->raised[data & 7]++;
}

static void intx(void *ctx, bool level)
{
	((struct world *)ctx)->intx = level;
}

static void attach(void *ctx, bool on)
{
	struct world *w = ctx;
	unsigned i;

	REQUIRE(on != w->attached);
	w->attached = on;
	w->attaches++;
	if (on)
		return;
	for (i = 0; i < w->posted_count; i++)
		virtio_net_rx(w->vn, &(struct nic_rx){
			.cookie = w->posted[i].cookie,
			.flags = NIC_RX_CANCELLED });
	w->posted_count = 0;
	world_complete(w);
}

static void record(struct world *w, const struct nic_tx *tx)
{
	struct w_sent *s = &w->sent[w->sent_count++];
	unsigned i;
	uint32_t j;

	memset(s, 0, sizeof(*s));
	s->tx = *tx;
	s->first_pa = tx->frag[0].pa;
	for (i = 0; i < tx->frag_count; i++) {
		const uint8_t *p = mem(w, tx->frag[i].pa, tx->frag[i].len);

		REQUIRE(p);
		for (j = 0; j < tx->frag[i].len; j++, s->len++) {
			if (s->len < sizeof(s->head))
				s->head[s->len] = p[j];
			s->sum += p[j];
		}
	}
}

static int tx(void *ctx, const struct nic_tx *tx)
{
	struct world *w = ctx;

	REQUIRE(w->attached);
	REQUIRE(tx->frag_count && tx->frag_count <= VIRTIO_NET_TX_FRAGS);
	if (w->tx_result)
		return w->tx_result;
	if (!w->tx_room)
		return -ENOSPC;
	w->tx_room--;
	if (w->sent_count == SENT_MAX)
		w->sent_count = w->sent_done = 0;
	record(w, tx);
	if (w->tx_inline)
		w->sent_done = w->sent_count;
	return w->tx_inline;
}

static void tx_push(void *ctx)
{
	((struct world *)ctx)->pushes++;
}

static int rx_post(void *ctx, uint64_t pa, uint32_t len, void *cookie)
{
	struct world *w = ctx;

	REQUIRE(w->attached);
	REQUIRE(len >= VIRTIO_NET_FRAME_MAX);
	REQUIRE(mem(w, pa, len));
	if (w->post_result)
		return w->post_result;
	REQUIRE(w->posted_count < VIRTIO_NET_QUEUE_MAX);
	w->posted[w->posted_count++] = (struct w_posted){ cookie, pa, len };
	return 0;
}

static void filter(void *ctx, const struct nic_filter *f)
{
	struct world *w = ctx;

	REQUIRE(f->count <= 128);
	w->filter = *f;
	memcpy(w->filter_mac, f->mac, 6 * f->count);
}

static void wake(void *ctx)
{
	((struct world *)ctx)->wakes++;
}

static const struct virtio_net_ops world_ops = {
	.mem = mem, .raise = raise_msi, .intx = intx, .attach = attach,
	.tx = tx, .tx_push = tx_push, .rx_post = rx_post, .filter = filter,
	.wake = wake,
};

void world_init_as(struct world *w, uint32_t caps, unsigned ports,
		   unsigned vectors)
{
	struct virtio_net_setup setup = {
		.ops = &w->ops, .ctx = w, .mtu = 1500, .nic_caps = caps,
		.link_up = true, .bar = 0, .bar_size = 0x20000,
		.ports = ports, .vectors = vectors,
	};
	void *memory;

	memset(w, 0, sizeof(*w));
	w->ops = world_ops;
	w->memory = arena;
	memory = aligned_alloc(16, VMM_ROUND_UP(virtio_net_size(), 16));
	REQUIRE(memory);
	memset(w->memory, 0, GUEST_SIZE);
	memcpy(setup.mac, world_mac, 6);
	w->next_pa = GUEST_BASE;
	w->tx_room = UINT32_MAX;
	w->vn = virtio_net_init(memory, &setup);
}

void world_init(struct world *w, uint32_t caps)
{
	world_init_as(w, caps, VIRTIO_NET_NO_PORTS, VIRTIO_NET_VECTORS_MAX);
}

void world_free(struct world *w)
{
	free(w->vn);
}

void *world_at(struct world *w, uint64_t pa)
{
	REQUIRE(pa >= GUEST_BASE && pa < GUEST_BASE + GUEST_SIZE);
	return w->memory + (pa - GUEST_BASE);
}

uint64_t world_alloc(struct world *w, uint64_t size, uint64_t align)
{
	uint64_t pa = VMM_ROUND_UP(w->next_pa, align);

	if (pa < VMM_BASE + VMM_SIZE && pa + size > VMM_BASE)
		pa = VMM_BASE + VMM_SIZE;
	w->next_pa = pa + size;
	REQUIRE(w->next_pa <= GUEST_BASE + GUEST_SIZE);
	return pa;
}

bool world_receive(struct world *w, const void *frame, uint32_t len,
		   uint32_t flags)
{
	struct w_posted p = w->posted[0];

	if (!w->posted_count)
		return false;
	REQUIRE(len <= p.len);
	memmove(&w->posted[0], &w->posted[1],
		--w->posted_count * sizeof(p));
	memcpy(world_at(w, p.pa), frame, len);
	virtio_net_rx(w->vn, &(struct nic_rx){
		.cookie = p.cookie, .len = len,
		.flags = NIC_RX_FIRST | NIC_RX_LAST | flags });
	return true;
}

void world_complete(struct world *w)
{
	while (w->sent_done < w->sent_count)
		virtio_net_tx_done(w->vn, w->sent[w->sent_done++].tx.cookie);
}

/* --- registers --- */

uint32_t cfg_read(struct world *w, unsigned offset, unsigned size)
{
	return virtio_net_config_read(w->vn, offset, size);
}

void cfg_write(struct world *w, unsigned offset, unsigned size, uint32_t value)
{
	virtio_net_config_write(w->vn, offset, size, value);
}

uint64_t bar_read(struct world *w, uint64_t offset, unsigned size)
{
	return virtio_net_bar_read(w->vn, offset, size);
}

void bar_write(struct world *w, uint64_t offset, unsigned size, uint64_t value)
{
	virtio_net_bar_write(w->vn, offset, size, value);
}

uint8_t get_status(struct world *w)
{
	return (uint8_t)bar_read(w, w->common + COMMON_STATUS, 1);
}

void set_status(struct world *w, uint8_t value)
{
	bar_write(w, w->common + COMMON_STATUS, 1, value);
}

uint64_t get_features(struct world *w)
{
	uint64_t low, high;

	bar_write(w, w->common, 4, 0);
	low = bar_read(w, w->common + 4, 4);
	bar_write(w, w->common, 4, 1);
	high = bar_read(w, w->common + 4, 4);
	return high << 32 | low;
}

void set_features(struct world *w, uint64_t features)
{
	bar_write(w, w->common + 8, 4, 0);
	bar_write(w, w->common + 12, 4, (uint32_t)features);
	bar_write(w, w->common + 8, 4, 1);
	bar_write(w, w->common + 12, 4, features >> 32);
}

/* --- the driver --- */

static void found(struct world *w, unsigned at)
{
	uint32_t offset = cfg_read(w, at + 8, 4);

	switch (cfg_read(w, at + 3, 1)) {
	case 1:
		w->common = offset;
		break;
	case 2:
		w->notify = offset;
		w->notify_step = cfg_read(w, at + 16, 4);
		break;
	case 3:
		w->isr = offset;
		break;
	case 4:
		w->device = offset;
		break;
	case 5:
		w->window_cap = at;
	}
}

void driver_find(struct world *w)
{
	unsigned at = cfg_read(w, 0x34, 1), limit = 48;

	for (; at && limit; at = cfg_read(w, at + 1, 1), limit--) {
		if (cfg_read(w, at, 1) == 0x11)
			w->msix_cap = at;
		else if (cfg_read(w, at, 1) == 0x09)
			found(w, at);
	}
	REQUIRE(limit);
	cfg_write(w, 4, 2, 6);	/* memory, bus master */
}

bool driver_negotiate(struct world *w, uint64_t features)
{
	set_status(w, 0);
	set_status(w, 1);
	set_status(w, 3);
	set_features(w, features);
	set_status(w, 0xb);
	return get_status(w) & 8;
}

static void write64(struct world *w, uint64_t offset, uint64_t value)
{
	bar_write(w, offset, 4, (uint32_t)value);
	bar_write(w, offset + 4, 4, value >> 32);
}

void driver_queue(struct world *w, unsigned number, uint16_t num)
{
	struct w_queue *q = &w->queue[number];

	*q = (struct w_queue){ .number = number, .num = num };
	q->desc_pa = world_alloc(w, 16 * num, 16);
	q->avail_pa = world_alloc(w, 6 + 2 * num, 2);
	q->used_pa = world_alloc(w, 6 + 8 * num, 4);
	memset(world_at(w, q->avail_pa), 0, 6 + 2 * num);
	memset(world_at(w, q->used_pa), 0, 6 + 8 * num);
	bar_write(w, w->common + 22, 2, number);
	bar_write(w, w->common + 24, 2, num);
	write64(w, w->common + 32, q->desc_pa);
	write64(w, w->common + 40, q->avail_pa);
	write64(w, w->common + 48, q->used_pa);
	bar_write(w, w->common + 26, 2, number);
	q->notify = w->notify +
		bar_read(w, w->common + 30, 2) * w->notify_step;
	bar_write(w, w->common + 28, 2, 1);
}

void driver_msix(struct world *w)
{
	uint32_t table = cfg_read(w, w->msix_cap + 4, 4) & ~7u;
	unsigned i;

	for (i = 0; i < 4; i++) {
		bar_write(w, table + 16 * i, 4, 0xfee01000);
		bar_write(w, table + 16 * i + 4, 4, 0);
		bar_write(w, table + 16 * i + 8, 4, i);
		bar_write(w, table + 16 * i + 12, 4, 0);
	}
	cfg_write(w, w->msix_cap + 2, 2, 0x8000);
	bar_write(w, w->common + 16, 2, 3);
}

void driver_start(struct world *w, uint64_t features)
{
	unsigned i;

	driver_find(w);
	REQUIRE(driver_negotiate(w, features));
	driver_msix(w);
	for (i = 0; i < (features & BIT(CTRL_VQ) ? 3 : 2); i++)
		driver_queue(w, i, i == 2 ? 16 : 256);
	set_status(w, 0xf);
}

/* --- rings --- */

struct w_desc *driver_desc(struct world *w, unsigned queue, unsigned n)
{
	return (struct w_desc *)world_at(w, w->queue[queue].desc_pa) + n;
}

static uint16_t *avail(struct world *w, unsigned queue)
{
	return world_at(w, w->queue[queue].avail_pa);
}

static uint16_t *used(struct world *w, unsigned queue)
{
	return world_at(w, w->queue[queue].used_pa);
}

static void fill(struct w_desc *d, const struct w_buf *buf, unsigned n,
		 unsigned first)
{
	unsigned i;

	for (i = 0; i < n; i++)
		d[i] = (struct w_desc){
			buf[i].pa, buf[i].len,
			(uint16_t)((buf[i].in ? W_WRITE : 0) |
				   (i + 1 < n ? W_NEXT : 0)),
			(uint16_t)(first + i + 1),
		};
}

void driver_add(struct world *w, unsigned queue, uint16_t head,
		const struct w_buf *buf, unsigned n, bool indirect)
{
	struct w_queue *q = &w->queue[queue];
	struct w_desc *d = driver_desc(w, queue, head);

	if (indirect) {
		uint64_t table = world_alloc(w, 16 * n, 16);

		fill(world_at(w, table), buf, n, 0);
		*d = (struct w_desc){ table, 16 * n, W_INDIRECT, 0 };
	} else {
		fill(d, buf, n, head);
	}
	avail(w, queue)[2 + q->avail_idx++ % q->num] = head;
	avail(w, queue)[1] = q->avail_idx;
}

void driver_kick(struct world *w, unsigned queue)
{
	bar_write(w, w->queue[queue].notify, 2, queue);
}

bool driver_used(struct world *w, unsigned queue, uint32_t *id, uint32_t *len)
{
	struct w_queue *q = &w->queue[queue];
	uint16_t *u = used(w, queue);
	unsigned at = 2 + 4 * (q->used_idx % q->num);

	if (u[1] == q->used_idx)
		return false;
	memcpy(id, &u[at], 4);
	memcpy(len, &u[at + 2], 4);
	q->used_idx++;
	return true;
}

void driver_set_used_event(struct world *w, unsigned queue, uint16_t idx)
{
	avail(w, queue)[2 + w->queue[queue].num] = idx;
}

uint16_t driver_avail_event(struct world *w, unsigned queue)
{
	return used(w, queue)[2 + 4 * w->queue[queue].num];
}

void driver_set_avail_flags(struct world *w, unsigned queue, uint16_t flags)
{
	avail(w, queue)[0] = flags;
}

uint16_t driver_used_flags(struct world *w, unsigned queue)
{
	return used(w, queue)[0];
}

void driver_set_avail_idx(struct world *w, unsigned queue, uint16_t idx)
{
	avail(w, queue)[1] = idx;
}
