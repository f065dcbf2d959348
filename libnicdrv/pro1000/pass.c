/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A controller that the guest drives, and on which the VMM sends a frame now
 * and then.  docs/nic-pass.md tells why it is done in these two ways:
 *
 * - PCI Express parts have a second transmit queue, which drivers for one
 *   queue leave alone: it is the VMM's.  Nothing of the guest's is trapped.
 * - Others have one queue.  When it is idle, it is pointed at the VMM's ring
 *   for as long as that takes.  The guest must not write its tail meanwhile:
 *   the page of the transmit registers is hooked, the hook takes world.hold.
 *
 * The guest resets the controller whenever it likes; that is seen from the
 * registers of the queue, and frames that were under way are given back.
 */
#include <string.h>
#include <vmm/error.h>
#include <vmm/log.h>
#include "pro1000/pro1000.h"

#define RING		64u
#define BATCH		8u	/* frames sent while the queue is borrowed */
#define LINK_CHECK	500000u
#define STUCK		2000000u
#define RETRY		1000u	/* usec, while the guest's frames go out */
#define POLLS		40u	/* of WAIT each: below NIC_WAIT_MAX_USEC */
#define WAIT		5u

struct pass {
	struct nic nic;
	struct pro1000_world w;
	const struct pro1000_family *family;
	bool second;		/* has a queue of its own */
	bool stopped;
	uint64_t now, link_check, progress;
	volatile struct pro1000_desc *ring;
	void *cookie[RING];
	bool last[RING];
	unsigned clean, next, told;
};

/* The guest's queue, as it was found. */
struct borrowed {
	uint32_t low, high, len, tail, tctl, txdctl;
};

static uint32_t get(struct pass *p, uint32_t reg)
{
	return p->w.read(p->w.ctx, reg);
}

static void set(struct pass *p, uint32_t reg, uint32_t value)
{
	p->w.write(p->w.ctx, reg, value);
}

static uint32_t queue_reg(const struct pass *p)
{
	return p->second ? REG_TDBAL + REG_QUEUE1 : REG_TDBAL;
}

static unsigned after(unsigned i)
{
	return (i + 1) % RING;
}

static void tell(struct pass *p, unsigned i, int error)
{
	if (!p->last[i])
		return;
	p->last[i] = false;
	if (p->nic.sink && p->nic.sink->tx_done)
		p->nic.sink->tx_done(p->nic.sink_ctx, p->cookie[i], error);
}

/* The NIC does not work on the ring: give all frames in it back. */
static void cancel(struct pass *p, unsigned until)
{
	while (p->clean != until) {
		unsigned i = p->clean;

		p->clean = after(i);
		tell(p, i, -ECANCELED);
	}
}

/* Has the guest's driver set the transmitter up? */
static bool guest_runs(struct pass *p)
{
	uint32_t tctl = get(p, REG_TCTL);

	return tctl != UINT32_MAX && tctl & TCTL_EN;
}

static void program(struct pass *p, uint32_t low, uint32_t high, uint32_t len,
		    uint32_t index)
{
	uint32_t reg = queue_reg(p);

	set(p, reg, low);
	set(p, reg + RING_BAH, high);
	set(p, reg + RING_LEN, len);
	set(p, reg + RING_HEAD, index);
	set(p, reg + RING_TAIL, index);
}

static void program_own(struct pass *p, unsigned index)
{
	uint64_t pa = (uintptr_t)p->ring;

	program(p, (uint32_t)pa, (uint32_t)(pa >> 32),
		RING * sizeof(*p->ring), index);
}

/* ---- the second queue ---- */

/* Is the second queue the VMM's, and set up?  Sets it up after a reset.
 * false: the guest has it, or has not begun. */
