/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>
#include "virtio_segments.h"

#define REQUIRE(x) do { if (!(x)) abort(); } while (0)
#define ETH	14u
#define HDR	sizeof(struct w_hdr)

static void put16(uint8_t *p, unsigned value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

static void put32(uint8_t *p, uint32_t value)
{
	put16(p, value >> 16);
	put16(p + 2, value & 0xffff);
}

static unsigned get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* RFC 1071, byte by byte. */
static unsigned sum(unsigned start, const uint8_t *p, uint32_t len)
{
	uint32_t i;
	unsigned s = start;

	for (i = 0; i < len; i++) {
		s += i & 1 ? p[i] : (unsigned)p[i] << 8;
		s = (s & 0xffff) + (s >> 16);
	}
	return s;
}

static bool is_v6(const uint8_t *f)
{
	return f[12] == 0x86;
}

static unsigned tcp_at(const uint8_t *f)
{
	return is_v6(f) ? ETH + 40 : ETH + 20;
}

unsigned s_tcp(const struct s_frame *f)
{
	return tcp_at(f->byte);
}

static unsigned pseudo(const uint8_t *f, uint32_t len)
{
	unsigned s = is_v6(f) ? sum(0, f + 22, 32) : sum(0, f + 26, 8);

	s += 6 + len - tcp_at(f);
	return (s & 0xffff) + (s >> 16);
}

static void sum_ip(uint8_t *f)
{
	if (is_v6(f))
		return;
	put16(f + 24, 0);
	put16(f + 24, ~sum(0, f + ETH, 20) & 0xffff);
}

static void sum_tcp(uint8_t *f, uint32_t len)
{
	unsigned tcp = tcp_at(f);

	put16(f + tcp + 16, 0);
	put16(f + tcp + 16, ~sum(pseudo(f, len), f + tcp, len - tcp) & 0xffff);
}

void s_sum_ip(struct s_frame *f)
{
	sum_ip(f->byte);
}

void s_sum_tcp(struct s_frame *f)
{
	sum_tcp(f->byte, f->len);
}

/* --- the sender --- */

static void make_ip(const struct s_flow *flow, uint8_t *f, uint32_t len)
{
	memcpy(f, world_mac, 6);
	memcpy(f + 6, "\x02\x00\x00\x00\x00\x01", 6);
	put16(f + 12, flow->v6 ? 0x86dd : 0x0800);
	if (flow->v6) {
		put32(f + 14, 0x60000000u | (uint32_t)flow->tos << 20 | 0x12345);
		put16(f + 18, len - ETH - 40);
		f[20] = 6;
		f[21] = flow->ttl;
		memcpy(f + 22, "\xfd\0\0\0\0\0\0\1\0\0\0\0\0\0\0\2", 16);
		memcpy(f + 38, "\xfd\0\0\0\0\0\0\1\0\0\0\0\0\0\0\7", 16);
		return;
	}
	f[14] = 0x45;
	f[15] = flow->tos;
	put16(f + 16, len - ETH);
	put16(f + 18, flow->id);
	put16(f + 20, flow->df ? 0x4000 : 0);
	f[22] = flow->ttl;
	f[23] = 6;
	memcpy(f + 26, "\x0a\x00\x02\x02\x0a\x00\x02\x0f", 8);
	sum_ip(f);
}

void s_make(struct s_flow *flow, struct s_frame *f, uint32_t payload,
	    unsigned flags)
{
	unsigned tcp = ETH + (flow->v6 ? 40 : 20);
	uint8_t *t = f->byte + tcp;
	uint32_t i;

	memset(f, 0, sizeof(*f));
	f->len = tcp + 20 + flow->options_len + payload;
	REQUIRE(f->len <= S_FRAME_MAX);
	make_ip(flow, f->byte, f->len);
	put16(t, 80);
	put16(t + 2, flow->port);
	put32(t + 4, flow->seq);
	put32(t + 8, flow->ack);
	t[12] = (uint8_t)((20 + flow->options_len) / 4 << 4);
	t[13] = (uint8_t)(S_ACK | flags);
	put16(t + 14, flow->window);
	memcpy(t + 20, flow->options, flow->options_len);
	for (i = 0; i < payload; i++)
		t[20 + flow->options_len + i] = (uint8_t)
			(((flow->seq + i) * 2654435761u + flow->port) >> 24);
	sum_tcp(f->byte, f->len);
	flow->seq += payload;
	flow->id = (uint16_t)(flow->id + flow->id_step);
}

/* --- changes --- */

static const struct {
	unsigned at;
	uint8_t bits;
} ip_change[] = {
	[IP_TOS] = { 15, 1 }, [IP_TTL] = { 22, 1 }, [IP_DF] = { 20, 0x40 },
	[IP_ID] = { 19, 4 }, [IP_MORE] = { 20, 0x20 }, [IP_OFFSET] = { 21, 1 },
	[IP_OPTIONS] = { 14, 3 }, [IP_SUM] = { 24, 1 },
	[MAC_SOURCE] = { 11, 1 }, [ARP] = { 13, 6 }, [UDP] = { 23, 0x17 },
}, tcp_change[] = {
	[TCP_PORT] = { 1, 1 }, [TCP_ACK] = { 11, 1 }, [TCP_WINDOW] = { 15, 1 },
	[TCP_OPTIONS] = { 23, 1 }, [TCP_FIN] = { 13, 1 }, [TCP_SYN] = { 13, 2 },
	[TCP_RST] = { 13, 4 }, [TCP_URG] = { 13, 32 }, [TCP_ECE] = { 13, 64 },
	[TCP_CWR] = { 13, 128 }, [TCP_NO_ACK] = { 13, 16 },
	[TCP_RESERVED] = { 12, 1 }, [TCP_URGENT] = { 19, 1 },
	[SEQ_GAP] = { 6, 1 }, [SEQ_AGAIN] = { 4, 0 },
};

void s_change(struct s_frame *f, unsigned what)
{
	if (what == VLAN_TAG) {
		memmove(f->byte + 16, f->byte + 12, f->len - 12);
		memcpy(f->byte + 12, "\x81\x00\x00\x07", 4);
		f->len += 4;
	} else if (what == PADDING) {
		f->len += 6;
	} else if (what < VMM_ARRAY_SIZE(ip_change) && ip_change[what].at) {
		f->byte[ip_change[what].at] ^= ip_change[what].bits;
		if (what != IP_SUM)
			sum_ip(f->byte);
	} else if (what < VMM_ARRAY_SIZE(tcp_change)) {
		f->byte[tcp_at(f->byte) + tcp_change[what].at] ^=
			tcp_change[what].bits;
		sum_tcp(f->byte, f->len);
	}
}

/* --- the receiver --- */

void s_buffers(struct world *w, unsigned count, uint32_t size)
{
	unsigned i;

	for (i = 0; i < count; i++) {
		struct w_buf b = { world_alloc(w, size, 64), size, true };

		driver_add(w, 0, (uint16_t)i, &b, 1, false);
	}
	driver_kick(w, 0);
}

bool s_next(struct world *w, struct s_packet *p)
{
	uint32_t id, len;
	unsigned i;

	p->h.num_buffers = 1;
	p->len = 0;
	for (i = 0; i < p->h.num_buffers; i++) {
		const struct w_desc *d;
		uint32_t skip = i ? 0 : HDR;

		if (!driver_used(w, 0, &id, &len)) {
			REQUIRE(!i);
			return false;
		}
		d = driver_desc(w, 0, id);
		p->head[i] = (uint16_t)id;
		if (!i)
			memcpy(&p->h, world_at(w, d->addr), HDR);
		REQUIRE(p->h.num_buffers && p->h.num_buffers <= 64);
		REQUIRE(len <= d->len && len > skip);
		REQUIRE(len == d->len || i + 1 == p->h.num_buffers);
		REQUIRE(p->len + len - skip <= sizeof(p->byte));
		memcpy(p->byte + p->len,
		       (uint8_t *)world_at(w, d->addr) + skip, len - skip);
		p->len += len - skip;
	}
	return true;
}

static struct s_frame *append(struct s_list *to)
{
	REQUIRE(to->count < S_FRAMES);
	return &to->frame[to->count++];
}

/* What the specification says of the header (5.1.6.4.1). */
static void check_header(const struct s_packet *p)
{
	const uint8_t *f = p->byte;
	unsigned tcp = tcp_at(f);

	REQUIRE(p->h.flags == 1);
	REQUIRE(p->h.gso_type == (is_v6(f) ? 4 : 1));
	REQUIRE(p->h.csum_start == tcp && p->h.csum_offset == 16);
	REQUIRE(p->h.hdr_len == tcp + (f[tcp + 12] >> 4) * 4u);
	REQUIRE(p->h.gso_size && p->len > p->h.hdr_len + p->h.gso_size);
	REQUIRE(get16(f + tcp + 16) == pseudo(f, p->len));
	if (is_v6(f)) {
		REQUIRE(get16(f + 18) == p->len - ETH - 40);
	} else {
		REQUIRE(get16(f + 16) == p->len - ETH);
		REQUIRE(sum(0, f + ETH, 20) == 0xffff);
	}
}

static void cut_one(const struct s_packet *p, unsigned n, uint16_t id_step,
		    struct s_frame *f)
{
	uint32_t at = p->h.hdr_len + n * p->h.gso_size, left = p->len - at;
	unsigned tcp = tcp_at(p->byte);
	uint32_t part = left < p->h.gso_size ? left : p->h.gso_size;
	uint8_t *t = f->byte + tcp;

	memset(f, 0, sizeof(*f));
	f->len = p->h.hdr_len + part;
	REQUIRE(f->len <= S_FRAME_MAX);
	memcpy(f->byte, p->byte, p->h.hdr_len);
	memcpy(f->byte + p->h.hdr_len, p->byte + at, part);
	put32(t + 4, (get16(t + 4) << 16 | get16(t + 6)) + n * p->h.gso_size);
	if (left > part)
		t[13] &= (uint8_t)~S_PSH;
	if (is_v6(f->byte)) {
		put16(f->byte + 18, f->len - ETH - 40);
	} else {
		put16(f->byte + 16, f->len - ETH);
		put16(f->byte + 18, get16(f->byte + 18) + n * id_step);
	}
	sum_ip(f->byte);
	sum_tcp(f->byte, f->len);
}

void s_cut(const struct s_packet *p, uint16_t id_step, struct s_list *to)
{
	unsigned n;

	if (!p->h.gso_type) {
		struct s_frame *f = append(to);

		REQUIRE(p->len <= S_FRAME_MAX && p->h.num_buffers == 1);
		REQUIRE(!(p->h.flags & 1) && !p->h.gso_size);
		memset(f, 0, sizeof(*f));
		f->len = p->len;
		memcpy(f->byte, p->byte, p->len);
		return;
	}
	check_header(p);
	for (n = 0; p->h.hdr_len + n * p->h.gso_size < p->len; n++)
		cut_one(p, n, id_step, append(to));
}

unsigned s_take(struct world *w, uint16_t id_step, struct s_list *to)
{
	static struct s_packet p;
	unsigned n = 0;

	for (; s_next(w, &p); n++)
		s_cut(&p, id_step, to);
	return n;
}
