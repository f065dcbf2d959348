/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checksums and segmentation.  What the frame asks for is checked against a
 * copy of its headers; where it does not fit, the frame is refused.
 */
#include <string.h>
#include <vmm/error.h>
#include "pro1000/pro1000.h"

#define ETH_LEN		14u
#define ETH_IPV4	0x0800u
#define ETH_IPV6	0x86ddu
#define ETH_VLAN	0x8100u
#define ETH_QINQ	0x88a8u
#define IPV6_LEN	40u
#define PROTO_TCP	6u
#define TCP_CSUM	16u	/* offset of the checksum in the header */
#define UDP_CSUM	6u

struct headers {
	uint32_t l3, l4;	/* where they begin */
	bool ipv4;
	uint8_t proto;		/* of what follows the IP header directly */
};

static uint32_t get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* Where the headers of a frame are, of which len bytes are at hdr. */
static int find_headers(const uint8_t *hdr, uint32_t len, struct headers *h)
{
	uint32_t type, l3 = ETH_LEN;

	if (len < ETH_LEN)
		return -EINVAL;
	type = get16(hdr + 12);
	while ((type == ETH_VLAN || type == ETH_QINQ) && l3 + 4 <= len &&
	       l3 < ETH_LEN + 8) {
		type = get16(hdr + l3 + 2);
		l3 += 4;
	}
	h->l3 = l3;
	h->ipv4 = type == ETH_IPV4;
	if (h->ipv4 && l3 + 20 <= len && hdr[l3] >> 4 == 4) {
		h->l4 = l3 + (hdr[l3] & 15u) * 4;
		h->proto = hdr[l3 + 9];
		return h->l4 < l3 + 20 ? -EINVAL : 0;
	}
	if (type == ETH_IPV6 && l3 + IPV6_LEN <= len && hdr[l3] >> 4 == 6) {
		h->l4 = l3 + IPV6_LEN;
		h->proto = hdr[l3 + 6];
		return 0;
	}
	return -EINVAL;
}

/* Checksum of the pseudo header without the length, which the NIC adds for
 * each segment (8254x, 3.5.5). */
