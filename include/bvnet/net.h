/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The net switch: one for each NIC that the VMM drives.  It has three sides:
 *
 *	NIC	the hardware and its driver, nicdrv/nic.h
 *	guest	the network device that the guest sees, struct net_guest_ops
 *	VMM	the IP stack, the log's sender, anyone with a hook
 *
 * Who gets a frame is decided by the mode (`net=`), see net_classify().  The
 * guest and the VMM share the NIC's MAC address and have different IP
 * addresses; they can also talk to each other, which no frame on the wire
 * shows.
 *
 * Context of everything here: under the net lock, any CPU, interrupts off;
 * nothing blocks or sleeps.  Time is an argument: microseconds of a clock that
 * never goes back (vmm_uptime_usec()).  Callbacks run under the same lock and
 * may call back only what their comment names.
 *
 * Contents of frames are whatever the wire or the guest makes them, and the
 * guest may change its buffers while they are read: the switch decides on a
 * copy of the headers, and the VMM's side gets a copy of the frame.
 */
#ifndef BVNET_NET_H
#define BVNET_NET_H

#include <stdbool.h>
#include <nicdrv/nic.h>
#include <vmm/compiler.h>
#include <vmm/pagepool.h>

VMM_BEGIN_DECLS

struct net;

/* --- modes --- */

enum net_mode {
	NET_MODE_NONE,		/* "": frames go nowhere; the log may be sent */
	NET_MODE_PASS,		/* guest <-> wire */
	NET_MODE_IP,		/* VMM <-> wire; the guest has no part in it */
	NET_MODE_IPPASS,	/* both see all IP and ARP frames */
	NET_MODE_IPPASSFILTER,	/* the guest does not see the VMM's frames */
	NET_MODE_IPPASSFILTER2,	/* ... but one of 100 in a row, see below */
};

/* By the text of the option `net=`: a mode's name, or "name:argument".
 * -EINVAL if there is none of that name. */
int net_mode_parse(const char *text, enum net_mode *mode) VMM_MUST_CHECK;
const char *net_mode_name(enum net_mode mode);
/* All names, for messages: "pass, ip, ippass, ..." */
extern const char net_mode_names[];
/* Does the mode need a guest side (virtio=1, or a shadowed NIC)? */
bool net_mode_wants_guest(enum net_mode mode);
/* Does the VMM have an IP stack on it? */
bool net_mode_has_stack(enum net_mode mode);

/* --- frames --- */

#define NET_MAC_LEN	6u
#define NET_HEADER_LEN	14u	/* Ethernet: receiver, sender, type */
#define NET_MAX_FRAME	1518u	/* with one VLAN tag, without CRC */

/* --- the guest's side, implemented by what it sees as its NIC --- */

/* Flag beside those of NIC_RX_*: the frame comes from this machine and never
 * was on a wire; its sums are right. */
#define NET_RX_LOCAL	0x100u

struct net_guest_ops {
	/* A buffer of net_guest_rx_post() comes back; rx->flags has FIRST and
	 * LAST (a frame never spans buffers), or NIC_RX_CANCELLED.  Not in the
	 * order of posting: buffers whose frame the guest does not get are
	 * posted again. */
	void (*rx)(void *guest, const struct nic_rx *rx);
	/* A frame that is elsewhere: copy it into a buffer of the guest's that
	 * is not posted.  flags: NIC_RX_CSUM_OK, NET_RX_LOCAL.  Any error: the
	 * frame is lost, and counted as such here. */
	int (*deliver)(void *guest, const void *frame, uint32_t len,
		       uint32_t flags);
	/* The packet of this cookie was sent or dropped. */
	void (*tx_done)(void *guest, void *cookie, int error);
	/* End of a batch of the callbacks above, and of the poll: what waits
	 * for room may be tried again, and the guest be interrupted. */
	void (*flush)(void *guest);
	void (*link)(void *guest, const struct nic_link *link);
};

/*
 * Give the switch its guest side; it comes and goes with the guest's driver.
 * ops NULL takes it away: everything lent comes back, by rx and tx_done,
 * before this returns.  Not from a callback.
 */
void net_guest_attach(struct net *net, const struct net_guest_ops *ops,
		      void *guest);

