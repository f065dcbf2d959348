/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The log ring.  Text lies end to end in one circular buffer; a second ring
 * of descriptors, indexed by the line's number, says where.  Both forget
 * whole lines, oldest first.
 *
 * One lock guards everything here.  Sinks run without it: whoever finds lines
 * to hand out and nobody at it becomes the drainer, and goes on until no sink
 * wants anything, whatever other CPUs add meanwhile.  That is decided under
 * the lock, so no line is left behind, and each sink is called by one CPU at
 * a time, in order.
 */
#include <core/core_priv.h>
#include <string.h>
#include <vmm/log.h>
#include <vmm/printf.h>
#include <vmm/spinlock.h>
#include <vmm/vmm.h>

#define TEXT_SIZE	65536u		/* powers of two */
#define MAX_LINES	2048u

/* Rounds that a panic waits for the lock: some milliseconds, while the
 * longest time that it is held properly is some microseconds. */
#define PANIC_SPINS	1000000u

struct desc {
	uint64_t usec;
	uint16_t pos;		/* of the text; TEXT_SIZE is its period */
	uint16_t len;
	uint8_t level;
};

static struct {
	struct vmm_spinlock lock;
	uint64_t first, next;	/* lines held: first <= number < next */
	uint32_t text_pos;	/* where the next line's text goes */
	uint32_t text_used;
	struct vmm_log_sink *sinks;
	struct vmm_log_sink *emitting;	/* whose emit is running */
	bool draining;
	bool panic;
	uint32_t partial_len;
	enum vmm_log_level partial_level;
	char partial[VMM_LOG_LINE_MAX];	/* line not completed yet */
	struct desc desc[MAX_LINES];
	char text[TEXT_SIZE];
} ring;

VMM_STATIC_ASSERT(sizeof(ring.desc[0]) == 16, "descriptors are small");
VMM_STATIC_ASSERT(TEXT_SIZE - 1 <= UINT16_MAX, "struct desc.pos");

static void ring_lock(void)
{
	if (vmm_likely(!ring.panic)) {
		vmm_spin_lock(&ring.lock);
		return;
	}
	if (vmm_spin_trylock(&ring.lock, PANIC_SPINS))
		return;
	/* Its owner was stopped with it, or is below us on this stack. */
	ring.lock.owner = 0;
	ring.lock.next = 1;
}

static void ring_unlock(void)
{
	vmm_spin_unlock(&ring.lock);
}

/* --- lines; all with the lock held --- */

static struct desc *desc_of(uint64_t seq)
{
	return &ring.desc[seq % MAX_LINES];
}

static void forget_oldest(void)
{
	ring.text_used -= desc_of(ring.first)->len;
	ring.first++;
}

/* Copy into the circular text buffer. */
static void store_text(const char *text, uint32_t len)
{
	uint32_t to_end = TEXT_SIZE - ring.text_pos;
	uint32_t head = len < to_end ? len : to_end;

	memcpy(ring.text + ring.text_pos, text, head);
	memcpy(ring.text, text + head, len - head);
	ring.text_pos = (ring.text_pos + len) % TEXT_SIZE;
}

static void load_text(char *buf, uint32_t pos, uint32_t len)
{
	uint32_t to_end = TEXT_SIZE - pos;
	uint32_t head = len < to_end ? len : to_end;

	memcpy(buf, ring.text + pos, head);
	memcpy(buf + head, ring.text, len - head);
}

static void add_line(enum vmm_log_level level, uint64_t usec, const char *text,
		     uint32_t len)
{
	struct desc *d;

	while (ring.text_used + len > TEXT_SIZE ||
	       ring.next - ring.first == MAX_LINES)
		forget_oldest();
	d = desc_of(ring.next);
	d->usec = usec;
	d->pos = (uint16_t)ring.text_pos;
	d->len = (uint16_t)len;
	d->level = (uint8_t)level;
	store_text(text, len);
	ring.text_used += len;
	ring.next++;
}

static void finish_partial(uint64_t usec)
{
	add_line(ring.partial_level, usec, ring.partial, ring.partial_len);
	ring.partial_len = 0;
}

/* Control characters could make a terminal do things. */
static char printable(char c)
{
	unsigned char u = (unsigned char)c;

	return u == '\t' ? ' ' : u < 0x20 || u == 0x7f ? '?' : c;
}

