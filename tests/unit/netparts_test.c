/* SPDX-License-Identifier: BSD-3-Clause */
/* Parts of the network: heap, queue, random numbers, checks of TCP headers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <errno.h>
#include <bvnet/random.h>
#include <bvnet/rtc.h>
#include <bvnet/stack.h>
#include "heap.h"
#include "net_fake.h"
#include "net_priv.h"
#include "wire.h"

/* --- heap --- */

#define HEAP_BYTES	65536u
#define PIECES		200u

static void heap_gives_and_takes(void **state)
{
	static uint8_t region[HEAP_BYTES] VMM_ALIGNED(16);
	uint8_t *piece[PIECES] = { NULL };
	size_t size[PIECES];
	struct heap h;

	(void)state;
	srand(1);
	heap_init(&h, region, sizeof(region));
	for (int i = 0; i < 100000; i++) {
		unsigned k = (unsigned)rand() % PIECES;

		if (piece[k]) {
			for (size_t j = 0; j < size[k]; j++)
				assert_int_equal(piece[k][j], (uint8_t)k);
			heap_free(&h, piece[k]);
			piece[k] = NULL;
			continue;
		}
		size[k] = (unsigned)rand() % 1600;
		piece[k] = heap_alloc(&h, size[k]);
		if (!piece[k])
			continue;
		assert_int_equal((uintptr_t)piece[k] % HEAP_ALIGN, 0);
		assert_true(piece[k] >= region &&
			    piece[k] + size[k] <= region + sizeof(region));
		memset(piece[k], (int)k, size[k]);
	}
	assert_true(h.failures > 0);	/* it was full at times */
	for (unsigned k = 0; k < PIECES; k++)
		heap_free(&h, piece[k]);
	assert_int_equal(h.used, 0);
	/* All of it is one piece again. */
	assert_non_null(heap_alloc(&h, h.total - sizeof(struct heap_block)));
	assert_null(heap_alloc(&h, 1));
}

static void heap_refuses_what_is_too_large(void **state)
{
	static uint8_t region[1024] VMM_ALIGNED(16);
	struct heap h;

	(void)state;
	heap_init(&h, region, sizeof(region));
	assert_null(heap_alloc(&h, SIZE_MAX));
	assert_null(heap_alloc(&h, SIZE_MAX - 20));
	assert_null(heap_alloc(&h, 1024));
	assert_int_equal(h.failures, 3);
	assert_non_null(heap_alloc(&h, 0));
}

/* --- queue --- */

static void frames_leave_the_queue_as_they_came(void **state)
{
	static uint8_t memory[8192], frame[1600];
	struct net_queue q = { .data = memory, .size = sizeof(memory) };
	unsigned in = 0, out = 0;

	(void)state;
	srand(2);
	for (int i = 0; i < 50000; i++) {
		if (rand() % 2) {
			uint32_t len = 60 + in * 7919 % 1400;
			struct nic_frag f = { (uintptr_t)frame, len };
			struct nic_tx tx = { .frag = &f, .frag_count = 1 };

			memset(frame, (uint8_t)in, sizeof(frame));
			if (net_queue_push(&q, &tx, len) == 0)
				in++;
		} else {
			uint32_t len;
			const uint8_t *p = net_queue_first(&q, &len);

			assert_int_equal(p != NULL, in != out);
			if (!p)
				continue;
			assert_int_equal(len, 60 + out * 7919 % 1400);
			assert_int_equal(p[0], (uint8_t)out);
			assert_int_equal(p[len - 1], (uint8_t)out);
			net_queue_pop(&q);
			out++;
		}
	}
	assert_true(out > 10000);
	assert_int_equal(q.frames, in - out);
}

/* --- random numbers --- */

