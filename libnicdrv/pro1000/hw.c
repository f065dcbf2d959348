/* SPDX-License-Identifier: BSD-3-Clause */
/* Reset, start, link and filter: all that is registers only. */
#include <string.h>
#include <vmm/error.h>
#include "pro1000/pro1000.h"

uint32_t pro1000_rdbal(const struct pro1000 *p)
{
	return pro1000_has(p, PRO1000_OLD_RINGS) ? REG_82542_RDBAL : REG_RDBAL;
}

uint32_t pro1000_tdbal(const struct pro1000 *p)
{
	return pro1000_has(p, PRO1000_OLD_RINGS) ? REG_82542_TDBAL : REG_TDBAL;
}

uint32_t pro1000_ra(const struct pro1000 *p)
{
	return pro1000_has(p, PRO1000_OLD_RINGS) ? REG_82542_RA : REG_RA;
}

/* Let pending accesses to memory end before the reset cuts them off (82574
 * datasheet, 3.1.3.10); if they do not, the reset has to do. */
static void stop_master(struct pro1000 *p)
{
	unsigned wait = 10;

	if (!pro1000_has(p, PRO1000_EXPRESS))
		return;
	pro1000_write(p, REG_CTRL, pro1000_read(p, REG_CTRL) |
		      CTRL_GIO_MASTER_DISABLE);
	while (pro1000_read(p, REG_STATUS) & STATUS_GIO_MASTER_ENABLE &&
	       wait--)
		p->w.wait(p->w.ctx, 10);
}

void pro1000_reset_begin(struct pro1000 *p)
{
	pro1000_write(p, REG_IMC, UINT32_MAX);
	pro1000_write(p, REG_RCTL, 0);
	pro1000_write(p, REG_TCTL, TCTL_PSP);
	stop_master(p);
	pro1000_write(p, REG_CTRL, pro1000_read(p, REG_CTRL) | CTRL_RST);
	/* Registers must not be touched for a microsecond; DMA is over. */
	p->w.wait(p->w.ctx, 5);
}

static void ring_start(struct pro1000 *p, uint32_t reg,
		       const volatile void *ring, uint32_t bytes)
{
	uint64_t pa = (uintptr_t)ring;

	pro1000_write(p, reg, (uint32_t)pa);
	pro1000_write(p, reg + RING_BAH, (uint32_t)(pa >> 32));
	pro1000_write(p, reg + RING_LEN, bytes);
	pro1000_write(p, reg + RING_HEAD, 0);
	pro1000_write(p, reg + RING_TAIL, 0);
}

/* Queues of an 82575 or later take tail values only once they are enabled
 * (82576, 4.5.9). */
static int queue_enable(struct pro1000 *p, uint32_t reg, uint32_t value)
{
	unsigned wait = 10;

	pro1000_write(p, reg, value | QUEUE_ENABLE);
	while (!(pro1000_read(p, reg) & QUEUE_ENABLE)) {
		if (!wait--)
			return VMM_ERROR(EIO);
		p->w.wait(p->w.ctx, 10);
	}
	return 0;
}

static int start_rx(struct pro1000 *p)
{
	uint32_t base = pro1000_rdbal(p);
	int err = 0;

	pro1000_write(p, REG_MRQC, 0);
	ring_start(p, base, p->rx, PRO1000_RX_RING * sizeof(*p->rx));
	if (pro1000_has(p, PRO1000_ADVANCED)) {
		pro1000_write(p, REG_SRRCTL, SRRCTL_2KB | SRRCTL_ADV_ONE);
		err = queue_enable(p, REG_RXDCTL, TXDCTL_PTHRESH(8) |
				   TXDCTL_HTHRESH(8) | TXDCTL_WTHRESH(1));
	} else if (!pro1000_has(p, PRO1000_OLD_RINGS)) {
		pro1000_write(p, REG_RDTR, 0);
		pro1000_write(p, REG_RADV, 0);
	}
	/* Without an interrupt of its own for each TCP segment with ACK: among
	 * the other causes, and not acknowledged with the received frames
	 * (82574, 10.2.5.18). */
	if (pro1000_has(p, PRO1000_EXT_RX))
		pro1000_write(p, REG_RFCTL, RFCTL_EXSTEN | RFCTL_ACKDIS);
	if (p->nic.caps & NIC_CAP_RX_CSUM)
		pro1000_write(p, REG_RXCSUM, RXCSUM_IPOFL | RXCSUM_TUOFL);
	return err;
}