/*
 * Send a frame of the guest's, see nic_tx().
 *	0	taken: tx_done follows, later
 *	1	done already: no tx_done; only the VMM got it, or nobody, or it
 *		was malformed and is counted as such
 *	-ENOSPC	no room: try again from flush()
 *	others	as nic_tx(): dropped, no tx_done
 * It need not be on its way before net_guest_tx_push().
 */
int net_guest_tx(struct net *net, const struct nic_tx *tx) VMM_MUST_CHECK;
void net_guest_tx_push(struct net *net);

/*
 * A buffer of the guest's for frames from the wire: NIC and guest then need
 * no copy.  -EINVAL: less than NET_MAX_FRAME bytes; -EOPNOTSUPP: this mode has
 * nothing from the wire for the guest; -ENOSPC: full, try again from flush().
 * In these cases keep it for deliver().
 * What the VMM alone is to get passes through such buffers, too; the guest's
 * next frame overwrites it.
 */
int net_guest_rx_post(struct net *net, uint64_t pa, uint32_t len,
		      void *cookie) VMM_MUST_CHECK;
/* Have all posted buffers back (rx with CANCELLED) before it returns.  Not
 * from a callback. */
void net_guest_rx_recall(struct net *net);
/* Which frames the guest wants, as nic_filter_set(); the VMM's own needs are
 * in any filter.  Not from a callback. */
int net_guest_filter(struct net *net, const struct nic_filter *filter)
	VMM_MUST_CHECK;

/* --- the VMM's side --- */

/* Send a frame (complete, with sums).  It is copied.  To the wire, to the
 * guest, or to both, by its receiver's address.  0; -ENOSPC: no room now, ask
 * again from the next poll; -ENETDOWN: no link; others: dropped. */
int net_vmm_tx(struct net *net, const void *frame, uint32_t len)
	VMM_MUST_CHECK;
/* Was something sent, or a buffer given, since the last net_poll()?  The next
 * one tells the NIC. */
bool net_unsent(const struct net *net);

/* Who gets the VMM's frames: at most one, the IP stack. */
struct net_vmm_ops {
	/* Called by net_poll() only; the frame is the VMM's memory and needed
	 * during the call only. */
	void (*input)(void *vmm, const uint8_t *frame, uint32_t len,
		      unsigned flags);
	/* Other work.  Returns microseconds until it wants to be called
	 * again, UINT64_MAX for not at all. */
	uint64_t (*poll)(void *vmm, uint64_t now);
	void (*link)(void *vmm, const struct nic_link *link);
	/* It is so late now: first of all in each net_poll().  Or NULL. */
	void (*time)(void *vmm, uint64_t now);
};
void net_vmm_attach(struct net *net, const struct net_vmm_ops *ops, void *vmm);
/* The address that the stack has now, {0,0,0,0}: none (yet). */
void net_vmm_set_address(struct net *net, const uint8_t ip[4]);
/* Its IPv6 addresses, at most NET_IP6_MAX, tentative ones included; none: it
 * takes no part in IPv6.  The next net_poll() has the NIC let their groups in,
 * whatever the guest's filter. */
void net_vmm_set_address6(struct net *net, const uint8_t (*ip6)[16],
			  unsigned count);

/* All of them. */
#define NET_IP6_MAX 4u
struct net_address {
	uint8_t ip[4];			/* zeros: none */
	unsigned ip6_count;
	uint8_t ip6[NET_IP6_MAX][16];
};

/* --- hooks: see, drop, inject --- */

enum net_side {
	NET_SIDE_NIC = 0x1,	/* also bits of masks */
	NET_SIDE_GUEST = 0x2,
	NET_SIDE_VMM = 0x4,
};

#define NET_HOOK_HEAD 128u

