/* SPDX-License-Identifier: BSD-3-Clause */
/* Interrupts: causes, moderation, and a timer made of them. */
#include <vmm/error.h>
#include "pro1000/pro1000.h"

/* Raised by software for kicks.  All families have it; by itself it means
 * that few receive buffers are left, where an early kick does no harm. */
#define KICK ICR_RXDMT0
/* 82574 with MSI-X: causes by queue (82574 datasheet, 7.4.2); the second
 * receive queue has no packets and serves for kicks. */
#define KICK_82574 ICR_RXQ1
/* 82576 and later: one bit for each vector (82576 datasheet, 7.3.2). */
#define VECTOR_RX	0u
#define VECTOR_KICK	1u
#define VECTOR_TX	2u
#define VECTOR_OTHER	3u
#define VECTORS		4u

#define USUAL_USEC	128u	/* between interrupts at least: 7813 a second */
/* Frames have to wait for a kick, at times for two (QEMU); 5 ms at most. */
#define KICK_MAX	2000u
#define KICK_82574_MAX	16000u	/* 16 bits of 256 ns */
#define KICK_IGB_MAX	4000u	/* 12 bits of microseconds */

/* Where causes are, and which: all families have the same four registers, but
 * some have them twice. */
struct irqs {
	uint32_t cause, raise, unmask, mask;
	uint32_t rx, tx, kick, link;
};

static const struct irqs plain = {
	REG_ICR, REG_ICS, REG_IMS, REG_IMC,
	ICR_RXT0 | ICR_RXDMT0 | ICR_RXO, ICR_TXDW, KICK, ICR_LSC,
};

/* OTHER is, beside the link, that frames found no buffer. */
static const struct irqs msix_82574 = {
	REG_ICR, REG_ICS, REG_IMS, REG_IMC,
	ICR_RXQ0 | ICR_OTHER, ICR_TXQ0, KICK_82574, ICR_LSC,
};

static const struct irqs msix_igb = {
	REG_EICR, REG_EICS, REG_EIMS, REG_EIMC,
	BIT(VECTOR_RX), BIT(VECTOR_TX), BIT(VECTOR_KICK), BIT(VECTOR_OTHER),
};

static bool msix(const struct pro1000 *p)
{
	return p->want.irq.mode == NIC_IRQ_MSIX;
}

static bool is_igb(const struct pro1000 *p)
{
	return pro1000_has(p, PRO1000_MSIX_IGB);
}

static const struct irqs *irqs(const struct pro1000 *p)
{
	return !msix(p) ? &plain : is_igb(p) ? &msix_igb : &msix_82574;
}

unsigned pro1000_msix_vectors(const struct pro1000_family *family)
{
	return family->has & PRO1000_MSIX_IGB ? VECTORS :
		family->has & PRO1000_MSIX_82574 ? 2 : 0;
}

static uint32_t itr(uint32_t usec)
{
	uint32_t units = usec * 1000u / 256u;

	return units > 0xffffu ? 0xffffu : units;
}

/* Each field of IVAR: vector, and 8 for valid; queue 0, 1 of receive, of
 * transmit, others (82574 datasheet, 10.2.4.9).  A message that moderation puts
 * off may come though its cause was acknowledged meanwhile (QEMU). */
static void program_msix_82574(struct pro1000 *p)
{
	pro1000_write(p, REG_IVAR_82574,
		      0x8u | 0x9u << 4 | 0x8u << 8 | 0x8u << 16);
	pro1000_write(p, REG_EIAC_82574, 0);
	pro1000_write(p, REG_EITR_82574, itr(USUAL_USEC));
	pro1000_write(p, REG_CTRL_EXT,
		      pro1000_read(p, REG_CTRL_EXT) | CTRL_EXT_PBA_CLR);
}

/* A vector for each kind of cause, so that one register tells them apart (82576
 * datasheet, 7.3.2.2, 8.8.15); queue 0 of both directions is in the same place
 * in all parts.  What is neither comes by ICR. */