static uint32_t pseudo_sum(const uint8_t *hdr, const struct headers *h)
{
	uint32_t from = h->l3 + (h->ipv4 ? 12 : 8);
	uint32_t bytes = h->ipv4 ? 8 : 32;
	uint32_t sum = PROTO_TCP;

	for (uint32_t i = 0; i < bytes; i += 2)
		sum += get16(hdr + from + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static int check_tso(const struct nic_tx *tx, uint32_t total,
		     const uint8_t *hdr, const struct headers *h)
{
	uint32_t kind = tx->flags & (NIC_TX_TSO4 | NIC_TX_TSO6);

	if (kind != (h->ipv4 ? NIC_TX_TSO4 : NIC_TX_TSO6) ||
	    h->proto != PROTO_TCP)
		return -EINVAL;
	if (tx->csum_start != h->l4 || tx->csum_offset != TCP_CSUM)
		return -EINVAL;
	if (h->l4 + 20 > tx->hdr_len || tx->hdr_len >= total || !tx->mss)
		return -EINVAL;
	if (h->l4 + (hdr[h->l4 + 12] >> 4) * 4u != tx->hdr_len)
		return -EINVAL;
	/* Segments must fit into what the NIC and the wire take. */
	return tx->hdr_len + (uint32_t)tx->mss > NIC_FRAME_MAX - 4 ?
		-EINVAL : 0;
}

static void prepare_tso(uint8_t *hdr, const struct headers *h)
{
	if (h->ipv4) {
		put16(hdr + h->l3 + 2, 0);	/* total length */
		put16(hdr + h->l3 + 10, 0);	/* checksum */
	} else {
		put16(hdr + h->l3 + 4, 0);	/* payload length */
	}
	put16(hdr + h->l4 + TCP_CSUM, pseudo_sum(hdr, h));
}

/* TCP/IP context descriptor (8254x, 3.3.6).  The NIC itself does not need to
 * understand a frame with CSUM alone: it sums up from one offset to the end
 * and stores at another. */
static void context_extended(const struct nic_tx *tx, uint32_t total,
			     const struct headers *h,
			     struct pro1000_offload *out)
{
	uint32_t ipcss = tx->flags & NIC_TX_CSUM && h ? h->l3 : 0;
	uint32_t l4 = (uint32_t)tx->csum_start |
		((uint32_t)tx->csum_start + tx->csum_offset) << 8;
	uint32_t ip = 0;

	out->context.cmd = TX_DEXT;
	out->context.opt = 0;
	out->cmd = TX_DEXT | TX_DTYP_DATA;
	out->opt = TX_POPTS_TXSM;
	if (h) {
		if (h->ipv4)
			ip = ipcss | (ipcss + 10) << 8 | (h->l4 - 1) << 16;
		else
			ip = ipcss | (h->l4 - 1) << 16;
		out->context.cmd |= TX_TUCMD_TCP | TX_TSE |
			(h->ipv4 ? TX_TUCMD_IP : 0) | (total - tx->hdr_len);
		out->context.opt = (uint32_t)tx->hdr_len << 8 |
			(uint32_t)tx->mss << 16;
		out->cmd |= TX_TSE;
		if (h->ipv4)
			out->opt |= TX_POPTS_IXSM;
	}
	out->context.addr = ip | (uint64_t)l4 << 32;
}

/* Advanced context descriptor (82576, 7.2.2.2), for frames it knows. */
static void context_advanced(const struct nic_tx *tx, uint32_t total,
			     const struct headers *h, bool tso,
			     struct pro1000_offload *out)
{
	uint32_t payload = tso ? total - tx->hdr_len : total;

	out->context.addr = (h->l4 - h->l3) | h->l3 << 9;
	out->context.cmd = TX_DEXT | TX_DTYP_ADV_CTX |
		(h->ipv4 ? TX_ADV_IPV4 : 0) |
		(tx->csum_offset == TCP_CSUM ? TX_ADV_L4_TCP : 0);
	out->context.opt = 0;
	out->cmd = TX_DEXT | TX_DTYP_ADV_DATA;
	out->opt = TX_POPTS_TXSM | payload << 14;
	if (tso) {
		out->context.opt = (uint32_t)tx->mss << 16 |
			(uint32_t)(tx->hdr_len - h->l4) << 8;
		out->cmd |= TX_ADV_TSE;
		if (h->ipv4)
			out->opt |= TX_POPTS_IXSM;
	}
}

static int checksum_only(const struct pro1000 *p, const struct nic_tx *tx,
			 uint32_t total, const uint8_t *hdr, uint32_t len,
			 struct pro1000_offload *out)
{
	struct headers h;

	/* Offsets have 8 bits in the descriptor. */
	if (tx->csum_start + tx->csum_offset > 255 ||
	    (uint32_t)tx->csum_start + tx->csum_offset + 2 > total)
		return -EINVAL;
	if (!pro1000_has(p, PRO1000_ADVANCED)) {
		context_extended(tx, total, NULL, out);
		return 0;
	}
	if (find_headers(hdr, len, &h) || tx->csum_start <= h.l3 ||
	    (tx->csum_offset != TCP_CSUM && tx->csum_offset != UDP_CSUM))
		return -EINVAL;
	h.l4 = tx->csum_start;	/* behind extension headers, too */
	context_advanced(tx, total, &h, false, out);
	return 0;
}

int pro1000_offload(const struct pro1000 *p, const struct nic_tx *tx,
		    uint32_t total, uint8_t *hdr, uint32_t len,
		    struct pro1000_offload *out)
{
	struct headers h;

	memset(out, 0, sizeof(*out));
	if (!(tx->flags & (NIC_TX_TSO4 | NIC_TX_TSO6)))
		return checksum_only(p, tx, total, hdr, len, out);
	if (!(tx->flags & NIC_TX_CSUM) || len < tx->hdr_len ||
	    find_headers(hdr, tx->hdr_len, &h) ||
	    check_tso(tx, total, hdr, &h))
		return -EINVAL;
	prepare_tso(hdr, &h);
	if (pro1000_has(p, PRO1000_ADVANCED))
		context_advanced(tx, total, &h, true, out);
	else
		context_extended(tx, total, &h, out);
	return 0;
}
