/* SPDX-License-Identifier: BSD-3-Clause */
/* The log ring, its sinks, and the rate limit. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
/* Itself, to begin each test with an empty ring. */
#include <core/log.c>

static uint64_t now;

uint64_t vmm_uptime_usec(void)
{
	return __atomic_load_n(&now, __ATOMIC_RELAXED);
}

/* A sink that keeps what it gets. */
struct keeper {
	struct vmm_log_sink sink;
	unsigned count;
	uint64_t lost, last_seq, last_usec;
	enum vmm_log_level last_level;
	char text[4096];
};

static void keep(struct vmm_log_sink *sink, const struct vmm_log_line *line,
		 uint64_t lost)
{
	struct keeper *k = VMM_CONTAINER_OF(sink, struct keeper, sink);
	size_t used = strlen(k->text);

	k->lost += lost;
	assert_true(!k->count || line->seq == k->last_seq + 1 + lost);
	k->count++;
	k->last_seq = line->seq;
	k->last_usec = line->usec;
	k->last_level = line->level;
	if (used + line->len + 2 <= sizeof(k->text))
		sprintf(k->text + used, "%.*s|", line->len, line->text);
}

static struct keeper keeper(void)
{
	return (struct keeper){ .sink = { .name = "keeper", .emit = keep } };
}

static int setup(void **state)
{
	(void)state;
	memset(&ring, 0, sizeof(ring));
	now = 0;
	return 0;
}

static void test_lines(void **state)
{
	struct keeper k = keeper();

	(void)state;
	vmm_log_attach(&k.sink);
	now = 5;
	vmm_log_info("one\n");
	vmm_log_err("two\nthree\n\n");
	assert_string_equal(k.text, "one|two|three||");
	assert_int_equal(k.last_level, VMM_LOG_ERR);
	assert_int_equal(k.last_usec, 5);
	assert_int_equal(k.last_seq, 3);
	assert_int_equal(k.lost, 0);
}

static void test_partial(void **state)
{
	struct keeper k = keeper();

	(void)state;
	vmm_log_attach(&k.sink);
	vmm_log_info("FACS address");
	vmm_log_info(" %d", 1);
	assert_string_equal(k.text, "");
	vmm_log_info(" %d\nnext", 2);
	assert_string_equal(k.text, "FACS address 1 2|");
	/* Another level is another line. */
	vmm_log_err("bad\n");
	assert_string_equal(k.text, "FACS address 1 2|next|bad|");
}

static void test_control_characters(void **state)
{
	struct keeper k = keeper();

	(void)state;
	vmm_log_attach(&k.sink);
	vmm_log_info("%s\n", "a\x1b[2Jb\tc\r\x7f\xc3\xa4");
	assert_string_equal(k.text, "a?[2Jb c??\xc3\xa4|");
}

static void test_long_texts(void **state)
{
	char text[1200], buf[VMM_LOG_LINE_MAX];
	struct vmm_log_line line;
	uint64_t seq = 0;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[1199] = '\0';
	/* Cut, with a mark. */
	vmm_log_info("%s\n", text);
	assert_true(vmm_log_read(&seq, &line, buf, sizeof(buf)));
	assert_int_equal(line.len, 510);
	assert_memory_equal(buf + 500, "xxxxxxx...", 10);
	/* Put together to more than a line: goes on in the next one. */
	text[400] = '\0';
	vmm_log_info("%s", text);
	vmm_log_info("%s\n", text);
	assert_true(vmm_log_read(&seq, &line, buf, sizeof(buf)));
	assert_int_equal(line.len, VMM_LOG_LINE_MAX);
	assert_true(vmm_log_read(&seq, &line, buf, sizeof(buf)));
	assert_int_equal(line.len, 800 - VMM_LOG_LINE_MAX);
	assert_false(vmm_log_read(&seq, &line, buf, sizeof(buf)));
	/* A line that ends exactly at the limit has no empty one behind it. */
	text[400] = 'x';
	text[VMM_LOG_LINE_MAX - 1] = '\0';
	vmm_log_info("%s", text);
	vmm_log_info("y\n");
	assert_true(vmm_log_read(&seq, &line, buf, sizeof(buf)));
	assert_int_equal(line.len, VMM_LOG_LINE_MAX);
	assert_false(vmm_log_read(&seq, &line, buf, sizeof(buf)));
}

