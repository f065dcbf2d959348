/* SPDX-License-Identifier: BSD-3-Clause */
/* The log over the network: each byte of a frame, and no line lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <errno.h>
#include <bvnet/syslog.h>
#include "net_fake.h"
#include "wire.h"

/* --- a log --- */

#define LOG_MAX 2048u
static char log_text[LOG_MAX][256];
static enum vmm_log_level log_level[LOG_MAX];
static uint64_t log_first, log_next;

static void log_line(enum vmm_log_level level, const char *text)
{
	snprintf(log_text[log_next % LOG_MAX], 256, "%s", text);
	log_level[log_next++ % LOG_MAX] = level;
	if (log_next - log_first > LOG_MAX)
		log_first++;
}

bool vmm_log_read(uint64_t *seq, struct vmm_log_line *line, char *buf,
		  size_t size)
{
	if (*seq < log_first)
		*seq = log_first;
	if (*seq >= log_next)
		return false;
	line->seq = *seq;
	line->usec = 1234567 + *seq;
	line->level = log_level[*seq % LOG_MAX];
	line->len = (uint16_t)strnlen(log_text[*seq % LOG_MAX], size);
	line->text = buf;
	memcpy(buf, log_text[*seq % LOG_MAX], line->len);
	(*seq)++;
	return true;
}

static struct vmm_log_sink *attached;

void vmm_log_attach(struct vmm_log_sink *sink)
{
	attached = sink;
}

void vmm_log_detach(struct vmm_log_sink *sink)
{
	assert_ptr_equal(attached, sink);
	attached = NULL;
}

/* --- set up --- */

static struct fake_nic fake;
static struct vmm_pagepool pool;
static struct net *net;
static struct net_syslog *sender;
static struct net_syslog_stats stats;

static const struct net_syslog_setup plain = {
	.format = NET_SYSLOG_PLAIN,
	.level = VMM_LOG_INFO,
	.mac = { 0x02, 0x11, 0x22, 0x33, 0x44, 0x55 },
	.src = { 192, 168, 0, 7 },
	.dst = { 192, 168, 0, 2 },
};

static void start(const struct net_syslog_setup *setup)
{
	log_first = log_next = 0;
	fake_nic_init(&fake);
	fake_pool_init(&pool, 400);
	assert_int_equal(net_create(NET_MODE_NONE, &fake.nic, &pool, &net), 0);
	net_start(net);
	assert_int_equal(net_syslog_start(net, setup, &pool, &sender), 0);
}

static void stop(void)
{
	net_syslog_get_stats(sender, &stats);
	net_syslog_stop(sender);
	fake_clear(&fake);
	net_destroy(net);
	assert_int_equal(pool.free_pages, pool.pages);
	fake_pool_free();
}

/* The text of a frame that was sent. */
static bool sent(unsigned i, const char *text)
{
	return i < fake.sent_count && fake.sent[i].len == 42 + strlen(text) &&
		memcmp(fake.sent[i].data + 42, text, strlen(text)) == 0;
}

/* --- tests --- */

/* Written down by hand from RFC 791 and RFC 768, sums included. */
static void a_datagram_byte_by_byte(void **state)
{
	static const uint8_t want[] = {
		0x02, 0x11, 0x22, 0x33, 0x44, 0x55,	/* to */
		0x52, 0x54, 0x00, 0x12, 0x34, 0x56,	/* from: the NIC */
		0x08, 0x00,
		0x45, 0x00, 0x00, 0x28,			/* 40 bytes */
		0x00, 0x01, 0x00, 0x00,
		0x40, 0x11, 0xf9, 0x6a,			/* TTL, UDP, sum */
		192, 168, 0, 7, 192, 168, 0, 2,
		0x02, 0x02, 0x02, 0x02,			/* 514 to 514 */
		0x00, 0x14, 0x27, 0x50,			/* 20 bytes, sum */
		'b', 'i', 't', 'v', 'i', 's', 'o', 'r', ':',
		'H', 'i', '\n',
	};

	(void)state;
	start(&plain);
	log_line(VMM_LOG_INFO, "Hi");
	assert_int_equal(net_poll(net, 0), 0);	/* look whether it is sent */
	assert_int_equal(net_poll(net, 0), UINT64_MAX);
	assert_int_equal(fake.sent_count, 1);
	assert_int_equal(fake.sent[0].len, sizeof(want));
	assert_memory_equal(fake.sent[0].data, want, sizeof(want));
	/* The next has another identification. */
	log_line(VMM_LOG_INFO, "Hi");
	net_poll(net, 0);
	assert_int_equal(fake.sent[1].data[18] << 8 | fake.sent[1].data[19],
			 2);
	stop();
}