static bool second_ready(struct pass *p)
{
	uint32_t reg = queue_reg(p), len = get(p, reg + RING_LEN);
	uint32_t tarc = REG_TARC0 + REG_QUEUE1;

	if (!guest_runs(p))
		return false;
	if (len && get(p, reg) == (uint32_t)(uintptr_t)p->ring)
		return true;
	if (len)
		return false;
	cancel(p, p->told);
	program_own(p, p->clean);
	p->told = p->clean;
	set(p, REG_TXDCTL + REG_QUEUE1, TXDCTL_WTHRESH(1) |
	    TXDCTL_COUNT_DESC | TXDCTL_GRAN);
	/* Its turn in the arbitration: count 3, enabled. */
	set(p, tarc, get(p, tarc) | 3 | BIT(10));
	return true;
}

static void second_push(struct pass *p)
{
	/* Also if all was told: a reset may have swallowed it. */
	if (p->clean == p->next || !second_ready(p) || p->told == p->next)
		return;
	p->told = p->next;
	set(p, queue_reg(p) + RING_TAIL, p->told);
}

/* ---- the only queue ---- */

/* All sent, and written back: a descriptor that is to be reported is done. */
static bool guest_idle(struct pass *p, const struct borrowed *b)
{
	uint32_t reg = queue_reg(p), count = b->len / sizeof(*p->ring);
	const volatile struct pro1000_desc *d;

	if (get(p, reg + RING_HEAD) != b->tail || b->tail >= count)
		return false;
	d = (void *)(uintptr_t)(b->low | (uint64_t)b->high << 32);
	d += (b->tail + count - 1) % count;
	if (!p->w.readable(p->w.ctx, (uintptr_t)d, sizeof(*d)))
		return false;
	return !(d->cmd & TX_RS) || d->opt & TX_DD;
}

static bool borrow(struct pass *p, struct borrowed *b)
{
	uint32_t reg = queue_reg(p);

	b->tctl = get(p, REG_TCTL);
	if (b->tctl == UINT32_MAX || !(b->tctl & TCTL_EN))
		return false;
	b->low = get(p, reg) & ~15u;
	b->high = get(p, reg + RING_BAH);
	b->len = get(p, reg + RING_LEN);
	b->tail = get(p, reg + RING_TAIL);
	if (b->len < sizeof(*p->ring) || !guest_idle(p, b))
		return false;
	b->txdctl = get(p, REG_TXDCTL);
	set(p, REG_TCTL, b->tctl & ~TCTL_EN);
	set(p, REG_TXDCTL, 0);	/* report at once */
	return true;
}

static void give_back(struct pass *p, const struct borrowed *b)
{
	set(p, REG_TCTL, b->tctl & ~TCTL_EN);
	program(p, b->low, b->high, b->len, b->tail);
	set(p, REG_TXDCTL, b->txdctl);
	set(p, REG_TCTL, b->tctl);
}

/* The end of at most BATCH frames. */
static unsigned batch_end(const struct pass *p)
{
	unsigned i = p->told, frames = 0;

	while (i != p->next && frames < BATCH) {
		frames += p->last[i];
		i = after(i);
	}
	return i;
}

static void borrow_and_send(struct pass *p)
{
	unsigned end = batch_end(p), last = (end + RING - 1) % RING;
	unsigned polls = POLLS;
	struct borrowed b;

	if (p->told == end || !borrow(p, &b))
		return;
	program_own(p, p->told);
	set(p, REG_TCTL, b.tctl);
	set(p, queue_reg(p) + RING_TAIL, end);
	p->told = end;
	while (!(p->ring[last].opt & TX_DD) && polls--)
		p->w.wait(p->w.ctx, WAIT);
	give_back(p, &b);
}

static void only_push(struct pass *p)
{
	if (p->told == p->next)
		return;
	p->w.hold(p->w.ctx, true);
	borrow_and_send(p);
	p->w.hold(p->w.ctx, false);
}

/* ---- the verbs ---- */

static void push(struct nic *nic)
{
	struct pass *p = (struct pass *)nic;

	if (p->stopped)
		return;
	if (p->clean == p->told)
		p->progress = p->now;
	if (p->second)
		second_push(p);
	else
		only_push(p);
}

/* Sum of the lengths, 0 if it is beyond the limits. */
static uint32_t measure(const struct nic *nic, const struct nic_tx *tx)
{
	uint32_t total = 0;

	if (tx->frag_count > nic->limits.tx_frags)
		return 0;
	for (unsigned i = 0; i < tx->frag_count; i++) {
		uint32_t len = tx->frag[i].len;

		if (!len || len > nic->limits.frame_bytes - total)
			return 0;
		total += len;
	}
	return total < 14 ? 0 : total;
}

