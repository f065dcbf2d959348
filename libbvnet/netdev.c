/* SPDX-License-Identifier: BSD-3-Clause */
#include "net_priv.h"
#include "netdev.h"

#include <string.h>
#include <bitvisor/config.h>
#include <bvnet/netdev.h>
#include <bvnet/rtc.h>
#include <vmm/error.h>
#include <vmm/log.h>

#define MAX_NETDEVS	4u
/* Rounds of one visit: more work waits for the next interrupt or kick. */
#define ROUNDS		8u
#define KICK_MAX_USEC	1000000u
/* How late an interrupt of the NIC may be. */
#define LATE_USEC	1000000u
/* No NIC's reset takes longer. */
#define RESET_MAX_USEC	50000u
/* Between two looks at a NIC that the guest drives. */
#define PASSED_USEC	20u

/* The switch's buffers, rings and devices. */
VMM_HEAP_WANTED(UINT64_C(5) << 20);

static struct netdev netdevs[MAX_NETDEVS];
static const struct netdev_ip *stack_ops;	/* NULL: not in this variant */

void netdev_set_ip(const struct netdev_ip *ops)
{
	stack_ops = ops;
}

/* --- running --- */

static uint64_t frames_of(const struct netdev *nd)
{
	const struct nic_stats *stats = &nd->device->nic->stats;

	return stats->rx_frames + stats->tx_frames;
}

/* The NIC is the clock: it interrupts when the next deadline is there. */
static void arm(struct netdev *nd, uint64_t now, uint64_t usec)
{
	if (usec > KICK_MAX_USEC && usec != UINT64_MAX)
		usec = KICK_MAX_USEC;
	if (!nd->running || !nd->interrupts || usec == UINT64_MAX ||
	    (nd->kick_at > now && nd->kick_at <= now + usec) ||
	    !kick_guard_may(&nd->kicks, now))
		return;
	if (nic_kick_after(nd->device->nic, (uint32_t)usec) < 0)
		return;
	nd->kick_at = now + usec;
	kick_guard_set(&nd->kicks, now, usec, frames_of(nd));
}

/* A kick was there when the NIC interrupted.  What it has moved since the kick
 * was asked for is known only after a look: a frame may have interrupted. */
static void judge_kick(struct netdev *nd)
{
	uint64_t came_at = nd->kick_came_at;

	nd->kick_came_at = 0;
	if (!came_at ||
	    !kick_guard_came(&nd->kicks, came_at, frames_of(nd)) ||
	    nd->impatient)
		return;
	nd->impatient = true;
	vmm_log_warning(VMM_PCI_FORMAT " does not put interrupts off: timers"
			" of the VMM's network wait for frames\n",
			VMM_PCI_ARGS(nd->device->dev->addr));
}

/* The services look at the machine as one of its processors: they run where
 * the NIC's interrupts come. */
static uint64_t poll_services(struct netdev *nd)
{
	struct vmm_vcpu *v = vmm_vcpu_current();

	if (!nd->stack || !nd->running || !v || vmm_vcpu_number(v) != 0)
		return UINT64_MAX;
	return stack_ops->poll(v, vmm_uptime_usec());
}

static bool lines_wait(const struct netdev *nd)
{
	struct net_syslog_stats stats;

	if (!nd->syslog)
		return false;
	net_syslog_get_stats(nd->syslog, &stats);
	return stats.waiting;
}

/*
 * Of a NIC that the guest drives nothing interrupts the VMM.  While lines of
 * the log wait - for the guest's driver, the link, or an idle queue - the VMM
 * goes on when the guest touches the device; then no longer.
 */
static void poll_passed(struct netdev *nd)
{
	struct nic *nic = nd->device->nic;
	unsigned rounds = ROUNDS;
	uint64_t next = net_poll(nd->net, vmm_uptime_usec());
	bool waits;

	/* Frames are under way for some microseconds. */
	while (--rounds && (!next || nic_deadline(nic) != NIC_NEVER)) {
		if (next)
			vmm_delay_usec(PASSED_USEC);
		next = net_poll(nd->net, vmm_uptime_usec());
	}
	waits = next != UINT64_MAX || lines_wait(nd);
	if (nd->running && waits != nd->watching) {
		nd->watching = waits;
		nd->device->watch(nd->device, waits);
	}
}