/* A sum that comes out as 0 is sent as 0xffff (RFC 768). */
static void a_sum_of_zero(void **state)
{
	struct net_syslog_setup setup = plain;
	unsigned zeros = 0;

	(void)state;
	start(&setup);
	for (unsigned i = 0; i < 256; i++) {
		for (unsigned j = 0; j < 256; j++) {
			uint8_t p[32] = { 0 };
			const uint8_t src[4] = { 10, 0, (uint8_t)i, (uint8_t)j };

			wire_udp(p, 1, src, 1, plain.dst, 2, 4);
			assert_true(p[26] || p[27]);
			zeros += p[26] == 0xff && p[27] == 0xff;
		}
	}
	assert_int_equal(zeros, 1);
	stop();
}

static void all_lines_from_the_first_as_whole_lines(void **state)
{
	char line[256], want[300];

	(void)state;
	start(&plain);
	log_line(VMM_LOG_INFO, "Starting BitVisor...");
	log_line(VMM_LOG_DEBUG, "too much");
	log_line(VMM_LOG_ERR, "a\tb\rc\x1b[m \xc3\xa4.");
	memset(line, 'x', 200);
	line[200] = 0;
	log_line(VMM_LOG_INFO, line);
	log_line(VMM_LOG_INFO, "");
	net_poll(net, 0);
	assert_true(sent(0, "bitvisor:Starting BitVisor...\n"));
	assert_true(sent(1, "bitvisor:abc[m .\n"));
	snprintf(want, sizeof(want), "bitvisor:%s\n", line);
	assert_true(sent(2, want));
	assert_true(sent(3, "bitvisor:\n"));
	assert_int_equal(fake.sent_count, 4);
	net_poll(net, 1);
	assert_int_equal(fake.sent_count, 4);
	stop();
	assert_int_equal(stats.lines, 4);
}

/* Room for a few frames at a time; the ring and our buffers run full. */
static void a_burst_of_a_thousand_lines(void **state)
{
	unsigned i, polls = 0;
	char text[64], want[64];

	(void)state;
	start(&plain);
	fake.tx_room = 0;
	for (i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "line %u of a burst", i);
		log_line(VMM_LOG_INFO, text);
	}
	assert_int_equal(net_poll(net, 0), 1000);	/* soon again */
	while (fake.sent_count < 1000 && polls++ < 1000) {
		fake.tx_room = 7;
		net_poll(net, 0);
	}
	for (i = 0; i < 1000; i++) {
		snprintf(want, sizeof(want), "bitvisor:line %u of a burst\n", i);
		assert_true(sent(i, want));
	}
	assert_int_equal(fake.sent_count, 1000);
	stop();
	assert_int_equal(stats.lost, 0);
	assert_int_equal(stats.dropped, 0);
}

static void what_the_log_has_forgotten_is_told(void **state)
{
	(void)state;
	start(&plain);
	fake.nic.link.up = false;
	for (unsigned i = 0; i < LOG_MAX + 10; i++)
		log_line(VMM_LOG_INFO, "x");
	net_poll(net, 0);		/* takes the first, cannot send it */
	for (unsigned i = 0; i < 5; i++)
		log_line(VMM_LOG_INFO, "y");
	assert_int_equal(fake.sent_count, 0);
	fake.nic.link.up = true;
	net_poll(net, 0);
	assert_true(sent(0, "bitvisor:(10 lines lost)\n"));
	assert_true(sent(1, "bitvisor:(5 lines lost)\n"));
	assert_true(sent(2, "bitvisor:x\n"));
	while (net_poll(net, 0) == 0)
		continue;
	stop();
	assert_int_equal(stats.lost, 15);
	assert_int_equal(stats.lines, LOG_MAX + 2);
}

