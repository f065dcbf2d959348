/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The switch.  Frames from the wire arrive in buffers that are posted to the
 * NIC: the guest's as long as it has some posted, else our own.  Nothing is
 * copied between NIC and guest; what the VMM gets is copied into its queue,
 * and read from there by net_poll() alone, so no callback finds itself in the
 * middle of another.
 */
#include <bvnet/net.h>
#include <string.h>
#include <vmm/error.h>
#include <vmm/log.h>
#include "net_priv.h"

#define OWN_SIZE	2048u	/* >= NIC_RX_DIRECT_MIN */
#define OWN_RX		64u
#define OWN_TX		256u
#define FILTER_MACS	128u	/* of the guest's; more than its driver has */
#define QUEUE_SIZE	(256u * 1024)
#define POLL_BUDGET	256u
#define INPUT_BUDGET	128u
/* Of a frame from the wire, without hooks: what net_classify() looks at. */
#define HEAD		64u
/* With fewer of the guest's buffers posted, our own are posted, too. */
#define GUEST_FEW	8u

struct rx_buffer {
	struct rx_buffer *next;		/* in a list of free ones */
	void *cookie;			/* the guest's */
	uint64_t pa;
	uint32_t len;
	bool own;
};

struct tx_buffer {
	struct tx_buffer *next;
	uint8_t *data;
	uint32_t len;
};

struct net {
	enum net_mode mode;
	struct nic *nic;
	struct vmm_pagepool *pool;
	uint64_t pages;

	const struct net_guest_ops *guest_ops;	/* NULL: none */
	void *guest;
	const struct net_vmm_ops *vmm_ops;	/* NULL: none */
	void *vmm;
	struct net_hook *hooks;
	struct net_address own;
	uint32_t run;			/* of net_classify() */

	struct rx_buffer own_rx[OWN_RX];
	struct rx_buffer *own_idle;
	struct rx_buffer *guest_free;	/* objects without a buffer */
	unsigned guest_posted;
	struct tx_buffer own_tx[OWN_TX];
	struct tx_buffer *tx_free;
	struct tx_buffer *again, **again_end;	/* sent in vain, in order */
	struct net_queue queue;
	struct {
		struct nic_filter wish;		/* the guest's; its table: */
		uint8_t mac[FILTER_MACS + NET_GROUPS][6];
		bool due;		/* the NIC does not know it yet */
	} filter;
	bool started;
	bool push;			/* nic_tx_push() is due */
	bool sent;			/* since the last nic_poll() */
	bool noticed;			/* something is the VMM's side's affair */
	uint64_t lost_told;		/* of stats.vmm_lost, in the log */
	struct net_stats stats;
	struct rx_buffer guest_rx[];	/* nic->limits.rx_ring */
};

/* --- to the VMM --- */

static void to_vmm(struct net *n, const struct nic_tx *packet, uint32_t len)
{
	if (!n->vmm_ops)
		return;
	if (net_queue_push(&n->queue, packet, len))
		n->stats.vmm_lost++;
}

/* Once the queue has drained, say how much did not fit. */
static void tell_lost(struct net *n)
{
	uint64_t lost = n->stats.vmm_lost - n->lost_told;

	if (!lost || n->queue.frames)
		return;
	n->lost_told = n->stats.vmm_lost;
	vmm_log_info("Dropped %lu incoming packets.\n", (unsigned long)lost);
}

static void input_frames(struct net *n)
{
	const uint8_t *frame;
	uint32_t len;

	for (unsigned i = 0; i < INPUT_BUDGET; i++) {
		frame = net_queue_first(&n->queue, &len);
		if (!frame)
			break;
		n->stats.vmm_rx++;
		if (n->vmm_ops)
			n->vmm_ops->input(n->vmm, frame, len, 0);
		net_queue_pop(&n->queue);
	}
	tell_lost(n);
}

/* --- to the guest --- */

/* A frame that is in none of its buffers. */
static void to_guest(struct net *n, const void *frame, uint32_t len,
		     uint32_t flags)
{
	if (!n->guest_ops)
		return;
	if (n->guest_ops->deliver(n->guest, frame, len, flags))
		n->stats.guest_lost++;
	else
		n->stats.guest_rx++;
}

/* --- to the wire, from here --- */

static bool is_own_tx(const struct net *n, const void *cookie)
{
	return (uintptr_t)cookie >= (uintptr_t)n->own_tx &&
		(uintptr_t)cookie < (uintptr_t)(n->own_tx + OWN_TX);
}