static void touched(struct nic_device *device)
{
	struct netdev *nd = device->dev->ctx;

	vmm_spin_lock(&nd->lock);
	poll_passed(nd);
	vmm_spin_unlock(&nd->lock);
}

/* Nobody would call when the time of the NIC's reset is over: some 20 ms, once
 * for each reset of the guest's device or fault of the NIC. */
static bool await_reset(const struct netdev *nd)
{
	struct nic *nic = nd->device->nic;
	uint64_t until;

	if (!nic->resetting || !nd->running)
		return false;
	until = net_until(nic_deadline(nic), vmm_uptime_usec());
	vmm_delay_usec(until < RESET_MAX_USEC ? until : RESET_MAX_USEC);
	return true;
}

/* Returns when there is something to do again, counted from *at; 0 for now. */
static uint64_t poll_rounds(struct netdev *nd, uint64_t *at)
{
	unsigned rounds = ROUNDS;
	uint64_t now, next;

	do {
		now = vmm_uptime_usec();
		nd->woken = false;
		if (nd->virtio)
			virtio_net_poll(nd->virtio);
		if (nd->hushed)
			nic_irq_ack(nd->device->nic);
		next = net_poll(nd->net, now);
		next = net_least(next, poll_services(nd));
		/* What a service has sent is on its way, and its timers
		 * count, from the next round on. */
	} while ((next == 0 || net_unsent(nd->net)) && --rounds);
	*at = now;
	return next;
}

void netdev_poll(struct netdev *nd)
{
	uint64_t now, next;

	if (nd->device->passed) {
		poll_passed(nd);
		return;
	}
	do {
		next = poll_rounds(nd, &now);
	} while (await_reset(nd));
	judge_kick(nd);
	nd->due = next == UINT64_MAX ? next : now + next;
	arm(nd, now, next);
}

void netdev_poll_frames(struct netdev *nd)
{
	uint64_t now = vmm_uptime_usec(), next = 0;

	if (!nd->woken && now < nd->due) {
		if (nd->hushed)
			nic_irq_ack(nd->device->nic);
		next = net_poll_frames(nd->net, now);
	}
	if (!next || nd->woken)
		netdev_poll(nd);
	else
		arm(nd, now, net_least(next, net_until(nd->due, now)));
}

/* A kick's cause is there at once, its interrupt is what comes later.  Once seen
 * (and acknowledged) the kick is over, but the interrupt may still come: late,
 * too, so whether this was it cannot be told. */
static void kick_seen(struct netdev *nd, uint64_t now)
{
	vmm_service_expect_nmi((nd->kick_at > now ? nd->kick_at : now) +
			       LATE_USEC);
	nd->kick_at = 0;
}

void netdev_hush(struct netdev *nd)
{
	struct nic *nic = nd->device->nic;
	uint32_t cause;
	uint64_t now;

	if (!nd->interrupts || !nd->running || !nd->own_kicks)
		return;
	nic_irq_disable(nic);
	cause = nic_irq_cause(nic);
	now = vmm_uptime_usec();
	if (cause & NIC_CAUSE_KICK)
		kick_seen(nd, now);
	/* For these it has interrupted already. */
	if (cause)
		vmm_service_expect_nmi(now + LATE_USEC);
	nd->hushed = true;
}

void netdev_unhush(struct netdev *nd)
{
	if (!nd->hushed)
		return;
	nd->hushed = false;
	nic_irq_enable(nd->device->nic);
}

/*
 * A service's run: the NIC's NMI came, or somebody else's, or none.
 *
 * The causes are read before anything else: what comes later interrupts again.
 * The NIC is silent while there is work, so that frames which arrive meanwhile
 * are taken by this very visit and cost no exit of their own.
 */
