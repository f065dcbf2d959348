/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A ring of frames.  Each is in one piece, behind its length; one that does
 * not fit before the end begins at the start, and a length of 0 tells so.
 */
#include <string.h>
#include <vmm/error.h>
#include "net_priv.h"
#include "wire.h"

#define ALIGN 8u

static uint32_t record_size(uint32_t len)
{
	return VMM_ROUND_UP(len, ALIGN) + ALIGN;
}

uint32_t net_gather(const struct nic_tx *packet, uint8_t *out, uint32_t size)
{
	uint32_t done = 0;

	for (unsigned i = 0; i < packet->frag_count && done < size; i++) {
		const struct nic_frag *f = &packet->frag[i];
		uint32_t n = f->len < size - done ? f->len : size - done;

		memcpy(out + done, (const void *)(uintptr_t)f->pa, n);
		done += n;
	}
	return done;
}

/* Offset where a record of this size can be written; false if nowhere.  Never
 * fills the ring: head == tail means that it is empty. */
static bool find_room(const struct net_queue *q, uint32_t size, uint32_t *at)
{
	*at = q->tail;
	if (q->tail < q->head)
		return q->head - q->tail > size;
	/* Behind it there must be room for the mark, too. */
	if (q->size - q->tail > size + ALIGN)
		return true;
	*at = 0;
	return q->head > size;
}

static void write_length(struct net_queue *q, uint32_t at, uint32_t len)
{
	memcpy(q->data + at, &len, sizeof(len));
}

static uint32_t read_length(const struct net_queue *q, uint32_t at)
{
	uint32_t len;

	memcpy(&len, q->data + at, sizeof(len));
	return len;
}

/* What the NIC would have done (struct nic_tx, CSUM). */
static bool finish_sum(uint8_t *frame, uint32_t len, const struct nic_tx *tx)
{
	uint32_t field = (uint32_t)tx->csum_start + tx->csum_offset;
	uint16_t sum;

	if (!(tx->flags & NIC_TX_CSUM))
		return true;
	if (field + 2 > len)
		return false;
	sum = wire_checksum(wire_sum(0, frame + tx->csum_start,
				     len - tx->csum_start));
	/* For UDP 0 means that there is none; for TCP both mean the same. */
	wire_put16(frame + field, sum ? sum : 0xffff);
	return true;
}

int net_queue_push(struct net_queue *q, const struct nic_tx *frame,
		   uint32_t len)
{
	uint32_t at, size = record_size(len);
	uint8_t *to;
	unsigned tag;

	if (len > q->size / 2)
		return VMM_ERROR(EINVAL);
	if (!find_room(q, size, &at))
		return VMM_ERROR(ENOSPC);
	to = q->data + at + ALIGN;
	if (net_gather(frame, to, len) != len || !finish_sum(to, len, frame))
		return VMM_ERROR(EINVAL);
	tag = net_tag_len(to, len);
	if (tag) {
		memmove(to + 12, to + 12 + tag, len - 12 - tag);
		len -= tag;
	}
	if (at != q->tail)
		write_length(q, q->tail, 0);
	write_length(q, at, len);
	q->tail = at + record_size(len);
	q->frames++;
	return 0;
}

/* Where the oldest record is. */
static uint32_t first_at(const struct net_queue *q)
{
	return read_length(q, q->head) ? q->head : 0;
}

const uint8_t *net_queue_first(const struct net_queue *q, uint32_t *len)
{
	uint32_t at;

	if (!q->frames)
		return NULL;
	at = first_at(q);
	*len = read_length(q, at);
	return q->data + at + ALIGN;
}

void net_queue_pop(struct net_queue *q)
{
	uint32_t at = first_at(q);

	q->head = at + record_size(read_length(q, at));
	q->frames--;
	if (!q->frames)
		q->head = q->tail = 0;
}