/* The vector of RFC 8439, section 2.3.2. */
static void chacha20_is_chacha20(void **state)
{
	static const uint32_t nonce[3] = { 0x09000000, 0x4a000000, 0 };
	static const uint8_t want[64] = {
		0x10, 0xf1, 0xe7, 0xe4, 0xd1, 0x3b, 0x59, 0x15,
		0x50, 0x0f, 0xdd, 0x1f, 0xa3, 0x20, 0x71, 0xc4,
		0xc7, 0xd1, 0xf4, 0xc7, 0x33, 0xc0, 0x68, 0x03,
		0x04, 0x22, 0xaa, 0x9a, 0xc3, 0xd4, 0x6c, 0x4e,
		0xd2, 0x82, 0x64, 0x46, 0x07, 0x9f, 0xaa, 0x09,
		0x14, 0xc2, 0xd7, 0x05, 0xd9, 0x8b, 0x02, 0xa2,
		0xb5, 0x12, 0x9c, 0xd1, 0xde, 0x16, 0x4e, 0xb9,
		0xcb, 0xd0, 0x83, 0xe8, 0xa2, 0x50, 0x3c, 0x4e,
	};
	uint8_t key_bytes[32], out[64];
	uint32_t key[8];

	(void)state;
	for (unsigned i = 0; i < 32; i++)
		key_bytes[i] = (uint8_t)i;
	memcpy(key, key_bytes, 32);
	net_chacha20_block(key, 1, nonce, out);
	assert_memory_equal(out, want, 64);
}

static void random_numbers_depend_on_what_was_added(void **state)
{
	struct net_random a = { 0 }, b = { 0 };
	uint8_t x[80], y[80];

	(void)state;
	net_random_add(&a, "seed", 4);
	net_random_add(&b, "seed", 4);
	net_random_bytes(&a, x, sizeof(x));
	net_random_bytes(&b, y, sizeof(y));
	assert_memory_equal(x, y, sizeof(x));
	assert_memory_not_equal(x, x + 32, 32);
	net_random_add(&b, "more", 4);
	assert_true(net_random_u32(&a) != net_random_u32(&b));
}

/* --- time of day --- */

static uint64_t seconds(uint8_t year, uint8_t month, uint8_t day, uint8_t hour,
			uint8_t status_b)
{
	struct net_rtc rtc = { .second = 0x59, .minute = 0x04, .hour = hour,
			       .day = day, .month = month, .year = year,
			       .status_b = status_b };

	if (status_b & 4)
		rtc.second = 59;
	return net_rtc_seconds(&rtc);
}

/* Expected values: date -u -d "2026-11-22 22:04:59" +%s and so on. */
static void the_clock_is_understood(void **state)
{
	(void)state;
	assert_int_equal(seconds(0x26, 0x11, 0x22, 0x22, 2), 1795385099);
	assert_int_equal(seconds(26, 11, 22, 22, 6), 1795385099);
	assert_int_equal(seconds(0x26, 0x11, 0x22, 0x90, 0), 1795385099);
	assert_int_equal(seconds(0x00, 0x01, 0x01, 0x00, 2), 946685099);
	assert_int_equal(seconds(0x00, 0x01, 0x01, 0x12, 0), 946685099);
	assert_int_equal(seconds(0x24, 0x02, 0x29, 0x00, 2), 1709165099);
	assert_int_equal(seconds(0x24, 0x03, 0x01, 0x00, 2), 1709251499);
	assert_int_equal(seconds(0x25, 0x03, 0x01, 0x00, 2), 1740787499);
	assert_int_equal(seconds(0x26, 0x13, 0x22, 0x22, 2), 0);
	assert_int_equal(seconds(0x26, 0x11, 0x00, 0x22, 2), 0);
	assert_int_equal(seconds(0xff, 0xff, 0xff, 0xff, 0xff), 0);
}

/* --- TCP headers --- */

/* A frame with these bytes of options; header: length in the header, in
 * words, 0: as it is. */
static bool tcp_ok(const char *options, size_t n, unsigned header,
		   unsigned offset, uint32_t cut)
{
	uint8_t frame[14 + 20 + 60] = { 0 };
	uint8_t *ip = frame + 14;
	size_t len = 14 + 20 + 20 + n;

	wire_put16(frame + 12, 0x0800);
	ip[0] = 0x45;
	wire_put16(ip + 2, (uint32_t)(20 + 20 + n));
	wire_put16(ip + 6, offset);
	ip[9] = 6;
	ip[20 + 12] = (uint8_t)((header ? header : 5 + n / 4) << 4);
	memcpy(ip + 40, options, n);
	return net_headers_ok(frame, len - cut);
}

#define OPTIONS(s) tcp_ok(s, sizeof(s) - 1, 0, 0, 0)