static bool serve(void *ctx)
{
	struct netdev *nd = ctx;
	uint32_t cause = nd->interrupts ?
		nic_irq_cause(nd->device->nic) : 0;

	vmm_spin_lock(&nd->lock);
	if (cause & NIC_CAUSE_KICK) {
		nd->kick_came_at = vmm_uptime_usec();
		kick_seen(nd, nd->kick_came_at);
	}
	netdev_hush(nd);
	if (nd->interrupts && !nd->hushed)
		nic_irq_disable(nd->device->nic);
	netdev_poll(nd);
	if (nd->interrupts)
		nic_irq_enable(nd->device->nic);
	nd->hushed = false;
	vmm_spin_unlock(&nd->lock);
	return cause != 0;
}

const struct netdev *netdev_get(unsigned n)
{
	return n < MAX_NETDEVS && netdevs[n].device ? &netdevs[n] : NULL;
}

/* PCI moves BARs or resets something.  The net lock keeps every user of the
 * NIC's registers away; PCI's own lock is already held, hence the order of the
 * two. */
void netdev_hold(struct vmm_pci_dev *dev, bool on)
{
	struct netdev *nd = dev->ctx;

	if (on) {
		vmm_spin_lock(&nd->lock);
		return;
	}
	nic_device_moved(nd->device);
	vmm_spin_unlock(&nd->lock);
}

/* A reset that the guest wants of what it takes for a virtio device is not the
 * NIC's affair; one of the bus above has reached it. */
void netdev_reset(struct vmm_pci_dev *dev, bool function)
{
	struct netdev *nd = dev->ctx;

	if (function)
		return;
	nic_restart(nd->device->nic);
	vmm_service_wake(nd->device->vmm);
}

/* --- starting --- */

/* MSI-X before MSI: it has a vector for the timer, which then does not delay
 * frames.  All are still masked in the NIC; see cpu_init(). */
static int choose_irq(struct netdev *nd)
{
	const struct nic *nic = nd->device->nic;
	struct nic_irq irq = { .mode = NIC_IRQ_INTX };

	vmm_service_message(nd->device->vmm, &irq.address, &irq.data);
	if (nic->caps & NIC_CAP_MSIX)
		irq.mode = NIC_IRQ_MSIX;
	else if (nic->caps & NIC_CAP_MSI)
		irq.mode = NIC_IRQ_MSI;
	nd->pin = irq.mode == NIC_IRQ_INTX;
	nd->own_kicks = irq.mode == NIC_IRQ_MSIX;
	nd->interrupts = !nd->pin;
	return nic_irq_setup(nd->device->nic, &irq);
}

/* Drive the interrupt pin: a kick, and nothing else is to interrupt then. */
static void drive_pin(void *ctx, bool on)
{
	struct nic *nic = ((struct netdev *)ctx)->device->nic;

	if (!on) {
		nic_irq_disable(nic);
		nic_irq_cause(nic);
		return;
	}
	nic_irq_enable(nic);
	if (nic_kick_after(nic, 0) < 0)
		nic_irq_disable(nic);	/* then it is not found */
}

static void warn_uninterrupted(const struct netdev *nd, const char *why)
{
	vmm_log_warning(VMM_PCI_FORMAT " has no MSI, and %s: frames are looked"
			" for only when the guest uses it\n",
			VMM_PCI_ARGS(nd->device->dev->addr), why);
}

static void pin_lost(void *ctx)
{
	struct netdev *nd = ctx;

	vmm_spin_lock(&nd->lock);
	nd->interrupts = false;
	nic_irq_disable(nd->device->nic);
	vmm_spin_unlock(&nd->lock);
	warn_uninterrupted(nd, "the guest has another device at its input of"
			   " the I/O APIC");
}

/* Without MSI: have the pin interrupt as a message would. */
static void claim_pin(struct netdev *nd)
{
	int rc;

	nd->intx = (struct vmm_intx){ drive_pin, pin_lost, nd };
	rc = vmm_intx_claim(nd->device->vmm, &nd->intx);
	nd->interrupts = rc == 0;
	if (rc < 0)
		warn_uninterrupted(nd, "the input of the I/O APIC that its"
				   " pin leads to was not found");
}

/* One NIC has it, the first whose rule asks for it: the stack itself refuses a
 * second one (-EBUSY), which then stays the guest's. */