static int send_buffer(struct net *n, struct tx_buffer *b)
{
	struct nic_frag frag = { (uintptr_t)b->data, b->len };
	struct nic_tx tx = { .frag = &frag, .frag_count = 1, .cookie = b };
	int error = nic_tx(n->nic, &tx);

	if (!error) {
		n->stats.nic_tx++;
		n->push = n->sent = true;
	} else if (error != -ENOSPC && error != -ENETDOWN) {
		n->stats.nic_refused++;
	}
	return error;
}

static void free_tx(struct net *n, struct tx_buffer *b)
{
	b->next = n->tx_free;
	n->tx_free = b;
}

static int to_wire(struct net *n, const void *frame, uint32_t len)
{
	struct tx_buffer *b = n->tx_free;
	int error;

	/* What waits to be sent again goes first. */
	if (!b || n->again)
		return -ENOSPC;
	memcpy(b->data, frame, len);
	b->len = len;
	n->tx_free = b->next;
	error = send_buffer(n, b);
	if (error)
		free_tx(n, b);
	return error;
}

static void send_again(struct net *n)
{
	struct tx_buffer *b;

	while ((b = n->again) != NULL) {
		int error = send_buffer(n, b);

		if (error == -ENOSPC || error == -ENETDOWN)
			break;
		n->again = b->next;
		if (!n->again)
			n->again_end = &n->again;
		if (error)
			free_tx(n, b);
	}
}

/* --- hooks --- */

static bool hooks_pass(struct net *n, enum net_side from, const uint8_t *head,
		       uint32_t head_len, const struct nic_tx *packet)
{
	for (struct net_hook *h = n->hooks; h; h = h->next) {
		if (!(h->from & from))
			continue;
		h->seen++;
		n->noticed |= h->poll != NULL;
		if (!h->frame(h, from, head, head_len, packet)) {
			h->dropped++;
			n->stats.hook_dropped++;
			return false;
		}
	}
	return true;
}

void net_hook_add(struct net *n, struct net_hook *hook)
{
	struct net_hook **p = &n->hooks;

	while (*p)
		p = &(*p)->next;
	hook->next = NULL;
	*p = hook;
}

void net_hook_remove(struct net *n, struct net_hook *hook)
{
	struct net_hook **p = &n->hooks;

	while (*p && *p != hook)
		p = &(*p)->next;
	if (*p)
		*p = hook->next;
}

static uint64_t poll_hooks(struct net *n, uint64_t now)
{
	uint64_t next = UINT64_MAX;

	for (struct net_hook *h = n->hooks; h; h = h->next)
		if (h->poll)
			next = net_least(next, h->poll(h, n, now));
	return next;
}

/* --- receive buffers --- */

/* Post our own unless the guest has enough. */
static void post_own(struct net *n)
{
	struct rx_buffer *b;

	while (n->started && n->guest_posted < GUEST_FEW &&
	       (b = n->own_idle) != NULL) {
		if (nic_rx_post(n->nic, b->pa, b->len, b))
			break;
		n->own_idle = b->next;
		n->push = true;
	}
}

/* The guest has its buffer back. */
static void return_to_guest(struct net *n, struct rx_buffer *b, uint32_t len,
			    uint32_t flags)
{
	struct nic_rx rx = { .cookie = b->cookie, .len = len, .flags = flags };

	b->next = n->guest_free;
	n->guest_free = b;
	n->guest_posted--;
	n->guest_ops->rx(n->guest, &rx);
}

/* The buffer can be used for the next frame. */
static void reuse(struct net *n, struct rx_buffer *b)
{
	if (b->own) {
		b->next = n->own_idle;
		n->own_idle = b;
		post_own(n);
	} else if (nic_rx_post(n->nic, b->pa, b->len, b)) {
		return_to_guest(n, b, 0, NIC_RX_CANCELLED);
	}
}

static uint32_t head_wanted(const struct net *n)
{
	for (const struct net_hook *h = n->hooks; h; h = h->next)
		if (h->from & NET_SIDE_NIC)
			return NET_HOOK_HEAD;
	return HEAD;
}

/* Decide, and give the VMM its part.  True: the guest gets it, too. */
static bool receive(struct net *n, const struct rx_buffer *b, uint32_t len)
{
	struct nic_frag frag = { b->pa, len };
	struct nic_tx packet = { .frag = &frag, .frag_count = 1 };
	uint8_t head[NET_HOOK_HEAD];
	uint32_t head_len = net_gather(&packet, head, head_wanted(n));
	unsigned to;

	n->stats.nic_rx++;
	if (len < NET_HEADER_LEN) {
		n->stats.malformed++;
		return false;
	}
	if (!hooks_pass(n, NET_SIDE_NIC, head, head_len, &packet))
		return false;
	/* While there is no stack yet, all is the guest's. */
	to = n->vmm_ops || !net_mode_wants_guest(n->mode) ?
		net_classify(n->mode, head, len, &n->own, &n->run) :
		NET_SIDE_GUEST;
	if ((to & NET_SIDE_VMM) && net_is_wanted(head, len, &n->own))
		to_vmm(n, &packet, len);
	return n->guest_ops && (to & NET_SIDE_GUEST);
}