static void test_small_buffer(void **state)
{
	struct vmm_log_line line;
	uint64_t seq = 0;
	char buf[4] = "ZZZ";

	(void)state;
	vmm_log_info("abcdef\n");
	assert_true(vmm_log_read(&seq, &line, buf, 3));
	assert_int_equal(line.len, 3);
	assert_memory_equal(buf, "abc", 4);
	assert_int_equal(seq, 1);
}

/* What a line with this number says in the tests below. */
static int make_line(char *buf, size_t size, unsigned i)
{
	return snprintf(buf, size, "line %u %.*s", i, (int)(i * 37 % 300),
			"----------------------------------------"
			"----------------------------------------"
			"----------------------------------------"
			"----------------------------------------"
			"----------------------------------------"
			"----------------------------------------"
			"----------------------------------------"
			"----------------------------------------");
}

static void check_held_lines(unsigned total)
{
	char buf[VMM_LOG_LINE_MAX], expect[VMM_LOG_LINE_MAX];
	struct vmm_log_line line;
	uint64_t seq = 0, bytes = 0, first = UINT64_MAX, count = 0;

	while (vmm_log_read(&seq, &line, buf, sizeof(buf))) {
		int n = make_line(expect, sizeof(expect), (unsigned)line.seq);

		if (first == UINT64_MAX)
			first = line.seq;
		assert_int_equal(line.seq, first + count);
		assert_int_equal(line.usec, line.seq);
		assert_int_equal(line.len, n);
		assert_memory_equal(buf, expect, (size_t)n);
		bytes += line.len;
		count++;
	}
	assert_int_equal(seq, total);
	assert_int_equal(first + count, total);
	assert_true(bytes <= TEXT_SIZE && count <= MAX_LINES);
	/* No more was forgotten than had to be. */
	if (first)
		assert_true(bytes > TEXT_SIZE - VMM_LOG_LINE_MAX);
}

/* Text that wraps many times, at all alignments; read after each line at
 * first, then now and then. */
static void test_wrap(void **state)
{
	char buf[VMM_LOG_LINE_MAX];

	(void)state;
	for (unsigned i = 0; i < 5000; i++) {
		now = i;
		make_line(buf, sizeof(buf), i);
		vmm_log_info("%s\n", buf);
		if (i < 300 || i % 97 == 0)
			check_held_lines(i + 1);
	}
}

/* Empty lines use up the descriptors, not the text. */
static void test_many_short_lines(void **state)
{
	struct vmm_log_line line;
	uint64_t seq = 0;
	char c;

	(void)state;
	for (unsigned i = 0; i < MAX_LINES + 10; i++)
		vmm_log_info("\n");
	assert_true(vmm_log_read(&seq, &line, &c, 1));
	assert_int_equal(line.seq, 10);
	assert_int_equal(line.len, 0);
	seq = UINT64_MAX;
	assert_false(vmm_log_read(&seq, &line, &c, 1));
	assert_int_equal(seq, UINT64_MAX);
}

static void test_late_sink_replays(void **state)
{
	struct keeper k = keeper(), late = keeper();

	(void)state;
	vmm_log_info("a\nb\n");
	vmm_log_attach(&k.sink);
	assert_string_equal(k.text, "a|b|");
	assert_int_equal(k.lost, 0);
	for (unsigned i = 0; i < MAX_LINES; i++)
		vmm_log_info("x\n");
	assert_int_equal(k.count, MAX_LINES + 2);
	vmm_log_attach(&late.sink);
	assert_int_equal(late.lost, 2);
	assert_int_equal(late.count, MAX_LINES);
}

static void test_detach(void **state)
{
	struct keeper a = keeper(), b = keeper(), c = keeper();

	(void)state;
	vmm_log_attach(&a.sink);
	vmm_log_attach(&b.sink);
	vmm_log_attach(&c.sink);
	vmm_log_info("1\n");
	vmm_log_detach(&b.sink);
	vmm_log_info("2\n");
	vmm_log_detach(&a.sink);
	vmm_log_detach(&a.sink);	/* harmless */
	vmm_log_info("3\n");
	vmm_log_detach(&c.sink);
	vmm_log_info("4\n");
	assert_string_equal(a.text, "1|2|");
	assert_string_equal(b.text, "1|");
	assert_string_equal(c.text, "1|2|3|");
	/* Attached again, it begins again. */
	a = keeper();
	vmm_log_attach(&a.sink);
	assert_string_equal(a.text, "1|2|3|4|");
}