static int start_stack(struct netdev *nd)
{
	int rc = stack_ops->start(nd);

	nd->stack = rc == 0;
	if (rc == -EBUSY)
		vmm_log_err(VMM_PCI_FORMAT " cannot have net=%s: the VMM's IP"
			    " stack is on another NIC; name one by slot= or"
			    " number=, and give others net=pass\n",
			    VMM_PCI_ARGS(nd->device->dev->addr),
			    nd->device->net);
	return rc;
}

/* A line was logged.  Its own CPU comes by; others are called. */
static void log_wake(void *ctx)
{
	struct netdev *nd = ctx;

	if (nd->running)
		vmm_service_wake(nd->device->vmm);
}

/* The log from its first line on, over the switch: no IP stack is needed, and
 * the addresses are those of the configuration. */
static int start_log(struct netdev *nd)
{
	const struct config_data_tty_syslog *syslog = &config.vmm.tty_syslog;
	static const uint8_t none[NET_MAC_LEN];
	uint64_t seconds = net_rtc_read();
	struct net_syslog_setup setup = {
		.format = !syslog->enable ? NET_SYSLOG_CHARACTERS :
			syslog->rfc5424 ? NET_SYSLOG_RFC5424 :
			NET_SYSLOG_PLAIN,
		.level = VMM_LOG_INFO,
		.wake = log_wake,
		.wake_ctx = nd,
	};

	if (seconds)
		setup.epoch = seconds * 1000000 - vmm_uptime_usec();
	memcpy(setup.mac, config.vmm.tty_mac_address, sizeof(setup.mac));
	memcpy(setup.src, syslog->src_ipaddr, sizeof(setup.src));
	memcpy(setup.dst, syslog->dst_ipaddr, sizeof(setup.dst));
	memcpy(setup.netmask, config.ip.netmask, sizeof(setup.netmask));
	memcpy(setup.gateway, config.ip.gateway, sizeof(setup.gateway));
	if (nd->device->passed && syslog->enable && !memcmp(setup.mac, none,
							    sizeof(none))) {
		vmm_log_warning(VMM_PCI_FORMAT " cannot send the log: with"
				" virtio=0 vmm.tty_mac_address must be set,"
				" for no answer to ARP is received\n",
				VMM_PCI_ARGS(nd->device->dev->addr));
		return 0;
	}
	return net_syslog_start(nd->net, &setup, &nd->device->vmm->pool,
				&nd->syslog);
}

/* The guest has the device as it is; its BARs must be followed. */
static int share(struct netdev *nd)
{
	static const struct vmm_pci_ops share_ops = {
		.hold = netdev_hold,
		.reset = netdev_reset,
	};

	return vmm_pci_own(nd->device->vmm, nd->device->dev, &share_ops, nd,
			   0);
}

/* What the guest finds in the NIC's place. */
static int show_guest(struct netdev *nd, enum net_mode mode)
{
	if (nd->device->passed)
		return share(nd);
	if (!net_mode_wants_guest(mode))
		return netdev_hide(nd);
	return netdev_virtio_start(nd);
}

/* On an error the driver stops the NIC and gives it back, and what was made of
 * the pool goes with the VMM's memory. */
static int start(struct netdev *nd, enum net_mode mode)
{
	struct vmm *vmm = nd->device->vmm;
	int rc = net_create(mode, nd->device->nic, &vmm->pool, &nd->net);

	/* A NIC that the guest drives interrupts the guest. */
	if (rc == 0 && !nd->device->passed)
		rc = choose_irq(nd);
	if (rc == 0)
		rc = show_guest(nd, mode);
	if (rc == 0 && nd->device->tty)
		rc = start_log(nd);
	if (rc == 0 && net_mode_has_stack(mode))
		rc = start_stack(nd);
	if (rc == 0)
		rc = vmm_service_register(vmm, &nd->service);
	if (rc == 0)
		net_start(nd->net);
	return rc;
}

/* A driver has started a NIC (nicdrv/device.h).  Still under the firmware: what
 * is done here must not need the VMM's own environment. */
