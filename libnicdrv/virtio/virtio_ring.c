/* SPDX-License-Identifier: BSD-3-Clause */
/* Split virtqueues (OASIS virtio 1.1, section 2.6), the device's side. */
#include <string.h>
#include <vmm/error.h>
#include "virtio_ring.h"

/* Descriptor flags (2.6.5). */
#define DESC_NEXT	1u
#define DESC_WRITE	2u
#define DESC_INDIRECT	4u

#define AVAIL_NO_INTERRUPT	1u	/* 2.6.7 */
#define USED_NO_NOTIFY		1u	/* 2.6.10 */

/* The guest's processors write what is read here: one access each. */
#define READ(x)		__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE(x, v)	__atomic_store_n(&(x), (v), __ATOMIC_RELAXED)

static int violation(struct vring *r, const char *wrong)
{
	r->wrong = wrong;
	return VMM_ERROR(EPROTO);
}

/* --- the two fields behind the rings (2.6.7, 2.6.8) --- */

static uint16_t used_event(const struct vring *r)
{
	return READ(r->avail->ring[r->num]);
}

static void set_avail_event(struct vring *r, uint16_t idx)
{
	uint16_t *event = (uint16_t *)(void *)&r->used->ring[r->num];

	WRITE(*event, idx);
}

static void *part(const struct vring_memory *m, uint64_t pa, uint64_t len)
{
	return m->mem(m->ctx, pa, len);
}

int vring_start(struct vring *r, const struct vring_memory *memory,
		bool event_idx, bool indirect)
{
	uint64_t num = r->num;

	if (!num || num > VRING_MAX || (num & (num - 1)))
		return VMM_ERROR(EINVAL);
	/* Alignment: 2.6, the table of parts. */
	if (r->desc_pa % 16 || r->avail_pa % 2 || r->used_pa % 4)
		return VMM_ERROR(EINVAL);
	r->desc = part(memory, r->desc_pa, num * sizeof(struct vring_desc));
	r->avail = part(memory, r->avail_pa, 6 + 2 * num);
	r->used = part(memory, r->used_pa, 6 + 8 * num);
	if (!r->desc || !r->avail || !r->used)
		return VMM_ERROR(EFAULT);
	r->memory = *memory;
	r->event_idx = event_idx;
	r->indirect = indirect;
	r->next_avail = r->next_used = r->told_used = 0;
	memset(r->taken, 0, sizeof(r->taken));
	r->running = true;
	return 0;
}

void vring_reset(struct vring *r)
{
	memset(r, 0, sizeof(*r));
}

/* --- heads --- */

static bool is_taken(const struct vring *r, uint16_t head)
{
	return r->taken[head / 64] >> head % 64 & 1;
}

static void flip_taken(struct vring *r, uint16_t head)
{
	r->taken[head / 64] ^= UINT64_C(1) << head % 64;
}

int vring_pop(struct vring *r, uint16_t *head)
{
	/* The entries are read after the index that covers them. */
	uint16_t idx = __atomic_load_n(&r->avail->idx, __ATOMIC_ACQUIRE);
	uint16_t n;

	if (idx == r->next_avail)
		return 0;
	if ((uint16_t)(idx - r->next_avail) > r->num)
		return violation(r, "more available than the ring has");
	n = READ(r->avail->ring[r->next_avail & (r->num - 1)]);
	if (n >= r->num)
		return violation(r, "head beyond the descriptor table");
	if (is_taken(r, n))
		return violation(r, "head available twice");
	flip_taken(r, n);
	r->next_avail++;
	*head = n;
	return 1;
}

void vring_unpop(struct vring *r, uint16_t head)
{
	flip_taken(r, head);
	r->next_avail--;
}

/* --- chains --- */

/* A table of descriptors: the ring's own, or an indirect one. */
struct table {
	const struct vring_desc *desc;
	unsigned n;
};

static struct vring_desc fetch(const struct table *t, unsigned i)
{
	const struct vring_desc *d = &t->desc[i];

