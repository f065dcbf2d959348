/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>
#include "e1000_model.h"
#include "pro1000/regs.h"

static uint32_t *reg(struct model *m, uint32_t r)
{
	if (r >= sizeof(m->reg) || r % 4)
		abort();	/* the driver may not do that */
	return &m->reg[r / 4];
}

static uint32_t rdbal(const struct model *m)
{
	return m->old_rings ? REG_82542_RDBAL : REG_RDBAL;
}

static uint32_t tdbal(const struct model *m)
{
	return m->old_rings ? REG_82542_TDBAL : REG_TDBAL;
}

/* 82576 and later with MSI-X: causes have one bit for each vector. */
static bool by_vectors(struct model *m)
{
	return m->advanced && *reg(m, REG_GPIE) & GPIE_MULTIPLE;
}

static void vector_cause(struct model *m, uint32_t bits)
{
	*reg(m, REG_EICR) |= bits;
	if (*reg(m, REG_EICR) & *reg(m, REG_EIMS))
		m->irqs++;
}

/* By one byte of the vector tables. */
static void allocated_cause(struct model *m, uint32_t table, unsigned byte)
{
	uint32_t entry = *reg(m, table) >> 8 * byte & 0xff;

	if (entry & 0x80)
		vector_cause(m, BIT(entry & 31));
}

static void cause(struct model *m, uint32_t bits)
{
	uint32_t before = *reg(m, REG_ICR) & *reg(m, REG_IMS), now;

	*reg(m, REG_ICR) |= bits;
	now = *reg(m, REG_ICR) & *reg(m, REG_IMS);
	if (!by_vectors(m))
		m->irqs += now != 0;
	else if (now & ~before)
		allocated_cause(m, REG_IVAR_MISC, 1);
}

static void frame_received(struct model *m)
{
	if (by_vectors(m))
		allocated_cause(m, REG_IVAR_IGB, 0);
	else
		cause(m, m->irq.mode == NIC_IRQ_MSIX ? ICR_RXQ0 : ICR_RXT0);
}

static void frame_sent(struct model *m)
{
	if (by_vectors(m))
		allocated_cause(m, REG_IVAR_IGB, 1);
	else
		cause(m, m->irq.mode == NIC_IRQ_MSIX ? ICR_TXQ0 : ICR_TXDW);
}

static void after_reset(struct model *m)
{
	uint32_t ra = m->old_rings ? REG_82542_RA : REG_RA;

	memset(m->reg, 0, sizeof(m->reg));
	*reg(m, ra) = (uint32_t)m->mac[0] | (uint32_t)m->mac[1] << 8 |
		(uint32_t)m->mac[2] << 16 | (uint32_t)m->mac[3] << 24;
	*reg(m, ra + 4) = (uint32_t)m->mac[4] | (uint32_t)m->mac[5] << 8 |
		RAH_AV;
	*reg(m, REG_STATUS) = STATUS_GIO_MASTER_ENABLE;
	if (m->link)
		*reg(m, REG_STATUS) |= STATUS_LU | STATUS_FD | 2 << 6;
}

static uint32_t model_read(void *ctx, uint32_t r)
{
	struct model *m = ctx;
	uint32_t value = *reg(m, r);

	if (m->gone)
		return UINT32_MAX;
	if (r == REG_ICR)
		*reg(m, r) = 0;
	if (r == REG_MPC || r == REG_CRCERRS)
		*reg(m, r) = 0;
	if (m->queue_hangs && (r == REG_RXDCTL || r == REG_TXDCTL))
		value &= ~QUEUE_ENABLE;
	return value;
}

static void write_ctrl(struct model *m, uint32_t value)
{
	if (value & CTRL_RST) {
		m->resets++;
		after_reset(m);
		if (m->reset_hangs)
			*reg(m, REG_CTRL) = CTRL_RST;
		return;
	}
	*reg(m, REG_CTRL) = value;
	if (value & CTRL_GIO_MASTER_DISABLE)
		*reg(m, REG_STATUS) &= ~STATUS_GIO_MASTER_ENABLE;
}

/* The words of the EEPROM hold the address that the card was made with. */
static void read_eeprom(struct model *m, uint32_t value)
{
	uint32_t word = value >> EERD_ADDRESS_SHIFT & 0xff;

	*reg(m, REG_EERD) = value;
	if (value & EERD_START && word < 3 && !m->eeprom_hangs)
		*reg(m, REG_EERD) = EERD_DONE | (uint32_t)(
			m->mac[word * 2] | m->mac[word * 2 + 1] << 8) <<
			EERD_DATA_SHIFT;
}