static void one_character_in_a_frame(void **state)
{
	static const uint8_t want[] = {
		0x45, 0x00, 0x00, 0x1d, 0x00, 0x01, 0x00, 0x00,
		0x40, 0x11, 0x9a, 0xce, 0, 0, 0, 0, 224, 0, 0, 1,
		0x00, 0x0a, 0x27, 0x75, 0x00, 0x09, 0xb1, 0x5b,
		'G',
	};
	struct net_syslog_setup setup = plain;

	(void)state;
	setup.format = NET_SYSLOG_CHARACTERS;
	start(&setup);
	log_line(VMM_LOG_INFO, "G\xff");
	net_poll(net, 0);
	assert_int_equal(fake.sent_count, 3);
	assert_memory_equal(fake.sent[0].data, plain.mac, 6);
	assert_int_equal(fake.sent[0].len, 14 + sizeof(want));
	assert_memory_equal(fake.sent[0].data + 14, want, sizeof(want));
	assert_true(sent(1, "\xff"));
	assert_true(sent(2, "\n"));
	stop();
	assert_int_equal(stats.lines, 1);
	assert_int_equal(stats.frames, 3);
}

static size_t rfc5424(uint64_t epoch, uint64_t usec, char *buf)
{
	struct net_syslog_setup setup = plain;
	struct vmm_log_line line = { .usec = usec, .level = VMM_LOG_WARNING,
				     .len = 3, .text = "a\nb" };

	setup.format = NET_SYSLOG_RFC5424;
	setup.epoch = epoch;
	return net_syslog_text(&setup, &line, buf, 200);
}

#define DAY UINT64_C(86400000000)
static void rfc5424_with_and_without_time(void **state)
{
	char buf[200];
	size_t n;

	(void)state;
	n = rfc5424(0, 12345678, buf);
	buf[n] = 0;
	assert_string_equal(buf, "<12>1 - 192.168.0.7 bitvisor - - "
			    "[meta sysUpTime=\"1234\"] ab");
	/* 2024-02-29, 19782 days after 1970. */
	rfc5424(19782 * DAY, DAY - 1, buf);
	assert_memory_equal(buf, "<12>1 2024-02-29T23:59:59.999999Z 192", 37);
	rfc5424(19782 * DAY, DAY, buf);
	assert_memory_equal(buf, "<12>1 2024-03-01T00:00:00.000000Z 192", 37);
	rfc5424(20454 * DAY, 0, buf);	/* a year's first day */
	assert_memory_equal(buf, "<12>1 2026-01-01T00:00:00.000000Z 192", 37);
	rfc5424(20453 * DAY, 3661000000, buf);
	assert_memory_equal(buf, "<12>1 2025-12-31T01:01:01.000000Z 192", 37);
}

/* An ARP packet of 192.168.0.<last> with the receiver's MAC address, seen on the
 * wire. */
static void arp(uint8_t operation, uint8_t last)
{
	static uint8_t frame[60];

	memcpy(frame, fake_mac, 6);
	memcpy(frame + 12, "\x08\x06\0\1\x08\0\6\4\0", 9);
	frame[21] = operation;
	memcpy(frame + 22, plain.mac, 6);
	memcpy(frame + 28, "\xc0\xa8\0", 3);
	frame[31] = last;
	fake_wire(&fake, frame, sizeof(frame));
}

/* When to poll again once all is done. */
static uint64_t settle(uint64_t now)
{
	uint64_t next;

	do
		next = net_poll(net, now);
	while (!next);
	return next;
}

static void the_receivers_address_is_asked_for(void **state)
{
	static const uint8_t request[] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0x52, 0x54, 0x00, 0x12, 0x34, 0x56, 0x08, 0x06,
		0, 1, 8, 0, 6, 4, 0, 1,
		0x52, 0x54, 0x00, 0x12, 0x34, 0x56, 192, 168, 0, 7,
		0, 0, 0, 0, 0, 0, 192, 168, 0, 1,
	};
	struct net_syslog_setup setup = plain;

	(void)state;
	memset(setup.mac, 0, 6);
	memcpy(setup.netmask, "\xff\xff\xff", 4);
	memcpy(setup.gateway, "\xc0\xa8\x00\x01", 4);
	setup.dst[2] = 9;		/* in another network: the gateway */
	start(&setup);
	log_line(VMM_LOG_INFO, "Hi");
	assert_int_equal(net_poll(net, 1), 0);
	assert_int_equal(net_poll(net, 1), 1000000);
	assert_int_equal(fake.sent_count, 1);
	assert_int_equal(fake.sent[0].len, sizeof(request));
	assert_memory_equal(fake.sent[0].data, request, sizeof(request));
	assert_int_equal(net_poll(net, 400001), 600000);
	assert_int_equal(fake.sent_count, 1);
	net_poll(net, 1000001);
	assert_int_equal(fake.sent_count, 2);	/* asked again */

	arp(2, 5);			/* somebody else */
	net_poll(net, 1000002);
	assert_int_equal(fake.sent_count, 2);
	arp(2, 1);
	assert_int_equal(settle(1000003), UINT64_MAX);
	assert_int_equal(fake.sent_count, 3);
	assert_memory_equal(fake.sent[2].data, plain.mac, 6);
	assert_true(sent(2, "bitvisor:Hi\n"));
	stop();
}