static void tcp_options_are_checked(void **state)
{
	(void)state;
	assert_true(OPTIONS(""));
	assert_true(OPTIONS("\2\4\5\264"));
	assert_true(OPTIONS("\2\4\5\264\4\2\10\12ttttrrrr\1\3\3\7"));
	assert_true(OPTIONS("\1\1\5\12aaaabbbb"));
	assert_true(OPTIONS("\376\4xx"));	/* unknown, well formed */
	assert_true(OPTIONS("\0\0\0\0"));
	assert_true(OPTIONS("\0\2\0\0"));	/* behind the end: anything */
	assert_false(OPTIONS("\1\1\1\2"));	/* length missing */
	assert_false(OPTIONS("\2\0\0\0"));	/* would never end */
	assert_false(OPTIONS("\376\1\0\0"));
	assert_false(OPTIONS("\376\5\0\0"));	/* beyond the header */
	assert_false(OPTIONS("\2\3\0\0"));	/* wrong for its kind */
	assert_false(OPTIONS("\10\4\0\0"));
	assert_false(OPTIONS("\3\4\0\0"));
}

static void tcp_lengths_are_checked(void **state)
{
	(void)state;
	assert_false(tcp_ok("", 0, 4, 0, 0));	/* below the minimum */
	assert_false(tcp_ok("", 0, 6, 0, 0));	/* beyond the packet */
	assert_false(tcp_ok("", 0, 0, 0, 1));	/* frame cut */
	assert_true(tcp_ok("", 0, 0, 0x2000, 0));	/* first fragment */
	assert_false(tcp_ok("", 0, 0, 0x2001, 0));	/* inside the header */
	assert_true(tcp_ok("\2\0\0\0", 4, 0, 0x2003, 0));
	assert_false(tcp_ok("", 0, 0, 0, 20));
}

static void what_is_not_tcp_is_let_pass(void **state)
{
	uint8_t frame[60] = { 0 };

	(void)state;
	assert_true(net_headers_ok(frame, 10));
	wire_put16(frame + 12, 0x0806);
	assert_true(net_headers_ok(frame, 60));
	wire_put16(frame + 12, 0x0800);
	frame[14] = 0x45;
	frame[23] = 17;
	assert_true(net_headers_ok(frame, 60));
	frame[14] = 0x44;	/* lwIP finds that itself, but for TCP */
	frame[23] = 6;
	assert_false(net_headers_ok(frame, 60));
}

/* --- headers of IPv6 --- */

static uint8_t packet6[1500];
static size_t packet6_len;

/* Begin a packet, and add to it: a header of this kind comes next. */
static void ip6(uint8_t kind)
{
	memset(packet6, 0, 54);
	wire_put16(packet6 + 12, 0x86dd);
	packet6[14] = 0x60;
	packet6[20] = kind;
	packet6_len = 54;
}

static void add(const char *bytes, size_t n)
{
	memcpy(packet6 + packet6_len, bytes, n);
	packet6_len += n;
}

#define ADD(s) add(s, sizeof(s) - 1)

/* Each byte that is missing at the end would be a bug to read: in memory of
 * its own. */
static bool ip6_ok(size_t cut, size_t more)
{
	size_t len = packet6_len - cut;
	uint8_t *copy = malloc(len);
	bool ok;

	assert_non_null(copy);
	wire_put16(packet6 + 18, (uint32_t)(len - 54 + more));
	memcpy(copy, packet6, len);
	ok = net_headers_ok(copy, len);
	free(copy);
	return ok;
}

#define SYN "pppp" "ssss" "aaaa" "\x60\2ww" "cc\0\0" "\2\4\5\264"

/* All that is cut off anywhere is refused. */
static void expect_whole(void)
{
	assert_true(ip6_ok(0, 0));
	assert_false(ip6_ok(0, 1));
	for (size_t cut = 1; packet6_len - cut >= 54; cut++) {
		assert_false(ip6_ok(cut, 0));
		assert_false(ip6_ok(cut, cut));
	}
}