/* The arbiter between the transmit queues (82571/82572: both with the same
 * bits; 82574: QEMU's model sends only with a count and bit 10 set). */
static void start_tarc(struct pro1000 *p)
{
	if (pro1000_has(p, PRO1000_TWO_TARC)) {
		for (uint32_t q = 0; q < 2; q++) {
			uint32_t reg = REG_TARC0 + q * REG_QUEUE1;

			pro1000_write(p, reg, pro1000_read(p, reg) | BIT(0));
		}
	} else if (pro1000_has(p, PRO1000_TARC_82574)) {
		pro1000_write(p, REG_TARC0, 3 | BIT(10) | BIT(26));
	}
}

static int start_tx(struct pro1000 *p)
{
	uint32_t tctl = TCTL_EN | TCTL_PSP | TCTL_CT(0xfu) | TCTL_COLD(0x3fu);
	uint32_t txdctl = TXDCTL_WTHRESH(1u) | TXDCTL_GRAN;
	int err = 0;

	ring_start(p, pro1000_tdbal(p), p->tx,
		   PRO1000_TX_RING * sizeof(*p->tx));
	pro1000_write(p, REG_TIPG, 8 | 8 << 10 | 7 << 20);
	if (pro1000_has(p, PRO1000_ADVANCED)) {
		err = queue_enable(p, REG_TXDCTL, TXDCTL_PTHRESH(8) |
				   TXDCTL_HTHRESH(1) | TXDCTL_WTHRESH(1));
	} else if (!pro1000_has(p, PRO1000_OLD_RINGS)) {
		if (pro1000_has(p, PRO1000_EXPRESS))
			txdctl |= TXDCTL_COUNT_DESC;
		pro1000_write(p, REG_TXDCTL, txdctl);
		if (pro1000_has(p, PRO1000_EXPRESS))
			pro1000_write(p, REG_TXDCTL + REG_QUEUE1, txdctl);
		/* A sent frame is reported after 64 us without another, 256 us
		 * at the latest: one interrupt for many. */
		pro1000_write(p, REG_TIDV, 62);
		pro1000_write(p, REG_TADV, 250);
	}
	start_tarc(p);
	if (pro1000_has(p, PRO1000_EXPRESS))
		tctl |= TCTL_MULR;
	pro1000_write(p, REG_TCTL, tctl | TCTL_RTLC);
	return err;
}

static void write_address(struct pro1000 *p, unsigned slot,
			  const uint8_t mac[6])
{
	uint32_t reg = pro1000_ra(p) + slot * 8;

	pro1000_write(p, reg, (uint32_t)mac[0] | (uint32_t)mac[1] << 8 |
		      (uint32_t)mac[2] << 16 | (uint32_t)mac[3] << 24);
	pro1000_write(p, reg + 4, (uint32_t)mac[4] | (uint32_t)mac[5] << 8 |
		      RAH_AV);
}

void pro1000_write_filter(struct pro1000 *p)
{
	const struct pro1000_want *want = &p->want;
	unsigned words = pro1000_has(p, PRO1000_SMALL_MTA) ? 32 : 128;
	uint32_t mta = pro1000_has(p, PRO1000_OLD_RINGS) ? REG_82542_MTA :
		REG_MTA;
	uint32_t rctl = RCTL_EN | RCTL_BAM;

	write_address(p, 0, p->nic.mac);
	if (pro1000_has(p, PRO1000_UNICAST)) {
		for (unsigned i = 0; i < want->unicast_count; i++)
			write_address(p, i + 1, want->unicast[i]);
		for (unsigned i = want->unicast_count; i < PRO1000_UNICAST_MAX;
		     i++)
			pro1000_write(p, pro1000_ra(p) + (i + 1) * 8 + 4, 0);
	}
	for (unsigned i = 0; i < words; i++)
		pro1000_write(p, mta + i * 4, want->mta[i]);
	if (want->promisc)
		rctl |= RCTL_UPE | RCTL_MPE;
	if (want->allmulti)
		rctl |= RCTL_MPE;
	if (pro1000_has(p, PRO1000_SECRC))
		rctl |= RCTL_SECRC;
	/* Buffers of 2 KiB: 0.  QEMU's e1000 lets no frame in for a second
	 * after each writing, so not for a change of the tables. */
	if (pro1000_read(p, REG_RCTL) != rctl)
		pro1000_write(p, REG_RCTL, rctl);
}