	return (struct vring_desc){
		.addr = READ(d->addr), .len = READ(d->len),
		.flags = READ(d->flags), .next = READ(d->next),
	};
}

static int add(struct vring *r, struct vring_chain *c,
	       const struct vring_desc *d)
{
	bool in = d->flags & DESC_WRITE;
	void *here;

	if (!d->len)
		return violation(r, "empty buffer");
	if (!in && c->in)
		return violation(r, "buffer to read behind one to write");
	if (c->out + c->in == r->num)	/* a loop ends here too */
		return violation(r, "chain longer than the ring");
	here = part(&r->memory, d->addr, d->len);
	if (!here)
		return violation(r, "buffer outside the guest's memory");
	if (!(c->out + c->in))
		c->first = here;
	c->frag[c->out + c->in] = (struct nic_frag){ d->addr, d->len };
	if (in) {
		c->in++;
		c->in_len += d->len;
	} else {
		c->out++;
		c->out_len += d->len;
	}
	return 0;
}

/* Add what hangs together from entry i on. */
static int follow(struct vring *r, struct vring_chain *c,
		  const struct table *t, unsigned i)
{
	struct vring_desc d;
	int rc;

	for (;;) {
		if (i >= t->n)
			return violation(r, "next beyond the table");
		d = fetch(t, i);
		if (d.flags & DESC_INDIRECT)
			return violation(r, "indirect table not expected");
		rc = add(r, c, &d);
		if (rc < 0)
			return rc;
		if (!(d.flags & DESC_NEXT))
			return 0;
		i = d.next;
	}
}

/* 2.6.5.3: the table is one buffer, which makes the whole chain. */
static int follow_indirect(struct vring *r, struct vring_chain *c,
			   const struct vring_desc *d)
{
	struct table t = { .n = d->len / sizeof(struct vring_desc) };

	if (!r->indirect)
		return violation(r, "indirect table without the feature");
	if (d->flags & DESC_NEXT)
		return violation(r, "indirect table with a next");
	if (!d->len || d->len % sizeof(struct vring_desc) || d->addr % 8)
		return violation(r, "odd indirect table");
	t.desc = part(&r->memory, d->addr, d->len);
	if (!t.desc)
		return violation(r, "table outside the guest's memory");
	return follow(r, c, &t, 0);
}

int vring_walk(struct vring *r, uint16_t head, struct vring_chain *c)
{
	struct table own = { .desc = r->desc, .n = r->num };
	struct vring_desc d = fetch(&own, head);

	c->head = head;
	c->out = c->in = 0;
	c->out_len = c->in_len = 0;
	if (d.flags & DESC_INDIRECT)
		return follow_indirect(r, c, &d);
	return follow(r, c, &own, head);
}

/* --- the used ring --- */

void vring_push(struct vring *r, uint16_t head, uint32_t len)
{
	struct vring_used_elem *e = &r->used->ring[r->next_used & (r->num - 1)];

	WRITE(e->id, (uint32_t)head);
	WRITE(e->len, len);
	flip_taken(r, head);
	r->next_used++;
}

bool vring_publish(struct vring *r)
{
	uint16_t old = r->told_used, now = r->next_used;

	__atomic_store_n(&r->used->idx, now, __ATOMIC_RELEASE);
	r->told_used = now;
	/* The index must be seen before the driver's wish is read (2.6.7.1):
	 * the driver does it the other way round. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!r->event_idx)
		return !(READ(r->avail->flags) & AVAIL_NO_INTERRUPT);
	return (uint16_t)(now - used_event(r) - 1) < (uint16_t)(now - old);
}

bool vring_notify_me(struct vring *r, bool on)
{
	if (r->event_idx) {
		/* One that lies behind is reached 65536 entries later. */
		if (on)
			set_avail_event(r, r->next_avail);
	} else {
		WRITE(r->used->flags, (uint16_t)(on ? 0 : USED_NO_NOTIFY));
	}
	if (!on)
		return false;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return READ(r->avail->idx) != r->next_avail;
}