static int tx(struct nic *nic, const struct nic_tx *tx)
{
	struct pass *p = (struct pass *)nic;
	unsigned last = p->next;
	uint32_t total;

	if (p->stopped || !nic->link.up || !guest_runs(p))
		return -ENETDOWN;
	total = measure(nic, tx);
	if (!total || tx->flags) {
		nic->stats.tx_refused++;
		return -EINVAL;
	}
	if ((p->next - p->clean) % RING + tx->frag_count >= RING) {
		nic->stats.tx_full++;
		return -ENOSPC;
	}
	for (unsigned i = 0; i < tx->frag_count; i++) {
		last = p->next;
		p->ring[last].addr = tx->frag[i].pa;
		p->ring[last].opt = 0;
		p->ring[last].cmd = tx->frag[i].len | TX_IFCS;
		p->last[last] = false;
		p->next = after(last);
	}
	p->ring[last].cmd |= TX_EOP | TX_RS;
	p->last[last] = true;
	p->cookie[last] = tx->cookie;
	nic->stats.tx_frames++;
	nic->stats.tx_bytes += total;
	return 0;
}

/* Frames that were told go no more; their memory may be used again. */
static void empty(struct pass *p)
{
	if (p->second && get(p, queue_reg(p)) == (uint32_t)(uintptr_t)p->ring)
		program_own(p, p->told);
	cancel(p, p->told);
}

/* The last descriptor of the first frame that the NIC was told of; RING:
 * there is none. */
static unsigned first_last(const struct pass *p)
{
	for (unsigned i = p->clean; i != p->told; i = after(i))
		if (p->last[i])
			return i;
	return RING;
}

static unsigned reap(struct pass *p, unsigned budget)
{
	unsigned done = 0;

	while (done < budget) {
		unsigned i = first_last(p);

		if (i == RING || !(p->ring[i].opt & TX_DD))
			break;
		p->clean = after(i);
		p->progress = p->now;
		done++;
		tell(p, i, 0);
	}
	/* What was not sent while the queue was borrowed never will be. */
	if (!p->second)
		cancel(p, p->told);
	return done;
}

static void check_link(struct pass *p)
{
	static const uint32_t mbps[] = { 10, 100, 1000, 1000 };
	uint32_t status;
	struct nic_link link = { false, false, 0 };

	/* While it is down this is asked for when something waits for it. */
	if (p->nic.link.up && p->now < p->link_check)
		return;
	p->link_check = p->now + LINK_CHECK;
	status = get(p, REG_STATUS);
	if (status != UINT32_MAX && status & STATUS_LU && guest_runs(p))
		link = (struct nic_link){ true, status & STATUS_FD,
			mbps[STATUS_SPEED(status)] };
	if (link.up == p->nic.link.up && link.mbps == p->nic.link.mbps &&
	    link.full_duplex == p->nic.link.full_duplex)
		return;
	p->nic.link = link;
	p->nic.stats.link_changes++;
	if (p->nic.sink && p->nic.sink->link)
		p->nic.sink->link(p->nic.sink_ctx, &link);
}

static unsigned poll(struct nic *nic, uint64_t now, unsigned budget)
{
	struct pass *p = (struct pass *)nic;
	unsigned done;

	p->now = now;
	if (p->stopped)
		return 0;
	check_link(p);
	done = reap(p, budget);
	if (p->clean != p->told && p->now - p->progress >= STUCK) {
		nic->stats.resets++;	/* of the ring alone */
		empty(p);
	}
	push(nic);
	return done;
}

static uint64_t deadline(struct nic *nic)
{
	struct pass *p = (struct pass *)nic;

	if (p->stopped)
		return NIC_NEVER;
	/* What the link does counts when there is something to send. */
	return p->clean == p->next ? NIC_NEVER : p->now + RETRY;
}

