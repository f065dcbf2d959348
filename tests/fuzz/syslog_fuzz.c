/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lines of any bytes, frames of any bytes from the wire (answers to ARP among
 * them), a ring that is full at times, in any order: each datagram is one line,
 * whole and in order, its lengths and sums are right, and none is lost but with
 * a word.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bvnet/syslog.h>
#include "net_fake.h"
#include "wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HELD	64u		/* lines of the log */
#define EVER	4096u		/* that an input can have */
#define HEADERS	42u
#define WHO	"bitvisor:"

static void check(bool ok)
{
	if (!ok)
		abort();
}

/* --- a log --- */

static struct {
	uint8_t text[255];
	uint8_t len, level;
} lines[EVER];
static uint64_t log_next, told;	/* the next that must be sent */

bool vmm_log_read(uint64_t *seq, struct vmm_log_line *line, char *buf,
		  size_t size)
{
	uint64_t first = log_next > HELD ? log_next - HELD : 0;

	if (*seq < first)
		*seq = first;
	if (*seq >= log_next)
		return false;
	line->seq = *seq;
	line->usec = 1000 * *seq;
	line->level = (enum vmm_log_level)lines[*seq].level;
	line->len = lines[*seq].len;
	line->text = buf;
	check(line->len <= size);
	memcpy(buf, lines[*seq].text, line->len);
	(*seq)++;
	return true;
}

void vmm_log_attach(struct vmm_log_sink *sink)
{
	(void)sink;
}

void vmm_log_detach(struct vmm_log_sink *sink)
{
	(void)sink;
}

static void add_line(const uint8_t *text, uint8_t len, uint8_t level)
{
	uint64_t i = log_next;

	if (i == EVER)
		return;
	log_next++;
	memcpy(lines[i].text, text, len);
	lines[i].len = len;
	lines[i].level = level;
}

/* --- what is sent --- */

static struct net_syslog_setup setup;

static uint16_t sum(const uint8_t *p, size_t n, uint32_t s)
{
	for (size_t i = 0; i < n; i++)
		s += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)s;
}

static bool is_line(uint64_t i, const char *text, size_t n)
{
	char wanted[400] = WHO;
	size_t k = sizeof(WHO) - 1;

	for (unsigned at = 0; at < lines[i].len; at++) {
		uint8_t c = lines[i].text[at];

		if (c >= 0x20 && c < 0x7f)
			wanted[k++] = (char)c;
	}
	wanted[k++] = '\n';
	return k == n && !memcmp(text, wanted, n);
}

/* A datagram of the line that comes next, or of the words about those that the
 * log has forgotten.  All levels are sent. */
static void check_text(const char *text, size_t n)
{
	unsigned long long lost;

	if (told < log_next && is_line(told, text, n)) {
		told++;
		return;
	}
	check(sscanf(text, WHO "(%llu lines lost)", &lost) == 1 && lost);
	told += lost;
	check(told + HELD <= log_next);
}

static void check_frame(const uint8_t *f, uint32_t len)
{
	uint32_t n = len - HEADERS;
	uint32_t pseudo = 17 + 8 + n;

	if (f[12] == 8 && f[13] == 6) {
		check(setup.format != NET_SYSLOG_CHARACTERS && len == 42);
		return;
	}
	check(len > HEADERS && f[12] == 8 && f[13] == 0);
	check((uint32_t)(f[16] << 8 | f[17]) == len - 14);
	check((uint32_t)(f[38] << 8 | f[39]) == len - 34);
	check(sum(f + 14, 20, 0) == 0xffff);
	check(f[40] | f[41]);
	check(sum(f + 26, len - 26, pseudo) == 0xffff);
	if (setup.format == NET_SYSLOG_CHARACTERS)
		check(n == 1);
	else if (setup.format == NET_SYSLOG_RFC5424)
		check(f[HEADERS] == '<');
	if (setup.format == NET_SYSLOG_PLAIN) {
		char text[1600] = { 0 };

		memcpy(text, f + HEADERS, n);
		check_text(text, n);
	}
}

/* --- in any order --- */

static struct fake_nic fake;
static struct vmm_pagepool pool;

static void look(void)
{
	for (unsigned i = 0; i < fake.sent_count; i++)
		check_frame(fake.sent[i].data, fake.sent[i].len);
	fake_clear(&fake);
}

/* With room, and the receiver known, all goes out. */
static void finish(struct net *net, struct net_syslog *sender, uint64_t now)
{
	struct net_syslog_stats stats = { 0 };
	uint64_t before;

	fake.tx_room = FAKE_MAX;
	do {
		before = stats.frames;
		net_poll(net, now += 1000000);
		look();
		net_syslog_get_stats(sender, &stats);
	} while (stats.frames != before);
	if (stats.waiting_arp)
		return;
	if (setup.format != NET_SYSLOG_PLAIN)
		return;
	check(told == log_next);
}

static uint64_t run(struct net *net, const uint8_t *at, const uint8_t *end)
{
	uint64_t now = 1;

	while (end - at >= 2) {
		unsigned what = at[0] % 8, n = at[1];

		at += 2;
		if (n > end - at)
			n = (unsigned)(end - at);
		if (what < 4) {
			add_line(at, (uint8_t)n, what + 3);
			at += n;
		} else if (what == 4) {
			fake_wire(&fake, at, n);
			net_poll(net, now);
			at += n;
		} else if (what == 5) {
			fake.tx_room = n % 8;
		} else {
			now += (uint64_t)n * n * 1000;
			net_poll(net, now);
		}
		look();
	}
	return now;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t known[6] = { 2, 0, 0, 0, 0, 1 };
	struct net_syslog *sender;
	struct net *net;

	if (size < 4)
		return 0;
	setup = (struct net_syslog_setup){
		.format = (enum net_syslog_format)(data[0] % 3),
		.level = VMM_LOG_INFO,
		.src = { 10, 0, 0, 9 }, .dst = { 10, 0, data[1], 2 },
		.netmask = { 255, 255, 255, 0 },
		.gateway = { 10, 0, 0, data[2] },
		.epoch = data[3] * UINT64_C(0x3b9aca00112233),
	};
	if (data[0] & 0x80)
		memcpy(setup.mac, known, 6);
	log_next = told = 0;
	fake_nic_init(&fake);
	fake_pool_init(&pool, 400);
	check(net_create(NET_MODE_NONE, &fake.nic, &pool, &net) == 0);
	net_start(net);
	check(net_syslog_start(net, &setup, &pool, &sender) == 0);
	finish(net, sender, run(net, data + 4, data + size));
	net_syslog_stop(sender);
	net_destroy(net);
	fake_clear(&fake);
	fake_pool_free();
	return 0;
}