static void nic_gave_rx(void *ctx, const struct nic_rx *rx)
{
	struct net *n = ctx;
	struct rx_buffer *b = rx->cookie;
	const uint32_t whole = NIC_RX_FIRST | NIC_RX_LAST;

	if (rx->flags & NIC_RX_CANCELLED) {
		if (!b->own) {
			return_to_guest(n, b, 0, NIC_RX_CANCELLED);
			return;
		}
		b->next = n->own_idle;
		n->own_idle = b;
		return;
	}
	if ((rx->flags & whole) != whole || !rx->len || rx->len > b->len) {
		/* Larger than any frame without jumbo frames. */
		n->stats.malformed++;
		reuse(n, b);
		return;
	}
	if (!receive(n, b, rx->len)) {
		reuse(n, b);
	} else if (b->own) {
		to_guest(n, (const void *)(uintptr_t)b->pa, rx->len,
			 rx->flags & NIC_RX_CSUM_OK);
		reuse(n, b);
	} else {
		n->stats.guest_rx++;
		return_to_guest(n, b, rx->len, rx->flags);
	}
}

/* --- other upcalls of the NIC --- */

static void nic_gave_tx(void *ctx, void *cookie, int error)
{
	struct net *n = ctx;
	struct tx_buffer *b = cookie;

	if (!is_own_tx(n, cookie)) {
		if (n->guest_ops)
			n->guest_ops->tx_done(n->guest, cookie, error);
		return;
	}
	if (!error) {
		free_tx(n, b);
		return;
	}
	b->next = NULL;
	*n->again_end = b;
	n->again_end = &b->next;
}

static void nic_changed_link(void *ctx, const struct nic_link *link)
{
	struct net *n = ctx;

	n->noticed = true;
	if (n->vmm_ops)
		n->vmm_ops->link(n->vmm, link);
	if (n->guest_ops)
		n->guest_ops->link(n->guest, link);
}

static const struct nic_sink sink = {
	.rx = nic_gave_rx,
	.tx_done = nic_gave_tx,
	.link = nic_changed_link,
};

/* --- the guest's side --- */

void net_guest_attach(struct net *n, const struct net_guest_ops *ops,
		      void *guest)
{
	if (n->guest_ops && !ops)
		nic_flush(n->nic, true, true);
	n->guest_ops = ops;
	n->guest = guest;
	post_own(n);
	if (ops)
		ops->link(guest, &n->nic->link);
}

static bool packet_ok(const struct nic_tx *tx, uint32_t *len)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < tx->frag_count; i++)
		sum += tx->frag[i].len;
	*len = (uint32_t)sum;
	return sum >= NET_HEADER_LEN && sum <= UINT16_MAX + NET_HEADER_LEN;
}

/* Which sides get a frame of the guest's. */
static unsigned guest_to(const struct net *n, const uint8_t *head,
			 uint32_t head_len)
{
	if (!net_mode_wants_guest(n->mode))
		return 0;
	if (!n->vmm_ops || !net_is_for_stack(head, head_len, &n->own))
		return NET_SIDE_NIC;
	if (head[0] & 1)
		return net_is_wanted(head, head_len, &n->own) ?
			NET_SIDE_NIC | NET_SIDE_VMM : NET_SIDE_NIC;
	/* To its own MAC address: that is the VMM. */
	return memcmp(head, n->nic->mac, NET_MAC_LEN) == 0 ? NET_SIDE_VMM :
		NET_SIDE_NIC;
}

int net_guest_tx(struct net *n, const struct nic_tx *tx)
{
	uint8_t head[NET_HOOK_HEAD];
	uint32_t head_len, len;
	unsigned to;

	if (!packet_ok(tx, &len)) {
		n->stats.malformed++;
		return 1;
	}
	head_len = net_gather(tx, head, sizeof(head));
	if (!hooks_pass(n, NET_SIDE_GUEST, head, head_len, tx))
		return 1;
	to = guest_to(n, head, head_len);
	if (to & NET_SIDE_NIC) {
		int error = nic_tx(n->nic, tx);

		if (error) {
			n->stats.nic_refused += error != -ENOSPC;
			return error;
		}
		n->stats.nic_tx++;
		n->sent = true;
	}
	n->stats.guest_tx++;
	if (to & NET_SIDE_VMM)
		to_vmm(n, tx, len);
	return to & NET_SIDE_NIC ? 0 : 1;
}