static void tcp_over_ipv6_is_checked(void **state)
{
	(void)state;
	ip6(6);
	ADD(SYN);
	expect_whole();
	packet6[54 + 21] = 5;		/* an option beyond the header */
	assert_false(ip6_ok(0, 0));
	packet6[54 + 21] = 0;
	assert_false(ip6_ok(0, 0));
	ip6(6);
	ADD(SYN);
	packet6[14] = 0x40;
	assert_false(ip6_ok(0, 0));
	packet6[14] = 0x60;
	packet6[54 + 12] = 0x40;
	assert_false(ip6_ok(0, 0));
	/* Behind each kind of extension header, and all of them. */
	ip6(0);
	ADD("\74\0\1\4\0\0\0\0");		/* options: hops */
	ADD("\53\1\0\0\1\10oooooooo\0\0");	/* options: receiver */
	ADD("\54\0\0\0\0\0\0\0");		/* routing */
	ADD("\6\0\0\0iiii");			/* a whole fragment */
	ADD(SYN);
	expect_whole();
	packet6[packet6_len - 3] = 9;
	assert_false(ip6_ok(0, 0));
}

static void extension_headers_are_checked(void **state)
{
	static const char *const bad[] = {
		"\6\0\5\2\0\0\1\1",		/* beyond the header */
		"\6\0\0\0\0\0\0\1",		/* without length */
		"\6\0\1\5\0\0\0\0",
		"\6\377\1\4\0\0\0\0",	/* beyond the packet */
	};

	(void)state;
	for (unsigned i = 0; i < VMM_ARRAY_SIZE(bad); i++) {
		ip6(60);
		add(bad[i], 8);
		ADD(SYN);
		assert_false(ip6_ok(0, 0));
	}
	ip6(44);
	ADD("\6\0\0\1iiii" SYN);		/* more fragments */
	assert_false(ip6_ok(0, 0));
	packet6[54 + 3] = 0x08;			/* not the first */
	assert_false(ip6_ok(0, 0));
	packet6[54 + 3] = 0x06;			/* reserved bits */
	assert_true(ip6_ok(0, 0));
	/* A bounded number of them. */
	for (unsigned n = 1; n < 20; n++) {
		ip6(60);
		for (unsigned i = 1; i < n; i++)
			ADD("\74\0\1\4\0\0\0\0");
		ADD("\6\0\1\4\0\0\0\0" SYN);
		assert_int_equal(ip6_ok(0, 0), n <= 8);
	}
	ip6(99);				/* lwIP answers that */
	assert_true(ip6_ok(0, 0));
}

static void neighbour_discovery_is_checked(void **state)
{
	static const char m[64] = "";

	(void)state;
	for (unsigned type = 133; type <= 136; type++) {
		static const unsigned header[] = { 8, 16, 24, 24 };

		ip6(58);
		add(m, header[type - 133]);
		packet6[54] = (uint8_t)type;
		assert_true(ip6_ok(0, 0));
		assert_false(ip6_ok(1, 0));
		ADD("\1\1mmmmmm" "\3\2ppppppPPPPPPPP");
		assert_true(ip6_ok(0, 0));
		assert_false(ip6_ok(1, 0));
		packet6[packet6_len - 15] = 0;	/* would never end */
		assert_false(ip6_ok(0, 0));
	}
	packet6[54] = 137;		/* nobody redirects the VMM */
	assert_false(ip6_ok(0, 0));
	ip6(58);
	ADD("\200\0\0\0iiss");		/* echo request */
	assert_true(ip6_ok(0, 0));
	assert_false(ip6_ok(1, 0));
	ip6(58);
	ADD("\2\0cc\0\0\5\0");		/* too big for 1280 bytes */
	assert_true(ip6_ok(0, 0));
	packet6[54 + 6] = 4;
	packet6[54 + 7] = 255;
	assert_false(ip6_ok(0, 0));
	packet6[54 + 5] = 1;
	assert_true(ip6_ok(0, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heap_gives_and_takes),
		cmocka_unit_test(heap_refuses_what_is_too_large),
		cmocka_unit_test(frames_leave_the_queue_as_they_came),
		cmocka_unit_test(chacha20_is_chacha20),
		cmocka_unit_test(random_numbers_depend_on_what_was_added),
		cmocka_unit_test(the_clock_is_understood),
		cmocka_unit_test(tcp_options_are_checked),
		cmocka_unit_test(tcp_lengths_are_checked),
		cmocka_unit_test(what_is_not_tcp_is_let_pass),
		cmocka_unit_test(tcp_over_ipv6_is_checked),
		cmocka_unit_test(extension_headers_are_checked),
		cmocka_unit_test(neighbour_discovery_is_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
