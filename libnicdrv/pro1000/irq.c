/* SPDX-License-Identifier: BSD-3-Clause */
/* Interrupts: causes, moderation, and a timer made of them. */
#include <vmm/error.h>
#include "pro1000/pro1000.h"

#define CAUSES (ICR_LSC | ICR_RXDMT0 | ICR_RXO | ICR_RXT0)
/* Raised by software for kicks.  All families have it; by itself it means
 * that few receive buffers are left, where an early kick does no harm. */
#define KICK ICR_RXDMT0
/* 82574 with MSI-X: causes by queue (82574 datasheet, 7.4.2); the second
 * receive queue has no packets and serves for kicks. */
#define CAUSES_MSIX (ICR_RXQ0 | ICR_RXQ1 | ICR_OTHER | ICR_LSC)
#define KICK_MSIX ICR_RXQ1

#define USUAL_USEC	128u	/* between interrupts: 7813 a second */
#define KICK_MAX	4000u	/* as long as frames may have to wait */
#define KICK_MSIX_MAX	16000u	/* 16 bits of 256 ns */

static bool msix(const struct pro1000 *p)
{
	return p->want.irq.mode == NIC_IRQ_MSIX;
}

static uint32_t itr(uint32_t usec)
{
	uint32_t units = usec * 1000u / 256u;

	return units > 0xffffu ? 0xffffu : units;
}

/* Each field of IVAR: vector, and 8 for valid; queue 0, 1 of receive, of
 * transmit, others (82574 datasheet, 10.2.4.9). */
static void program_msix(struct pro1000 *p)
{
	pro1000_write(p, REG_IVAR_82574,
		      0x8u | 0x9u << 4 | 0x8u << 8 | 0x8u << 16);
	pro1000_write(p, REG_EIAC_82574, 0);
	/* No moderation: a message that it puts off comes even if its cause
	 * was acknowledged meanwhile (QEMU), and nobody knows whose it is.
	 * Who is called masks until it is done. */
	pro1000_write(p, REG_EITR_82574, 0);
	pro1000_write(p, REG_CTRL_EXT,
		      pro1000_read(p, REG_CTRL_EXT) | CTRL_EXT_PBA_CLR);
}

static void moderate(struct pro1000 *p, uint32_t usec)
{
	if (pro1000_has(p, PRO1000_ADVANCED))
		pro1000_write(p, REG_EITR_IGB, usec << 2);
	else if (pro1000_has(p, PRO1000_ITR))
		pro1000_write(p, REG_ITR, itr(usec));
}

/* Sent frames; asked for while there are any that poll has not taken back. */
static uint32_t tx_cause(const struct pro1000 *p)
{
	return msix(p) ? ICR_TXQ0 : ICR_TXDW;
}

static void ask(struct pro1000 *p, uint32_t causes)
{
	__atomic_fetch_or(&p->asked, causes, __ATOMIC_RELAXED);
	pro1000_write(p, REG_IMS, causes);
}

static uint32_t wanted(const struct pro1000 *p)
{
	return (msix(p) ? CAUSES_MSIX : CAUSES) |
		(p->tx_watched ? tx_cause(p) : 0);
}

/* From a state in which none were: what was asked for before is over. */
static void unmask(struct pro1000 *p)
{
	uint32_t causes = wanted(p);

	if (p->want.irq.mode == NIC_IRQ_NONE)
		return;
	__atomic_store_n(&p->asked, causes, __ATOMIC_RELAXED);
	pro1000_write(p, REG_IMS, causes);
}

void pro1000_irq_watch_tx(struct pro1000 *p, bool on)
{
	if (p->tx_watched == on)
		return;
	p->tx_watched = on;
	if (p->want.irq.mode == NIC_IRQ_NONE)
		return;
	/* What is left over from frames that nobody waited for (writing ones
	 * clears: 8254x, 13.4.17). */
	if (on)
		pro1000_write(p, REG_ICR, tx_cause(p));
	if (!p->want.irq_on)
		return;
	if (on)
		ask(p, tx_cause(p));
	else
		pro1000_write(p, REG_IMC, tx_cause(p));
}

void pro1000_irq_program(struct pro1000 *p)
{
	if (msix(p))
		program_msix(p);
	else
		moderate(p, USUAL_USEC);
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
		pro1000_write(p, REG_IMC, UINT32_MAX);
}

/* Nothing but single accesses to *p and one register, for NMI handlers: another
 * processor may be asking for more right now. */
uint32_t pro1000_irq_cause(struct nic *nic)
{
	struct pro1000 *p = (struct pro1000 *)nic;
	uint32_t icr = pro1000_read(p, REG_ICR), cause = 0;
	uint32_t asked = __atomic_load_n(&p->asked, __ATOMIC_RELAXED);

	if (icr == UINT32_MAX)		/* it has gone; poll will find out */
		return 0;
	if (msix(p) && icr)		/* reading does not clear then */
		pro1000_write(p, REG_ICR, icr);
	if (p->want.irq.mode != NIC_IRQ_NONE)
		icr &= asked;	/* others are set, but did not interrupt */
	/* OTHER is, beside the link, that frames found no buffer. */
	if (icr & (ICR_RXT0 | ICR_RXDMT0 | ICR_RXO | ICR_RXQ0 | ICR_OTHER))
		cause |= NIC_CAUSE_RX;
	if (icr & (ICR_TXDW | ICR_TXQ0))
		cause |= NIC_CAUSE_TX;
	if (icr & ICR_LSC)
		cause |= NIC_CAUSE_LINK;
	if (icr & (msix(p) ? KICK_MSIX : KICK))
		cause |= NIC_CAUSE_KICK;
	__atomic_fetch_or(&p->causes, cause, __ATOMIC_RELAXED);
	return cause;
}

/* Writing ones clears.  Not RXDMT0 and RXQ1: they are kicks. */
void pro1000_irq_ack(struct nic *nic)
{
	struct pro1000 *p = (struct pro1000 *)nic;

	if (p->state == PRO1000_RUNNING)
		pro1000_write(p, REG_ICR, tx_cause(p) |
			      (msix(p) ? ICR_RXQ0 : ICR_RXT0 | ICR_RXO));
}

int pro1000_kick_after(struct nic *nic, uint32_t usec)
{
	struct pro1000 *p = (struct pro1000 *)nic;

	if (!(nic->caps & NIC_CAP_KICK))
		return VMM_ERROR(EOPNOTSUPP);
	if (p->state != PRO1000_RUNNING)
		return -ENETDOWN;
	if (msix(p)) {
		if (usec > KICK_MSIX_MAX)
			usec = KICK_MSIX_MAX;
		pro1000_write(p, REG_EITR_82574 + 4, itr(usec));
		pro1000_write(p, REG_ICS, KICK_MSIX);
	} else {
		if (usec > KICK_MAX)
			usec = KICK_MAX;
		if (usec > USUAL_USEC) {
			moderate(p, usec);
			p->kick_slow = true;
		}
		pro1000_write(p, REG_ICS, KICK);
	}
	return 0;
}

/* A kick has come: frames need not wait for the next one. */
void pro1000_kick_over(struct pro1000 *p)
{
	if (p->kick_slow)
		moderate(p, USUAL_USEC);
	p->kick_slow = false;
}