struct net_hook {
	const char *name;	/* for statistics */
	unsigned from;		/* NET_SIDE_* whose frames it is called for */
	/* NULL, or called by each net_poll(), last.  Returns as that of
	 * net_vmm_ops; may call net_vmm_tx() and net_inject(). */
	uint64_t (*poll)(struct net_hook *hook, struct net *net, uint64_t now);
	/* See a frame before it is delivered; head is a copy of its first
	 * head_len bytes: all, or NET_HOOK_HEAD; packet has all of it and what
	 * is still to be done to it.  True: let it pass; false: drop it.
	 * Hooks are asked in the order of their adding; none is asked about
	 * what an earlier one dropped.  A frame of the guest's is shown again
	 * if the NIC had no room for it.  May call net_inject() and
	 * net_vmm_tx(); hooks do not see these frames, so that no two of them
	 * feed each other for ever. */
	bool (*frame)(struct net_hook *hook, enum net_side from,
		      const uint8_t *head, uint32_t head_len,
		      const struct nic_tx *packet);
	uint64_t seen, dropped;	/* counted by the switch */
	struct net_hook *next;	/* private to the switch */
};
/* The object stays the caller's and must live until it is removed. */
void net_hook_add(struct net *net, struct net_hook *hook);
void net_hook_remove(struct net *net, struct net_hook *hook);
/* Deliver a frame to the sides named, whatever the mode; no hook sees it.
 * Copied.  Errors as for net_vmm_tx(), if any of them had no room. */
int net_inject(struct net *net, unsigned sides, const void *frame,
	       uint32_t len) VMM_MUST_CHECK;

/* --- the switch itself --- */

/*
 * Make a switch for a NIC, whose user it becomes (nic_attach()); nobody else
 * calls nic_tx, nic_rx_post, nic_poll, nic_flush or nic_filter_set from then
 * on.  Buffers are taken from the pool: about 1 MiB.  -ENOMEM.
 */
int net_create(enum net_mode mode, struct nic *nic, struct vmm_pagepool *pool,
	       struct net **net) VMM_MUST_CHECK;
/* The NIC has been quiesced.  All that was lent is its owner's again, without
 * upcalls. */
void net_destroy(struct net *net);

/* Let frames in: buffers are posted to the NIC.  Until then all are lost. */
void net_start(struct net *net);

/*
 * Do what is to be done: frames and completions of the NIC, frames of the VMM,
 * its timers, the log.  Returns microseconds until there is a deadline, 0 if
 * there is more work now, UINT64_MAX for none.  To be called after an
 * interrupt of the NIC, after calls of the guest's side that changed something,
 * and at the deadline.
 */
uint64_t net_poll(struct net *net, uint64_t now);
/*
 * As net_poll(), but the guest's side alone: for a call of the guest's that
 * comes before the deadline that net_poll() told.  0 also if there is something
 * for the VMM now: net_poll() is due.
 */
uint64_t net_poll_frames(struct net *net, uint64_t now);

enum net_mode net_get_mode(const struct net *net);
/* The NIC, for reading: mac, caps, limits, link, stats; and for its verbs that
 * are not the switch's (interrupts, dump). */
struct nic *net_nic(struct net *net);

/* Who gets a frame from the wire, as NET_SIDE_GUEST | NET_SIDE_VMM. head:
 * its first bytes (58 decide), len: of the whole frame.  own: the VMM's
 * addresses; *run counts consecutive frames for the VMM only (ippassfilter2).
 * Pure.
 *
 *	frame				ippass	ippassfilter, ippassfilter2
 *	ARP				both	both
 *	IPv4 to the VMM's address	both	VMM (100th in a row: both)
 *	IPv4, TCP to another address	both	guest
 *	IPv4, any other			both	both
 *	IPv4 or ARP, below 34 bytes	both	both
 *	IPv6 to an address of the VMM's	both	VMM (100th in a row: both)
 *	IPv6 to a group			both	both
 *	IPv6, any other			both	guest
 *	any other (VLAN, ...)		guest	guest
 * IPv6 is the guest's as any other while the VMM has no address of it.  A tag
 * that has a priority only (VLAN 0) does not count as VLAN.
 */
unsigned net_classify(enum net_mode mode, const uint8_t *head, uint32_t len,
		      const struct net_address *own, uint32_t *run);

struct net_stats {
	uint64_t nic_rx, nic_tx;	/* frames from and to the wire */
	uint64_t guest_rx, guest_tx;	/* to and from the guest */
	uint64_t vmm_rx, vmm_tx;	/* to and from the VMM */
	uint64_t guest_lost;		/* for the guest, which had no buffer */
	uint64_t vmm_lost;		/* for the VMM, its queue being full */
	uint64_t nic_refused;		/* nic_tx() gave an error, not -ENOSPC */
	uint64_t malformed;
	uint64_t hook_dropped;
};
void net_get_stats(const struct net *net, struct net_stats *stats);

VMM_END_DECLS

#endif