static void program_msix_igb(struct pro1000 *p)
{
	pro1000_write(p, REG_EIMC, UINT32_MAX);
	pro1000_write(p, REG_GPIE, GPIE_NSICR | GPIE_MULTIPLE | GPIE_PBA);
	pro1000_write(p, REG_IVAR_IGB, IVAR_IGB(0, VECTOR_RX) |
		      IVAR_IGB(1, VECTOR_TX));
	pro1000_write(p, REG_IVAR_MISC, IVAR_IGB(1, VECTOR_OTHER));
	pro1000_write(p, REG_EITR_IGB + 4 * VECTOR_RX,
		      USUAL_USEC << EITR_IGB_SHIFT);
	pro1000_write(p, REG_EITR_IGB + 4 * VECTOR_TX,
		      USUAL_USEC << EITR_IGB_SHIFT);
	pro1000_write(p, REG_EITR_IGB + 4 * VECTOR_OTHER, 0);
	pro1000_write(p, REG_IMS, ICR_LSC | ICR_RXO);
}

static void program_msix(struct pro1000 *p)
{
	if (is_igb(p))
		program_msix_igb(p);
	else
		program_msix_82574(p);
}

static void moderate(struct pro1000 *p, uint32_t usec)
{
	if (pro1000_has(p, PRO1000_ADVANCED))
		pro1000_write(p, REG_EITR_IGB, usec << EITR_IGB_SHIFT);
	else if (pro1000_has(p, PRO1000_ITR))
		pro1000_write(p, REG_ITR, itr(usec));
}

static void ask(struct pro1000 *p, uint32_t causes)
{
	__atomic_fetch_or(&p->asked, causes, __ATOMIC_RELAXED);
	pro1000_write(p, irqs(p)->unmask, causes);
}

/* Sent frames only while there are any that poll has not taken back. */
static uint32_t wanted(const struct pro1000 *p)
{
	const struct irqs *i = irqs(p);

	return i->rx | i->kick | i->link | (p->tx_watched ? i->tx : 0);
}

/* From a state in which none were: what was asked for before is over. */
static void unmask(struct pro1000 *p)
{
	uint32_t causes = wanted(p);

	if (p->want.irq.mode == NIC_IRQ_NONE)
		return;
	__atomic_store_n(&p->asked, causes, __ATOMIC_RELAXED);
	pro1000_write(p, irqs(p)->unmask, causes);
}

void pro1000_irq_watch_tx(struct pro1000 *p, bool on)
{
	const struct irqs *i = irqs(p);

	if (p->tx_watched == on)
		return;
	p->tx_watched = on;
	if (p->want.irq.mode == NIC_IRQ_NONE)
		return;
	/* What is left over from frames that nobody waited for (writing ones
	 * clears: 8254x, 13.4.17). */
	if (on)
		pro1000_write(p, i->cause, i->tx);
	if (!p->want.irq_on)
		return;
	if (on)
		ask(p, i->tx);
	else
		pro1000_write(p, i->mask, i->tx);
}

void pro1000_irq_program(struct pro1000 *p)
{
	if (msix(p)) {
		program_msix(p);
	} else {
		if (is_igb(p))
			pro1000_write(p, REG_GPIE, 0);
		moderate(p, USUAL_USEC);
	}
	if (p->want.irq_on)
		unmask(p);
}

int pro1000_irq_setup(struct nic *nic, const struct nic_irq *irq)
{
	struct pro1000 *p = (struct pro1000 *)nic;
	int err;

	if ((irq->mode == NIC_IRQ_MSI && !(nic->caps & NIC_CAP_MSI)) ||
	    (irq->mode == NIC_IRQ_MSIX && !(nic->caps & NIC_CAP_MSIX)))
		return VMM_ERROR(EOPNOTSUPP);
	pro1000_irq_disable(nic);
	if (p->w.set_irq) {
		err = p->w.set_irq(p->w.ctx, irq);
		if (err)
			return err;
	}
	p->want.irq = *irq;
	if (p->state == PRO1000_RUNNING)
		pro1000_irq_program(p);
	return 0;
}

void pro1000_irq_enable(struct nic *nic)
{
	struct pro1000 *p = (struct pro1000 *)nic;

	p->want.irq_on = true;
	if (p->state == PRO1000_RUNNING)
		unmask(p);
}