/* The PHY's control register: negotiate (bit 12), and do it anew (bit 9). */
static void write_phy(struct model *m, uint32_t value)
{
	if (m->lazy_phy && (value & 0x0fff1200) == 0x04201200)
		model_link(m, true);
}

static void model_write(void *ctx, uint32_t r, uint32_t value)
{
	struct model *m = ctx;

	if (m->gone)
		return;
	switch (r) {
	case REG_CTRL:
		write_ctrl(m, value);
		break;
	case REG_ICR:
		*reg(m, r) &= ~value;
		break;
	case REG_ICS:
		cause(m, value);
		break;
	case REG_IMS:
		*reg(m, REG_IMS) |= value;
		cause(m, 0);
		break;
	case REG_IMC:
		*reg(m, REG_IMS) &= ~value;
		break;
	case REG_EICR:
		*reg(m, r) &= ~value;
		break;
	case REG_EICS:
		vector_cause(m, value);
		break;
	case REG_EIMS:
		*reg(m, r) |= value;
		vector_cause(m, 0);
		break;
	case REG_EIMC:
		*reg(m, REG_EIMS) &= ~value;
		break;
	case REG_STATUS:
		break;
	case REG_EERD:
		read_eeprom(m, value);
		break;
	case REG_MDIC:
		write_phy(m, value);
		break;
	default:
		*reg(m, r) = value;
	}
}

static void model_wait(void *ctx, uint32_t usec)
{
	struct model *m = ctx;

	m->waited += usec;
	if (m->runs_meanwhile)
		model_run(m);
}

static void *model_pages(void *ctx, uint64_t count)
{
	struct model *m = ctx;
	void *p = m->no_pages ? NULL : aligned_alloc(4096, count * 4096);

	if (p)
		memset(p, 0, count * 4096);
	m->memory[m->memories++] = p;
	return p;
}

static void model_hold(void *ctx, bool on)
{
	struct model *m = ctx;

	if (m->held == on)
		abort();
	m->held = on;
	m->holds += on;
}

static bool model_readable(void *ctx, uint64_t pa, uint64_t len)
{
	(void)ctx;
	return pa && len;
}

static int model_set_irq(void *ctx, const struct nic_irq *irq)
{
	((struct model *)ctx)->irq = *irq;
	return 0;
}

static int model_take(void *ctx)
{
	struct model *m = ctx;

	m->taken++;
	return m->take_error;
}

struct model *model_create(void)
{
	static const uint8_t mac[6] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };
	struct model *m = calloc(1, sizeof(*m));

	memcpy(m->mac, mac, 6);
	m->link = true;
	after_reset(m);
	return m;
}

void model_free(struct model *m)
{
	while (m->memories)
		free(m->memory[--m->memories]);
	free(m);
}

struct pro1000_world model_world(struct model *m, uint16_t device)
{
	return (struct pro1000_world){
		.device = device,
		.caps = NIC_CAP_MSI | NIC_CAP_MSIX,
		.ctx = m,
		.read = model_read,
		.write = model_write,
		.wait = model_wait,
		.pages = model_pages,
		.set_irq = model_set_irq,
		.take = model_take,
		.hold = model_hold,
		.readable = model_readable,
	};
}

void model_link(struct model *m, bool up)
{
	m->link = up;
	*reg(m, REG_STATUS) &= ~(STATUS_LU | STATUS_FD | 3 << 6);
	if (up)
		*reg(m, REG_STATUS) |= STATUS_LU | STATUS_FD | 2 << 6;
	cause(m, ICR_LSC);
}

static struct pro1000_desc *ring(struct model *m, uint32_t base)
{
	return (void *)(uintptr_t)(*reg(m, base) |
				   (uint64_t)*reg(m, base + RING_BAH) << 32);
}

/* ---- transmit ---- */