void net_guest_tx_push(struct net *n)
{
	n->push = false;
	nic_tx_push(n->nic);
}

int net_guest_rx_post(struct net *n, uint64_t pa, uint32_t len, void *cookie)
{
	struct rx_buffer *b = n->guest_free;
	int error;

	if (len < NET_MAX_FRAME)
		return VMM_ERROR(EINVAL);
	if (!net_mode_wants_guest(n->mode) || !n->guest_ops || !n->started)
		return VMM_ERROR(EOPNOTSUPP);
	if (!b)
		return -ENOSPC;
	b->pa = pa;
	b->len = len;
	b->cookie = cookie;
	error = nic_rx_post(n->nic, pa, len, b);
	if (error)
		return error;
	n->guest_free = b->next;
	n->guest_posted++;
	n->push = true;
	return 0;
}

void net_guest_rx_recall(struct net *n)
{
	nic_flush(n->nic, true, false);
	post_own(n);
}

/* What the guest wants, and behind it the VMM's groups. */
static int apply_filter(struct net *n)
{
	struct nic_filter all = n->filter.wish;

	n->filter.due = false;
	all.mac = (const uint8_t (*)[6])n->filter.mac;
	all.count += net_groups(&n->own, n->filter.mac + all.count);
	return nic_filter_set(n->nic, &all);
}

int net_guest_filter(struct net *n, const struct nic_filter *filter)
{
	n->filter.wish = *filter;
	if (filter->count > FILTER_MACS) {
		n->filter.wish.count = 0;
		n->filter.wish.promisc = n->filter.wish.allmulti = true;
	}
	if (n->filter.wish.count)
		memcpy(n->filter.mac, filter->mac,
		       n->filter.wish.count * sizeof(*filter->mac));
	return apply_filter(n);
}

/* --- the VMM's side --- */

static bool frame_ok(uint32_t len)
{
	return len >= NET_HEADER_LEN && len <= NET_MAX_FRAME;
}

/* Has the guest's driver set this address besides the NIC's own? */
static bool guest_set(const struct net *n, const uint8_t *mac)
{
	for (unsigned i = 0; i < n->filter.wish.count; i++)
		if (memcmp(n->filter.mac[i], mac, NET_MAC_LEN) == 0)
			return true;
	return false;
}

int net_vmm_tx(struct net *n, const void *frame, uint32_t len)
{
	struct nic_frag frag = { (uintptr_t)frame, len };
	struct nic_tx packet = { .frag = &frag, .frag_count = 1 };
	const uint8_t *to = frame;
	bool to_self;

	if (!frame_ok(len))
		return VMM_ERROR(EINVAL);
	if (!hooks_pass(n, NET_SIDE_VMM, frame,
			len < NET_HOOK_HEAD ? len : NET_HOOK_HEAD, &packet))
		return 0;
	/* Our own address is the guest's as well. */
	to_self = n->guest_ops && memcmp(to, n->nic->mac, NET_MAC_LEN) == 0;
	if (!to_self) {
		int error = to_wire(n, frame, len);

		if (error)
			return error;
	}
	n->stats.vmm_tx++;
	if (to_self || to[0] & 1 || guest_set(n, to))
		to_guest(n, frame, len, NIC_RX_CSUM_OK | NET_RX_LOCAL);
	return 0;
}

int net_inject(struct net *n, unsigned sides, const void *frame, uint32_t len)
{
	struct nic_frag frag = { (uintptr_t)frame, len };
	struct nic_tx packet = { .frag = &frag, .frag_count = 1 };
	int error = 0;

	if (!frame_ok(len))
		return VMM_ERROR(EINVAL);
	if (sides & NET_SIDE_NIC)
		error = to_wire(n, frame, len);
	if ((sides & NET_SIDE_VMM) && n->vmm_ops &&
	    net_queue_push(&n->queue, &packet, len))
		error = -ENOSPC;
	if ((sides & NET_SIDE_GUEST) && n->guest_ops &&
	    n->guest_ops->deliver(n->guest, frame, len,
				  NIC_RX_CSUM_OK | NET_RX_LOCAL))
		error = -ENOSPC;
	return error;
}

void net_vmm_attach(struct net *n, const struct net_vmm_ops *ops, void *vmm)
{
	n->vmm_ops = ops;
	n->vmm = vmm;
}