static bool is_ready;

static bool ready(struct vmm_log_sink *sink)
{
	(void)sink;
	return is_ready;
}

static void test_ready(void **state)
{
	struct keeper k = keeper(), other = keeper();

	(void)state;
	k.sink.ready = ready;
	is_ready = false;
	vmm_log_attach(&k.sink);
	vmm_log_attach(&other.sink);
	vmm_log_info("1\n2\n");
	assert_string_equal(k.text, "");
	assert_string_equal(other.text, "1|2|");
	is_ready = true;
	vmm_log_info("3\n");
	assert_string_equal(k.text, "1|2|3|");
}

/* A sink whose emit breaks the rule and logs: the line comes after it. */
static void emit_and_log(struct vmm_log_sink *sink,
			 const struct vmm_log_line *line, uint64_t lost)
{
	if (line->seq < 3)
		vmm_log_info("again\n");
	keep(sink, line, lost);
}

static void test_emit_that_logs(void **state)
{
	struct keeper k = keeper();

	(void)state;
	k.sink.emit = emit_and_log;
	vmm_log_attach(&k.sink);
	vmm_log_info("first\n");
	assert_string_equal(k.text, "first|again|again|again|");
}

/* --- panics --- */

/* The lock is left taken, another CPU waits for it, and a third was stopped
 * while it handed out lines. */
static void test_panic_breaks_lock(void **state)
{
	struct keeper k = keeper();

	(void)state;
	vmm_log_attach(&k.sink);
	vmm_log_info("before\n");
	vmm_log_info("unfinished");
	ring.lock.next = 17;
	ring.lock.owner = 15;
	ring.draining = true;
	assert_int_equal(vmm_log_enter_panic(), 2);
	vmm_log_err("panic\n");
	assert_string_equal(k.text, "before|unfinished|panic|");
	/* And once more after the lock was broken. */
	ring.lock.next++;
	vmm_log_err("more\n");
	assert_string_equal(k.text, "before|unfinished|panic|more|");
}

static jmp_buf out_of_emit;

static void emit_that_panics(struct vmm_log_sink *sink,
			     const struct vmm_log_line *line, uint64_t lost)
{
	(void)sink;
	(void)line;
	(void)lost;
	longjmp(out_of_emit, 1);
}

/* A sink that panics, and panics again in the panic, is dropped; the other
 * one gets every line. */
static void test_panic_in_emit(void **state)
{
	struct vmm_log_sink bad = { .name = "bad", .emit = emit_that_panics };
	struct keeper k = keeper();
	volatile unsigned panics = 0;

	(void)state;
	vmm_log_attach(&bad);
	vmm_log_attach(&k.sink);
	if (setjmp(out_of_emit)) {
		panics++;
		vmm_log_enter_panic();
		vmm_log_err("panic %u\n", panics);
	} else {
		vmm_log_info("fatal line\n");
	}
	assert_int_equal(panics, 2);
	assert_string_equal(k.text, "fatal line|panic 1|panic 2|");
}

/* --- several CPUs --- */

#define THREADS	4u
#define ROUNDS	1500u

/* cmocka's assertions are for the main thread only. */
static struct {
	uint64_t seen, lost, inside, bad;
	unsigned next[THREADS];
	uint64_t last_seq;
} crowd;

static void crowd_emit(struct vmm_log_sink *sink,
		       const struct vmm_log_line *line, uint64_t lost)
{
	unsigned thread, i;
	char text[64];

	(void)sink;
	crowd.bad += __atomic_fetch_add(&crowd.inside, 1, __ATOMIC_SEQ_CST);
	crowd.bad += line->seq != crowd.last_seq + 1 + lost;
	crowd.last_seq = line->seq;
	snprintf(text, sizeof(text), "%.*s", line->len, line->text);
	if (sscanf(text, "thread %u line %u", &thread, &i) == 2 &&
	    thread < THREADS && i >= crowd.next[thread])
		crowd.next[thread] = i + 1;
	else
		crowd.bad++;
	crowd.seen++;
	crowd.lost += lost;
	__atomic_fetch_sub(&crowd.inside, 1, __ATOMIC_SEQ_CST);
}

