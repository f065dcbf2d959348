/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Opening, polling, recovery.  The NIC is in one of four states; resets at
 * run time do not wait but continue in a later poll.
 */
#include <string.h>
#include <vmm/error.h>
#include <vmm/log.h>
#include "pro1000/pro1000.h"

#define LINK_DOWN_CHECK	500000u		/* usec; also without interrupts */
#define LINK_UP_CHECK	2000000u
#define TX_STUCK	2000000u	/* no frame sent for so long: reset */
#define GONE_CHECK	1000000u
#define ATTEMPTS	5u		/* resets in a row before giving up */

static void enter(struct pro1000 *p, enum pro1000_state state)
{
	p->state = state;
	p->nic.resetting = state == PRO1000_RESETTING;
}

static void resetting(struct pro1000 *p)
{
	pro1000_reset_begin(p);
	enter(p, PRO1000_RESETTING);
	p->until = 0;		/* counts from the next poll */
	p->nic.stats.resets++;
	pro1000_tx_cancel(p);
}

static void gone(struct pro1000 *p, const char *why)
{
	vmm_log_err("pro1000: %s; its driver gives up\n", why);
	enter(p, PRO1000_GONE);
	p->until = NIC_NEVER;
	pro1000_tx_cancel(p);
	pro1000_rx_cancel(p);
}

static void set_link(struct pro1000 *p, struct nic_link link)
{
	struct nic_link *old = &p->nic.link;

	if (old->up == link.up && old->mbps == link.mbps &&
	    old->full_duplex == link.full_duplex)
		return;
	*old = link;
	p->nic.stats.link_changes++;
	if (link.up)
		vmm_log_info("pro1000: link up, %u Mbit/s, %s duplex\n",
			     link.mbps, link.full_duplex ? "full" : "half");
	else
		vmm_log_info("pro1000: link down\n");
	if (p->nic.sink && p->nic.sink->link)
		p->nic.sink->link(p->nic.sink_ctx, &link);
}

static void check_link(struct pro1000 *p, uint32_t causes)
{
	bool is_gone;
	struct nic_link link;

	if (!(causes & NIC_CAUSE_LINK) && p->now < p->link_check)
		return;
	link = pro1000_read_link(p, &is_gone);
	p->link_check = p->now + (link.up ? LINK_UP_CHECK : LINK_DOWN_CHECK);
	if (is_gone) {
		link = (struct nic_link){ false, false, 0 };
		set_link(p, link);
		gone(p, "the controller does not answer any more");
		return;
	}
	p->nic.stats.rx_missed += pro1000_read(p, REG_MPC);
	set_link(p, link);
}

static void continue_reset(struct pro1000 *p)
{
	int err;

	if (!p->until)
		p->until = p->now + PRO1000_RESET_USEC;
	if (p->now < p->until)
		return;
	pro1000_rx_rearm(p);
	err = pro1000_reset_end(p);
	if (err && p->attempts++ >= ATTEMPTS) {
		gone(p, "the controller cannot be reset");
		return;
	}
	if (err) {
		pro1000_reset_begin(p);
		p->until = p->now + PRO1000_RESET_USEC;
		return;
	}
	enter(p, PRO1000_RUNNING);
	p->link_check = 0;
	p->tx_progress = p->now;
}

static bool tx_stuck(const struct pro1000 *p)
{
	return p->tx_clean != p->tx_told &&
		p->now - p->tx_progress >= TX_STUCK;
}

/*
 * Frames that were sent at once cost no interrupt.  The others' is asked for
 * here, and whoever was sent before that took effect is found by the second
 * look.
 */
static unsigned finish_tx(struct pro1000 *p, unsigned budget)
{
	unsigned done;

	pro1000_tx_push(p);
	done = pro1000_tx_reap(p, budget);
	if (p->tx_clean != p->tx_told && !p->tx_watched) {
		pro1000_irq_watch_tx(p, true);
		done += pro1000_tx_reap(p, budget - done);
	}
	if (p->tx_clean == p->tx_told)
		pro1000_irq_watch_tx(p, false);
	return done;
}