static int attach(struct nic_device *device)
{
	enum net_mode mode;
	unsigned i;
	int rc = net_mode_parse(device->net, &mode);

	for (i = 0; i < MAX_NETDEVS && netdevs[i].device; i++)
		;
	if (i == MAX_NETDEVS)
		return VMM_ERROR(ENOSPC);
	if (rc < 0)
		return rc;
	if (net_mode_has_stack(mode) && !stack_ops) {
		vmm_log_err(VMM_PCI_FORMAT " net=%s needs an IP stack, which"
			    " the variant %s does not have; net=pass does"
			    " without\n", VMM_PCI_ARGS(device->dev->addr),
			    device->net, vmm_variant.name);
		return VMM_ERROR(EOPNOTSUPP);
	}
	if (device->passed && net_mode_has_stack(mode)) {
		vmm_log_err(VMM_PCI_FORMAT " net=%s needs virtio=1\n",
			    VMM_PCI_ARGS(device->dev->addr), device->net);
		return VMM_ERROR(EOPNOTSUPP);
	}
	if (device->passed) {	/* the guest's frames do not come by here */
		mode = NET_MODE_NONE;
		device->touched = touched;
	}
	netdevs[i] = (struct netdev){
		.device = device,
		.service = { "net", serve, &netdevs[i] },
	};
	rc = start(&netdevs[i], mode);
	if (rc < 0)
		netdevs[i].device = NULL;
	return rc;
}

static void detach(struct nic_device *device)
{
	unsigned i;

	for (i = 0; i < MAX_NETDEVS; i++) {
		struct netdev *nd = &netdevs[i];

		if (nd->device != device)
			continue;
		vmm_service_unregister(device->vmm, &nd->service);
		if (nd->syslog)
			net_syslog_stop(nd->syslog);
		net_destroy(nd->net);
		nd->device = NULL;
	}
}

static bool is_mode(const char *text)
{
	enum net_mode mode;

	return net_mode_parse(text, &mode) == 0;
}

static bool wants_guest(const char *text)
{
	enum net_mode mode;

	return net_mode_parse(text, &mode) == 0 && net_mode_wants_guest(mode);
}

const struct nic_user nic_user = {
	.net_known = is_mode,
	.net_wants_guest = wants_guest,
	.attach = attach,
	.detach = detach,
};

/* --- the unit --- */

/* Only now may NMIs come: before, they would be the firmware's. */
static void cpu_init(struct vmm *vmm, struct vmm_vcpu *v)
{
	unsigned i;

	(void)vmm;
	if (vmm_vcpu_number(v) != 0)
		return;
	for (i = 0; i < MAX_NETDEVS; i++) {
		struct netdev *nd = &netdevs[i];

		if (!nd->device)
			continue;
		vmm_spin_lock(&nd->lock);
		nd->running = true;
		if (nd->pin)
			claim_pin(nd);
		if (nd->interrupts)
			nic_irq_enable(nd->device->nic);
		netdev_poll(nd);
		vmm_spin_unlock(&nd->lock);
	}
}

/* The machine is reset, or the VMM does not start: no DMA into memory that will
 * be somebody else's. */
static void shut_down(struct vmm *vmm)
{
	unsigned i;

	for (i = 0; i < MAX_NETDEVS; i++) {
		if (!netdevs[i].device)
			continue;
		if (vmm->services)	/* the firmware goes on with it */
			vmm_intx_release(vmm, &netdevs[i].intx);
		nic_quiesce(netdevs[i].device->nic);
	}
}

static void log_line(void *ctx, const char *text)
{
	(void)ctx;
	vmm_log_err("%s\n", text);
}

static void panic_dump(struct vmm *vmm)
{
	unsigned n, part;

	(void)vmm;
	for (n = 0; n < MAX_NETDEVS; n++)
		for (part = 0; part < BVNET_NETDEV_PARTS; part++)
			bvnet_netdev_show(n, part, log_line, NULL);
}

const struct vmm_unit bvnet_netdev = {
	.name = "network",
	.cpu_init = cpu_init,
	.panic_dump = panic_dump,
	.shutdown = shut_down,
};