void net_vmm_set_address(struct net *n, const uint8_t ip[4])
{
	memcpy(n->own.ip, ip, 4);
}

void net_vmm_set_address6(struct net *n, const uint8_t (*ip6)[16],
			  unsigned count)
{
	if (count == n->own.ip6_count &&
	    (!count || memcmp(n->own.ip6, ip6, count * sizeof(*ip6)) == 0))
		return;
	if (count)
		memcpy(n->own.ip6, ip6, count * sizeof(*ip6));
	n->own.ip6_count = count;
	n->filter.due = true;
}

/* --- the switch itself --- */

/* The NIC's frames and completions.  True: there are more. */
static bool poll_nic(struct net *n, uint64_t now)
{
	bool more;

	n->sent = false;
	more = nic_poll(n->nic, now, POLL_BUDGET) == POLL_BUDGET;
	send_again(n);
	return more;
}

/* Hand over what was gathered. */
static void finish(struct net *n)
{
	post_own(n);
	if (n->push) {
		n->push = false;
		nic_tx_push(n->nic);
	}
	if (n->guest_ops)
		n->guest_ops->flush(n->guest);
}

uint64_t net_poll(struct net *n, uint64_t now)
{
	uint64_t next = UINT64_MAX;
	bool more;

	if (!n->started)
		return UINT64_MAX;
	n->noticed = false;
	if (n->vmm_ops && n->vmm_ops->time)
		n->vmm_ops->time(n->vmm, now);
	more = poll_nic(n, now);
	input_frames(n);
	if (n->vmm_ops)
		next = n->vmm_ops->poll(n->vmm, now);
	next = net_least(next, poll_hooks(n, now));
	if (n->filter.due && apply_filter(n) < 0)
		vmm_log_err("The NIC refuses the VMM's multicast groups\n");
	finish(n);
	if (more || n->queue.frames || n->sent)
		return 0;
	return net_least(next, net_until(nic_deadline(n->nic), now));
}

uint64_t net_poll_frames(struct net *n, uint64_t now)
{
	bool more;

	if (!n->started)
		return UINT64_MAX;
	more = poll_nic(n, now);
	finish(n);
	if (more || n->queue.frames || n->sent || n->noticed)
		return 0;
	return net_until(nic_deadline(n->nic), now);
}

bool net_unsent(const struct net *n)
{
	return n->push;
}

void net_start(struct net *n)
{
	n->started = true;
	post_own(n);
	nic_tx_push(n->nic);
}

static void carve(struct net *n, uint8_t *memory)
{
	for (unsigned i = 0; i < OWN_RX; i++, memory += OWN_SIZE) {
		n->own_rx[i] = (struct rx_buffer){
			.next = n->own_idle, .pa = (uintptr_t)memory,
			.len = OWN_SIZE, .own = true };
		n->own_idle = &n->own_rx[i];
	}
	for (unsigned i = 0; i < OWN_TX; i++, memory += OWN_SIZE) {
		n->own_tx[i].data = memory;
		free_tx(n, &n->own_tx[i]);
	}
	n->queue = (struct net_queue){ .data = memory, .size = QUEUE_SIZE };
	for (unsigned i = 0; i < n->nic->limits.rx_ring; i++) {
		n->guest_rx[i].next = n->guest_free;
		n->guest_free = &n->guest_rx[i];
	}
}

int net_create(enum net_mode mode, struct nic *nic, struct vmm_pagepool *pool,
	       struct net **net)
{
	uint64_t object = sizeof(struct net) +
		nic->limits.rx_ring * sizeof(struct rx_buffer);
	uint64_t pages;
	struct net *n;

	object = VMM_ROUND_UP(object, VMM_PAGE_SIZE);
	pages = (object + (OWN_RX + OWN_TX) * OWN_SIZE + QUEUE_SIZE) /
		VMM_PAGE_SIZE;
	n = vmm_pages_alloc(pool, pages);
	if (!n)
		return VMM_ERROR(ENOMEM);
	n->mode = mode;
	n->nic = nic;
	n->pool = pool;
	n->pages = pages;
	n->again_end = &n->again;
	carve(n, (uint8_t *)n + object);
	nic_attach(nic, &sink, n);
	*net = n;
	return 0;
}

void net_destroy(struct net *n)
{
	if (!n)
		return;
	nic_attach(n->nic, NULL, NULL);
	vmm_pages_free(n->pool, n, n->pages);
}

enum net_mode net_get_mode(const struct net *n)
{
	return n->mode;
}

struct nic *net_nic(struct net *n)
{
	return n->nic;
}

void net_get_stats(const struct net *n, struct net_stats *stats)
{
	*stats = n->stats;
}