static unsigned run(struct pro1000 *p, uint32_t causes, unsigned budget)
{
	unsigned done, received = 0;

	done = pro1000_tx_reap(p, budget);
	if (pro1000_rx_reap(p, budget - done, &received)) {
		p->nic.stats.lies++;
		vmm_log_warning("pro1000: received what cannot be, reset\n");
		resetting(p);
		return done + received;
	}
	if (tx_stuck(p)) {
		vmm_log_warning("pro1000: transmit ring stuck, reset\n");
		resetting(p);
		return done + received;
	}
	if (done + received)
		p->attempts = 0;
	if (causes & NIC_CAUSE_KICK)
		pro1000_kick_over(p);
	pro1000_rx_push(p);
	done += received;	/* a frame's last buffers may be beyond it */
	return done + finish_tx(p, budget > done ? budget - done : 0);
}

static unsigned poll(struct nic *nic, uint64_t now, unsigned budget)
{
	struct pro1000 *p = (struct pro1000 *)nic;
	uint32_t causes = __atomic_exchange_n(&p->causes, 0,
					      __ATOMIC_RELAXED);

	p->now = now;
	if (causes)
		nic->stats.irqs++;
	if (p->state == PRO1000_RESETTING)
		continue_reset(p);
	if (p->state == PRO1000_RUNNING)
		check_link(p, causes);
	if (p->state != PRO1000_RUNNING)
		return 0;
	return run(p, causes, budget);
}

static uint64_t deadline(struct nic *nic)
{
	struct pro1000 *p = (struct pro1000 *)nic;
	uint64_t at;

	switch (p->state) {
	case PRO1000_RESETTING:
	case PRO1000_GONE:
		return p->until;
	case PRO1000_RUNNING:
		break;
	case PRO1000_STOPPED:
		return NIC_NEVER;
	}
	/* A change of the link interrupts; masked for a visit, it will. */
	at = p->want.irq.mode == NIC_IRQ_NONE ? p->link_check : NIC_NEVER;
	if (p->tx_clean != p->tx_told && p->tx_progress + TX_STUCK < at)
		at = p->tx_progress + TX_STUCK;
	return at;
}

static void flush(struct nic *nic, bool rx, bool tx)
{
	struct pro1000 *p = (struct pro1000 *)nic;

	if (p->state == PRO1000_RUNNING && (rx || tx))
		resetting(p);
	if (rx)
		pro1000_rx_cancel(p);
}

static void restart(struct nic *nic)
{
	struct pro1000 *p = (struct pro1000 *)nic;

	if (p->state != PRO1000_STOPPED) {
		resetting(p);
		p->attempts = 0;
	}
}

static void tx_push(struct nic *nic)
{
	struct pro1000 *p = (struct pro1000 *)nic;

	if (p->state != PRO1000_RUNNING)
		return;
	pro1000_rx_push(p);
	pro1000_tx_push(p);
}

static int rx_post(struct nic *nic, uint64_t pa, uint32_t len, void *cookie)
{
	struct pro1000 *p = (struct pro1000 *)nic;

	if (p->state == PRO1000_GONE || p->state == PRO1000_STOPPED)
		return -ENETDOWN;
	return pro1000_rx_post(nic, pa, len, cookie);
}

static void quiesce(struct nic *nic)
{
	struct pro1000 *p = (struct pro1000 *)nic;

	if (p->state == PRO1000_RUNNING)
		pro1000_reset_begin(p);
	enter(p, PRO1000_STOPPED);
}

static void hand_back(struct nic *nic)
{
	struct pro1000 *p = (struct pro1000 *)nic;

	if (pro1000_has(p, PRO1000_EXPRESS))
		pro1000_write(p, REG_CTRL_EXT,
			      pro1000_read(p, REG_CTRL_EXT) &
			      ~CTRL_EXT_DRV_LOAD);
	if (p->w.restore_config)
		p->w.restore_config(p->w.ctx);
}

const struct nic_ops pro1000_ops = {
	.tx = pro1000_tx,
	.tx_push = tx_push,
	.rx_post = rx_post,
	.poll = poll,
	.deadline = deadline,
	.flush = flush,
	.irq_setup = pro1000_irq_setup,
	.irq_enable = pro1000_irq_enable,
	.irq_disable = pro1000_irq_disable,
	.irq_cause = pro1000_irq_cause,
	.irq_ack = pro1000_irq_ack,
	.kick_after = pro1000_kick_after,
	.filter = pro1000_filter,
	.restart = restart,
	.quiesce = quiesce,
	.hand_back = hand_back,
	.dump = pro1000_dump,
};