void pro1000_irq_disable(struct nic *nic)
{
	struct pro1000 *p = (struct pro1000 *)nic;

	p->want.irq_on = false;
	if (p->state == PRO1000_RUNNING)
		pro1000_write(p, irqs(p)->mask, UINT32_MAX);
}

/* The link and the like, where queues have a register of their own; reading
 * clears (GPIE_NSICR). */
static uint32_t other_causes(struct pro1000 *p)
{
	return NIC_CAUSE_RX | (pro1000_read(p, REG_ICR) & ICR_LSC ?
			       NIC_CAUSE_LINK : 0);
}

/* Nothing but single accesses to *p and one register, for NMI handlers: another
 * processor may be asking for more right now. */
uint32_t pro1000_irq_cause(struct nic *nic)
{
	struct pro1000 *p = (struct pro1000 *)nic;
	const struct irqs *i = irqs(p);
	uint32_t bits = pro1000_read(p, i->cause), cause = 0;
	uint32_t asked = __atomic_load_n(&p->asked, __ATOMIC_RELAXED);

	if (bits == UINT32_MAX)		/* it has gone; poll will find out */
		return 0;
	if (msix(p) && bits)		/* reading does not clear then */
		pro1000_write(p, i->cause, bits);
	if (p->want.irq.mode != NIC_IRQ_NONE)
		bits &= asked;	/* others are set, but did not interrupt */
	if (bits & i->rx)
		cause |= NIC_CAUSE_RX;
	if (bits & i->tx)
		cause |= NIC_CAUSE_TX;
	if (bits & i->link)
		cause |= i == &msix_igb ? other_causes(p) : NIC_CAUSE_LINK;
	if (bits & i->kick)
		cause |= NIC_CAUSE_KICK;
	__atomic_fetch_or(&p->causes, cause, __ATOMIC_RELAXED);
	return cause;
}

/* Writing ones clears.  Not what kicks are made of, nor the link. */
void pro1000_irq_ack(struct nic *nic)
{
	struct pro1000 *p = (struct pro1000 *)nic;
	const struct irqs *i = irqs(p);

	if (p->state == PRO1000_RUNNING)
		pro1000_write(p, i->cause, (i->tx | i->rx) &
			      ~(i->kick | ICR_OTHER));
}

/* The 82574's counter starts with the message before. */
static void kick_82574(struct pro1000 *p, uint32_t usec)
{
	if (usec > KICK_82574_MAX)
		usec = KICK_82574_MAX;
	pro1000_write(p, REG_EITR_82574 + 4, itr(usec));
	pro1000_write(p, REG_ICS, KICK_82574);
}

/* Here it can be set as well (82576 datasheet, 8.8.14): the upper 10 of its 12
 * bits.  (QEMU's cannot: there the first kick comes at once, and its time is
 * that of the next.) */
static void kick_igb(struct pro1000 *p, uint32_t usec)
{
	if (usec > KICK_IGB_MAX)
		usec = KICK_IGB_MAX;
	pro1000_write(p, REG_EITR_IGB + 4 * VECTOR_KICK,
		      usec << EITR_IGB_SHIFT |
		      (usec >> 2) << EITR_IGB_COUNTER_SHIFT);
	pro1000_write(p, REG_EICS, BIT(VECTOR_KICK));
}

static void kick_plain(struct pro1000 *p, uint32_t usec)
{
	if (usec > KICK_MAX)
		usec = KICK_MAX;
	if (usec > USUAL_USEC) {
		moderate(p, usec);
		p->kick_slow = true;
	}
	pro1000_write(p, REG_ICS, KICK);
}

int pro1000_kick_after(struct nic *nic, uint32_t usec)
{
	struct pro1000 *p = (struct pro1000 *)nic;

	if (!(nic->caps & NIC_CAP_KICK))
		return VMM_ERROR(EOPNOTSUPP);
	if (p->state != PRO1000_RUNNING)
		return -ENETDOWN;
	if (!msix(p))
		kick_plain(p, usec);
	else if (is_igb(p))
		kick_igb(p, usec);
	else
		kick_82574(p, usec);
	return 0;
}

/* A kick has come: frames need not wait for the next one. */
void pro1000_kick_over(struct pro1000 *p)
{
	if (p->kick_slow)
		moderate(p, USUAL_USEC);
	p->kick_slow = false;
}