static uint32_t sum(const uint8_t *p, uint32_t len, uint32_t s)
{
	for (uint32_t i = 0; i < len; i++)
		s += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static void send_one(struct model *m, const uint8_t *data, uint32_t len)
{
	struct model_frame *f = &m->sent[m->sent_count % MODEL_FRAMES];

	if (len > sizeof(f->data))
		abort();
	f->len = len;
	memcpy(f->data, data, len);
	if (m->ixsm)
		put16(f->data + m->ipcso,
		      ~sum(f->data + m->ipcss, m->tucss - m->ipcss, 0));
	if (m->txsm)
		put16(f->data + m->tucso,
		      ~sum(f->data + m->tucss, len - m->tucss, 0));
	m->sent_count++;
}

/* Segmentation as the 8254x manual has it (3.5.5). */
static void send_segments(struct model *m)
{
	uint32_t at = m->hdr_len, payload;
	uint8_t seg[2048];
	uint32_t seq, first;

	memcpy(seg, m->frame, m->hdr_len);
	memcpy(&first, seg + m->tucss + 4, 4);
	first = __builtin_bswap32(first);
	for (; at < m->frame_len; at += payload) {
		uint32_t tcp, pseudo;

		payload = m->frame_len - at < m->mss ? m->frame_len - at :
			m->mss;
		if (m->hdr_len + payload > sizeof(seg))
			abort();
		memcpy(seg, m->frame, m->hdr_len);
		memcpy(seg + m->hdr_len, m->frame + at, payload);
		tcp = m->hdr_len - m->tucss + payload;
		if (m->ctx_ipv4)
			put16(seg + m->ipcss + 2, m->hdr_len + payload -
			      m->ipcss);
		else
			put16(seg + m->ipcss + 4, tcp);
		seq = __builtin_bswap32(first + at - m->hdr_len);
		memcpy(seg + m->tucss + 4, &seq, 4);
		pseudo = get16(seg + m->tucso) + tcp;
		put16(seg + m->tucso, (pseudo & 0xffff) + (pseudo >> 16));
		send_one(m, seg, m->hdr_len + payload);
	}
}

static void take_context(struct model *m, const struct pro1000_desc *d)
{
	m->mss = (uint16_t)(d->opt >> 16);
	if (m->advanced) {
		m->ipcss = (uint8_t)(d->addr >> 9 & 127);
		m->ipcso = (uint8_t)(m->ipcss + 10);
		m->tucss = (uint8_t)(m->ipcss + (d->addr & 511));
		m->ctx_tcp = d->cmd & TX_ADV_L4_TCP;
		m->tucso = (uint8_t)(m->tucss + (m->ctx_tcp ? 16 : 6));
		m->hdr_len = (uint8_t)(m->tucss + (d->opt >> 8 & 255));
		m->ctx_ipv4 = d->cmd & TX_ADV_IPV4;
		return;
	}
	m->ipcss = (uint8_t)d->addr;
	m->ipcso = (uint8_t)(d->addr >> 8);
	m->ipcse = (uint16_t)(d->addr >> 16);
	m->tucss = (uint8_t)(d->addr >> 32);
	m->tucso = (uint8_t)(d->addr >> 40);
	m->hdr_len = (uint8_t)(d->opt >> 8);
	m->ctx_ipv4 = d->cmd & TX_TUCMD_IP;
	m->ctx_tcp = d->cmd & TX_TUCMD_TCP;
}

static bool is_context(const struct model *m, const struct pro1000_desc *d)
{
	if (!(d->cmd & TX_DEXT))
		return false;
	return m->advanced ? (d->cmd >> 20 & 15) == 2 :
		(d->cmd >> 20 & 15) == 0;
}

static void take_data(struct model *m, struct pro1000_desc *d)
{
	bool ext = d->cmd & TX_DEXT;
	uint32_t len = d->cmd & (ext && !m->advanced ? 0xfffff : 0xffff);

	if (m->advanced && !ext)
		abort();	/* QEMU's igb knows no others */
	if (m->frame_len + len > sizeof(m->frame))
		abort();
	memcpy(m->frame + m->frame_len, (void *)(uintptr_t)d->addr, len);
	m->frame_len += len;
	if (!(d->cmd & TX_EOP))
		return;
	m->ixsm = ext && d->opt & TX_POPTS_IXSM;
	m->txsm = ext && d->opt & TX_POPTS_TXSM;
	m->tso = ext && d->cmd & (m->advanced ? TX_ADV_TSE : TX_TSE);
	if (m->advanced && d->opt >> 14 !=
	    m->frame_len - (m->tso ? m->hdr_len : 0))
		abort();
	if (m->tso)
		send_segments(m);
	else
		send_one(m, m->frame, m->frame_len);
	m->frame_len = 0;
	if (d->cmd & TX_RS) {
		d->opt |= TX_DD;
		frame_sent(m);
	}
}

static void run_queue(struct model *m, uint32_t base)
{
	uint32_t *head = reg(m, base + RING_HEAD);
	uint32_t count = *reg(m, base + RING_LEN) / 16;
	struct pro1000_desc *d = ring(m, base);

	while (count && *head != *reg(m, base + RING_TAIL)) {
		m->tx_descs++;
		if (is_context(m, &d[*head]))
			take_context(m, &d[*head]);
		else
			take_data(m, &d[*head]);
		*head = (*head + 1) % count;
	}
}

void model_run(struct model *m)
{
	if (m->gone || m->tx_stuck || !(*reg(m, REG_TCTL) & TCTL_EN))
		return;
	run_queue(m, tdbal(m));
	if (*reg(m, REG_TARC0 + REG_QUEUE1) & BIT(10) && !m->old_rings)
		run_queue(m, REG_TDBAL + REG_QUEUE1);
}

/* ---- receive ---- */

static bool extended(struct model *m)
{
	return m->advanced || *reg(m, REG_RFCTL) & RFCTL_EXSTEN;
}

/* The next descriptor that the NIC has, or NULL. */
static struct pro1000_desc *next_rx(struct model *m)
{
	uint32_t base = rdbal(m), *head = reg(m, base + RING_HEAD);
	struct pro1000_desc *d = ring(m, base) + *head;

	if (m->gone || !(*reg(m, REG_RCTL) & RCTL_EN))
		return NULL;
	if (*head == *reg(m, base + RING_TAIL)) {
		++*reg(m, REG_MPC);
		cause(m, ICR_RXO);
		return NULL;
	}
	*head = (*head + 1) % (*reg(m, base + RING_LEN) / 16);
	return d;
}

bool model_write_back(struct model *m, uint32_t cmd, uint32_t opt,
		      uint32_t bytes)
{
	struct pro1000_desc *d = next_rx(m);

	if (!d)
		return false;
	memset((void *)(uintptr_t)d->addr, 0xee, bytes);
	d->cmd = cmd;
	d->opt = opt;
	frame_received(m);
	return true;
}

static void report(struct model *m, struct pro1000_desc *d, uint32_t len,
		   bool last, uint8_t errors)
{
	uint32_t status = RX_DD | RX_TCPCS | (last ? RX_EOP : 0);

	if (extended(m)) {
		d->cmd = status | (uint32_t)(last ? errors : 0) << 24;
		d->opt = len;
	} else {
		d->cmd = len;
		d->opt = status | (uint32_t)(last ? errors : 0) << 8;
	}
}

static bool accepts(struct model *m, const uint8_t *data)
{
	static const uint8_t broadcast[6] = { 255, 255, 255, 255, 255, 255 };
	uint32_t ra = m->old_rings ? REG_82542_RA : REG_RA;
	uint32_t rctl = *reg(m, REG_RCTL), hash;

	if (!memcmp(data, broadcast, 6))
		return rctl & RCTL_BAM;
	if (rctl & (data[0] & 1 ? RCTL_MPE : RCTL_UPE))
		return true;
	for (uint32_t i = 0; i < 16; i++) {
		uint32_t low = *reg(m, ra + i * 8);
		uint32_t high = *reg(m, ra + i * 8 + 4);
		uint8_t mac[6] = { (uint8_t)low, (uint8_t)(low >> 8),
			(uint8_t)(low >> 16), (uint8_t)(low >> 24),
			(uint8_t)high, (uint8_t)(high >> 8) };

		if (high & RAH_AV && !memcmp(mac, data, 6))
			return true;
	}
	hash = data[4] >> 4 | (uint32_t)data[5] << 4;
	return data[0] & 1 && *reg(m, (m->old_rings ? REG_82542_MTA : REG_MTA) +
				   (hash >> 5) * 4) >> (hash & 31) & 1;
}

bool model_receive(struct model *m, const void *data, uint32_t len,
		   uint8_t errors)
{
	uint32_t crc = *reg(m, REG_RCTL) & RCTL_SECRC ? 0 : 4;
	uint8_t frame[16384 + 4];
	uint32_t at = 0;

	if (!accepts(m, data))
		return false;
	memcpy(frame, data, len);
	memset(frame + len, 0xcc, 4);
	len += crc;
	while (at < len) {
		struct pro1000_desc *d = next_rx(m);
		uint32_t n = len - at < 2048 ? len - at : 2048;

		if (!d)
			return false;
		memcpy((void *)(uintptr_t)d->addr, frame + at, n);
		at += n;
		report(m, d, n, at == len, errors);
	}
	frame_received(m);
	return true;
}