static void *log_much(void *arg)
{
	unsigned thread = (unsigned)(uintptr_t)arg;

	for (unsigned i = 0; i < ROUNDS; i++)
		vmm_log_info("thread %u line %u\n", thread, i);
	return NULL;
}

static void emit_nothing(struct vmm_log_sink *sink,
			 const struct vmm_log_line *line, uint64_t lost)
{
	(void)lost;
	__atomic_fetch_add(&crowd.bad, strcmp(sink->name, "guest") != 0 ||
				       !line->len, __ATOMIC_SEQ_CST);
}

/* Comes and goes while the others log: must never be called once detached. */
static void *attach_and_detach(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < 50; i++) {
		struct vmm_log_sink *sink = calloc(1, sizeof(*sink));

		sink->name = "guest";
		sink->emit = emit_nothing;
		vmm_log_attach(sink);
		vmm_log_detach(sink);
		free(sink);
	}
	return NULL;
}

static void test_threads(void **state)
{
	struct vmm_log_sink sink = { .name = "crowd", .emit = crowd_emit };
	pthread_t thread[THREADS + 1];

	(void)state;
	memset(&crowd, 0, sizeof(crowd));
	crowd.last_seq = UINT64_MAX;
	vmm_log_attach(&sink);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, log_much,
						(void *)(uintptr_t)i), 0);
	assert_int_equal(pthread_create(&thread[THREADS], NULL,
					attach_and_detach, NULL), 0);
	for (unsigned i = 0; i <= THREADS; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(crowd.bad, 0);
	/* The last one out handed out everything. */
	assert_int_equal(crowd.seen + crowd.lost, THREADS * ROUNDS);
	assert_int_equal(crowd.last_seq, THREADS * ROUNDS - 1);
}

/* --- rate limit --- */

static void test_ratelimit(void **state)
{
	struct vmm_ratelimit rl = VMM_RATELIMIT(3);
	uint32_t suppressed;

	(void)state;
	now = 5000000;
	for (unsigned i = 0; i < 3; i++) {
		assert_true(vmm_ratelimit_ok(&rl, &suppressed));
		assert_int_equal(suppressed, 0);
	}
	for (unsigned i = 0; i < 7; i++)
		assert_false(vmm_ratelimit_ok(&rl, &suppressed));
	now += 999999;
	assert_false(vmm_ratelimit_ok(&rl, &suppressed));
	now += 1;
	assert_true(vmm_ratelimit_ok(&rl, &suppressed));
	assert_int_equal(suppressed, 8);
	assert_true(vmm_ratelimit_ok(&rl, &suppressed));
	assert_int_equal(suppressed, 0);
	assert_true(vmm_ratelimit_ok(&rl, &suppressed));
	assert_false(vmm_ratelimit_ok(&rl, &suppressed));
}

/* Before the clock is known, time stands still at 0. */
static void test_ratelimit_without_clock(void **state)
{
	struct vmm_ratelimit rl = VMM_RATELIMIT(1);
	uint32_t suppressed;

	(void)state;
	assert_true(vmm_ratelimit_ok(&rl, &suppressed));
	assert_false(vmm_ratelimit_ok(&rl, &suppressed));
	now = 1000000;
	assert_true(vmm_ratelimit_ok(&rl, &suppressed));
	assert_int_equal(suppressed, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_lines, setup),
		cmocka_unit_test_setup(test_partial, setup),
		cmocka_unit_test_setup(test_control_characters, setup),
		cmocka_unit_test_setup(test_long_texts, setup),
		cmocka_unit_test_setup(test_small_buffer, setup),
		cmocka_unit_test_setup(test_wrap, setup),
		cmocka_unit_test_setup(test_many_short_lines, setup),
		cmocka_unit_test_setup(test_late_sink_replays, setup),
		cmocka_unit_test_setup(test_detach, setup),
		cmocka_unit_test_setup(test_ready, setup),
		cmocka_unit_test_setup(test_emit_that_logs, setup),
		cmocka_unit_test_setup(test_panic_breaks_lock, setup),
		cmocka_unit_test_setup(test_panic_in_emit, setup),
		cmocka_unit_test_setup(test_threads, setup),
		cmocka_unit_test_setup(test_ratelimit, setup),
		cmocka_unit_test_setup(test_ratelimit_without_clock, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