static void add_text(enum vmm_log_level level, uint64_t usec, const char *text)
{
	if (ring.partial_len && ring.partial_level != level)
		finish_partial(usec);
	ring.partial_level = level;
	for (; *text; text++) {
		if (*text == '\n') {
			finish_partial(usec);
			continue;
		}
		if (ring.partial_len == VMM_LOG_LINE_MAX)
			finish_partial(usec);
		ring.partial[ring.partial_len++] = printable(*text);
	}
}

/* Copies the first line from number seq on that is held; *lost gets how many
 * are not held any more.  False if there is none yet. */
static bool fetch_line(uint64_t seq, struct vmm_log_line *line, char *buf,
		       size_t size, uint64_t *lost)
{
	const struct desc *d;

	*lost = seq < ring.first ? ring.first - seq : 0;
	seq += *lost;
	if (seq >= ring.next)
		return false;
	d = desc_of(seq);
	line->seq = seq;
	line->usec = d->usec;
	line->level = (enum vmm_log_level)d->level;
	line->len = d->len < size ? d->len : (uint16_t)size;
	line->text = buf;
	load_text(buf, d->pos, line->len);
	return true;
}

/* --- sinks --- */

/* The next line to hand out, and to which sink; NULL if all is done. */
static struct vmm_log_sink *next_work(struct vmm_log_line *line, char *buf,
				      uint64_t *lost)
{
	for (struct vmm_log_sink *s = ring.sinks; s; s = s->next) {
		if (s->next_seq >= ring.next || (s->ready && !s->ready(s)))
			continue;
		if (fetch_line(s->next_seq, line, buf, VMM_LOG_LINE_MAX,
			       lost)) {
			s->next_seq = line->seq + 1;
			return s;
		}
	}
	return NULL;
}

/* noinline: its buffer and that of vmm_vlog shall not be one frame. */
static void __attribute__((noinline)) drain(void)
{
	char buf[VMM_LOG_LINE_MAX];
	struct vmm_log_line line;
	struct vmm_log_sink *s;
	uint64_t lost;

	ring_lock();
	if (ring.draining) {
		ring_unlock();
		return;
	}
	ring.draining = true;
	while ((s = next_work(&line, buf, &lost)) != NULL) {
		ring.emitting = s;
		ring_unlock();
		s->emit(s, &line, lost);
		ring_lock();
		ring.emitting = NULL;
	}
	ring.draining = false;
	ring_unlock();
}

static void unlink_sink(struct vmm_log_sink *sink)
{
	struct vmm_log_sink **p = &ring.sinks;

	while (*p && *p != sink)
		p = &(*p)->next;
	if (*p)
		*p = sink->next;
}

void vmm_log_attach(struct vmm_log_sink *sink)
{
	struct vmm_log_sink **p = &ring.sinks;

	sink->next_seq = 0;
	sink->next = NULL;
	ring_lock();
	while (*p)
		p = &(*p)->next;
	*p = sink;
	ring_unlock();
	drain();
}

void vmm_log_detach(struct vmm_log_sink *sink)
{
	ring_lock();
	unlink_sink(sink);
	/* Another CPU may be in its emit; the object must outlive that. */
	while (ring.emitting == sink) {
		ring_unlock();
		__builtin_ia32_pause();
		ring_lock();
	}
	ring_unlock();
}

uint64_t vmm_log_enter_panic(void)
{
	bool again = ring.panic;
	uint64_t next;

	ring.panic = true;
	ring_lock();
	if (again && ring.emitting)
		unlink_sink(ring.emitting);
	ring.emitting = NULL;
	ring.draining = false;
	if (ring.partial_len)
		finish_partial(vmm_uptime_usec());
	next = ring.next;
	ring_unlock();
	return next;
}

/* --- writing and reading --- */

void vmm_vlog(enum vmm_log_level level, const char *fmt, va_list ap)
{
	char buf[VMM_LOG_LINE_MAX];
	int n = vmm_vsnprintf(buf, sizeof(buf), fmt, ap);

	/* Say so where a message was cut; it was a whole line, most likely. */
	if (n >= (int)sizeof(buf))
		memcpy(buf + sizeof(buf) - 5, "...\n", 5);
	ring_lock();
	add_text(level, vmm_uptime_usec(), buf);
	ring_unlock();
	drain();
}

void vmm_log(enum vmm_log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vmm_vlog(level, fmt, ap);
	va_end(ap);
}

bool vmm_log_read(uint64_t *seq, struct vmm_log_line *line, char *buf,
		  size_t size)
{
	uint64_t lost;
	bool found;

	ring_lock();
	found = fetch_line(*seq, line, buf, size, &lost);
	ring_unlock();
	if (found)
		*seq = line->seq + 1;
	return found;
}