/* An old address serves until there is a new one; nobody is woken to ask. */
static void the_receivers_address_is_kept(void **state)
{
	struct net_syslog_setup setup = plain;

	(void)state;
	memset(setup.mac, 0, 6);
	memcpy(setup.netmask, "\xff\xff\xff", 4);
	start(&setup);
	log_line(VMM_LOG_INFO, "Hi");
	net_poll(net, 1);
	arp(1, 2);			/* it asks itself: RFC 826 */
	assert_int_equal(settle(2), UINT64_MAX);
	assert_true(sent(1, "bitvisor:Hi\n"));
	log_line(VMM_LOG_INFO, "fresh");
	assert_int_equal(settle(300000000), UINT64_MAX);
	assert_int_equal(fake.sent_count, 3);
	assert_int_equal(net_poll(net, 900000000), UINT64_MAX);
	assert_int_equal(fake.sent_count, 3);
	log_line(VMM_LOG_INFO, "old");
	settle(900000001);
	assert_int_equal(fake.sent_count, 5);
	assert_int_equal(fake.sent[3].data[13], 0x06);
	assert_true(sent(4, "bitvisor:old\n"));
	arp(2, 2);
	net_poll(net, 900000002);
	log_line(VMM_LOG_INFO, "new");
	assert_int_equal(settle(902000000), UINT64_MAX);
	assert_int_equal(fake.sent_count, 6);
	stop();
}

/* After some time it is asked for only when there is other work, too. */
static void a_receiver_that_is_gone_costs_nothing(void **state)
{
	struct net_syslog_setup setup = plain;
	uint64_t now = 1;

	(void)state;
	memset(setup.mac, 0, 6);
	memcpy(setup.netmask, "\xff\xff\xff", 4);
	start(&setup);
	log_line(VMM_LOG_INFO, "Hi");
	for (unsigned i = 1; i < 10; i++, now += 1000000) {
		assert_int_equal(settle(now), 1000000);
		assert_int_equal(fake.sent_count, i);
	}
	for (unsigned i = 10; i < 20; i++, now += 1000000) {
		assert_int_equal(settle(now), UINT64_MAX);
		assert_int_equal(fake.sent_count, i);
	}
	arp(2, 2);
	assert_int_equal(settle(now), UINT64_MAX);
	assert_true(sent(19, "bitvisor:Hi\n"));
	stop();
}

static unsigned woken;

static void wake(void *ctx)
{
	assert_ptr_equal(ctx, &woken);
	woken++;
}

static void new_lines_wake(void **state)
{
	struct net_syslog_setup setup = plain;
	struct vmm_log_line line = { .seq = 1 };

	(void)state;
	setup.wake = wake;
	setup.wake_ctx = &woken;
	start(&setup);
	assert_non_null(attached);
	log_line(VMM_LOG_INFO, "one");
	log_line(VMM_LOG_INFO, "two");
	attached->emit(attached, &line, 0);
	assert_int_equal(woken, 1);
	/* With neither room nor link both wait, and for nothing but that. */
	fake.nic.link.up = false;
	assert_int_equal(net_poll(net, 0), UINT64_MAX);
	net_syslog_get_stats(sender, &stats);
	assert_int_equal(stats.waiting, 2);
	fake.nic.link.up = true;
	net_poll(net, 1000000);
	net_syslog_get_stats(sender, &stats);
	assert_int_equal(stats.waiting, 0);
	assert_int_equal(stats.lines, 2);
	stop();
	assert_null(attached);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_datagram_byte_by_byte),
		cmocka_unit_test(a_sum_of_zero),
		cmocka_unit_test(all_lines_from_the_first_as_whole_lines),
		cmocka_unit_test(a_burst_of_a_thousand_lines),
		cmocka_unit_test(what_the_log_has_forgotten_is_told),
		cmocka_unit_test(one_character_in_a_frame),
		cmocka_unit_test(rfc5424_with_and_without_time),
		cmocka_unit_test(the_receivers_address_is_asked_for),
		cmocka_unit_test(the_receivers_address_is_kept),
		cmocka_unit_test(a_receiver_that_is_gone_costs_nothing),
		cmocka_unit_test(new_lines_wake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