static void flush(struct nic *nic, bool rx, bool tx)
{
	struct pass *p = (struct pass *)nic;
	unsigned polls = POLLS;

	(void)rx;
	if (!tx)
		return;
	/* Frames that were told are on their way; take the others out. */
	while (p->second && p->clean != p->told && polls--) {
		reap(p, RING);
		p->w.wait(p->w.ctx, WAIT);
	}
	empty(p);
	p->told = p->next;
	empty(p);
}

static void restart(struct nic *nic)
{
	struct pass *p = (struct pass *)nic;

	p->link_check = 0;	/* the guest has to start it first */
}

static void quiesce(struct nic *nic)
{
	struct pass *p = (struct pass *)nic;

	p->stopped = true;
	if (p->second && get(p, queue_reg(p)) == (uint32_t)(uintptr_t)p->ring)
		program(p, 0, 0, 0, 0);
}

static int rx_post(struct nic *nic, uint64_t pa, uint32_t len, void *cookie)
{
	(void)nic;
	(void)pa;
	(void)len;
	(void)cookie;
	return -EOPNOTSUPP;	/* frames are the guest's */
}

static int irq_setup(struct nic *nic, const struct nic_irq *irq)
{
	(void)nic;
	return irq->mode == NIC_IRQ_NONE ? 0 : VMM_ERROR(EOPNOTSUPP);
}

static void nothing(struct nic *nic)
{
	(void)nic;	/* the guest's business */
}

static uint32_t irq_cause(struct nic *nic)
{
	(void)nic;
	return 0;
}

static int kick_after(struct nic *nic, uint32_t usec)
{
	(void)nic;
	(void)usec;
	return -EOPNOTSUPP;
}

static int filter(struct nic *nic, const struct nic_filter *filter)
{
	(void)nic;
	(void)filter;
	return 0;		/* nothing is received anyway */
}

static void dump(struct nic *nic, nic_print *print, void *ctx)
{
	struct pass *p = (struct pass *)nic;

	print(ctx, p->second ? "pro1000: passed, second transmit queue" :
	      "pro1000: passed, borrows the transmit queue");
	if (p->clean != p->next)
		print(ctx, "frames wait to be sent");
}

static const struct nic_ops ops = {
	.tx = tx,
	.tx_push = push,
	.rx_post = rx_post,
	.poll = poll,
	.deadline = deadline,
	.flush = flush,
	.irq_setup = irq_setup,
	.irq_enable = nothing,
	.irq_disable = nothing,
	.irq_cause = irq_cause,
	.irq_ack = nothing,
	.kick_after = kick_after,
	.filter = filter,
	.restart = restart,
	.quiesce = quiesce,
	.hand_back = nothing,
	.dump = dump,
};

bool pro1000_pass_hooks(uint16_t device)
{
	const struct pro1000_family *f = pro1000_family(device);

	return f && !(f->has & PRO1000_SECOND_TX);
}

int pro1000_pass_open(const struct pro1000_world *world, struct nic **nic)
{
	const struct pro1000_family *f = pro1000_family(world->device);
	uint64_t object = (sizeof(struct pass) + VMM_PAGE_MASK) /
		VMM_PAGE_SIZE;
	struct pass *p;
	int err;

	if (!f || f->has & (PRO1000_ADVANCED | PRO1000_OLD_RINGS))
		return VMM_ERROR(EOPNOTSUPP);
	p = world->pages(world->ctx, object + 1);
	if (!p)
		return VMM_ERROR(ENOMEM);
	p->ring = (void *)((uint8_t *)p + object * VMM_PAGE_SIZE);
	p->w = *world;
	p->family = f;
	p->second = f->has & PRO1000_SECOND_TX;
	p->nic.ops = &ops;
	p->nic.name = "pro1000";
	p->nic.limits = (struct nic_limits){
		.tx_frags = 4,
		.tso_bytes = 0,
		.frame_bytes = NIC_FRAME_MAX - 4,
		.rx_ring = 0,
	};
	err = pro1000_read_mac(&p->w, f, REG_RA, p->nic.mac);
	if (err)
		return err;
	*nic = &p->nic;
	return 0;
}