/* The bit of the multicast table for an address: its upper 12 bits (MO = 0),
 * or 10 where the table is small (8254x, 13.5.1; ICH8 and later). */
static void hash_add(struct pro1000 *p, struct pro1000_want *want,
		     const uint8_t mac[6])
{
	uint32_t hash = pro1000_has(p, PRO1000_SMALL_MTA) ?
		(uint32_t)mac[4] >> 6 | (uint32_t)mac[5] << 2 :
		(uint32_t)mac[4] >> 4 | (uint32_t)mac[5] << 4;

	want->mta[hash >> 5 & 127] |= BIT(hash & 31);
}

int pro1000_filter(struct nic *nic, const struct nic_filter *filter)
{
	struct pro1000 *p = (struct pro1000 *)nic;
	struct pro1000_want *want = &p->want;
	bool table = pro1000_has(p, PRO1000_UNICAST);

	want->promisc = filter->promisc;
	want->allmulti = filter->allmulti;
	want->unicast_count = 0;
	memset(want->mta, 0, sizeof(want->mta));
	for (unsigned i = 0; i < filter->count; i++) {
		const uint8_t *mac = filter->mac[i];

		if (mac[0] & 1)
			hash_add(p, want, mac);
		else if (!memcmp(mac, nic->mac, 6))
			continue;
		else if (table && want->unicast_count < PRO1000_UNICAST_MAX)
			memcpy(want->unicast[want->unicast_count++], mac, 6);
		else
			want->promisc = true;
	}
	if (p->state == PRO1000_RUNNING)
		pro1000_write_filter(p);
	return 0;
}

/* The reset ends the link.  The PHYs of these negotiate a new one by themselves,
 * or not (QEMU's igb); told to begin they just do. */
static void start_link(struct pro1000 *p)
{
	if (!pro1000_has(p, PRO1000_ADVANCED) ||
	    pro1000_read(p, REG_STATUS) & STATUS_LU)
		return;
	pro1000_write(p, REG_MDIC, PHY_NEGOTIATE |
		      PHY_CONTROL << MDIC_REG_SHIFT | MDIC_PHY(1) |
		      MDIC_WRITE);
}

int pro1000_reset_end(struct pro1000 *p)
{
	uint32_t ctrl = pro1000_read(p, REG_CTRL);
	int err;

	if (ctrl == UINT32_MAX)
		return VMM_ERROR(ENODEV);
	if (ctrl & CTRL_RST)
		return VMM_ERROR(EIO);
	pro1000_write(p, REG_IMC, UINT32_MAX);
	(void)pro1000_read(p, REG_ICR);
	ctrl &= ~(CTRL_FRCSPD | CTRL_FRCDPX | CTRL_ILOS | CTRL_VME |
		  CTRL_PHY_RST | CTRL_GIO_MASTER_DISABLE);
	pro1000_write(p, REG_CTRL, ctrl | CTRL_SLU | CTRL_ASDE);
	if (pro1000_has(p, PRO1000_EXPRESS))
		pro1000_write(p, REG_CTRL_EXT,
			      pro1000_read(p, REG_CTRL_EXT) |
			      CTRL_EXT_DRV_LOAD);
	err = start_rx(p);
	if (err)
		return err;
	err = start_tx(p);
	if (err)
		return err;
	pro1000_write_filter(p);
	pro1000_irq_program(p);
	start_link(p);
	return 0;
}

struct nic_link pro1000_read_link(struct pro1000 *p, bool *gone)
{
	static const uint32_t mbps[] = { 10, 100, 1000, 1000 };
	uint32_t status = pro1000_read(p, REG_STATUS);
	struct nic_link link = { false, false, 0 };

	*gone = status == UINT32_MAX;
	if (!*gone && status & STATUS_LU) {
		link.up = true;
		link.full_duplex = status & STATUS_FD;
		link.mbps = mbps[STATUS_SPEED(status)];
	}
	return link;
}
