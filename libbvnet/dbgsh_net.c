/* SPDX-License-Identifier: BSD-3-Clause */
/* The state of the network, for the debug shell: NICs and IP stack. */
#include <bvnet/netdev.h>
#include <bvnet/services.h>
#include <bvnet/stack.h>
#include "dbgsh_priv.h"

static void print_address(struct dbgsh *sh, const char *name,
			  const uint8_t ip[4])
{
	dbgsh_printf(sh, "%-8s %u.%u.%u.%u\n", name, ip[0], ip[1], ip[2],
		     ip[3]);
}

static void show_ip6(struct dbgsh *sh)
{
	static const char *const states[] = {
		[NET_STACK_IP6_TENTATIVE] = "tentative",
		[NET_STACK_IP6_PREFERRED] = "preferred",
		[NET_STACK_IP6_DEPRECATED] = "deprecated",
		[NET_STACK_IP6_DUPLICATE] = "another station's",
	};
	struct net_stack_info info;
	char text[NET_IP_TEXT];

	net_stack_get_info(&info);
	for (unsigned i = 0; info.running && i < info.ip6_count; i++)
		dbgsh_printf(sh, "IPv6     %s %s\n",
			     net_ip_format(info.ip6[i].ip, text),
			     states[info.ip6[i].state]);
}

/* Without the net lock: numbers that change meanwhile are one old or new. */
static void show_stack(struct dbgsh *sh)
{
	struct net_stack_info info;

	net_stack_get_info(&info);
	if (!info.running) {
		dbgsh_puts(sh, "No IP stack runs.\n");
		return;
	}
	print_address(sh, "address", info.ip);
	print_address(sh, "netmask", info.netmask);
	print_address(sh, "gateway", info.gateway);
	dbgsh_printf(sh, "DHCP     %s\n", info.dhcp ? "yes" : "no");
	dbgsh_printf(sh, "heap     %llu of %llu KiB used, %llu at most; %llu "
		     "requests failed\n",
		     (unsigned long long)info.heap_used / 1024,
		     (unsigned long long)info.heap_size / 1024,
		     (unsigned long long)info.heap_most / 1024,
		     (unsigned long long)info.heap_failures);
	dbgsh_printf(sh, "dropped  %llu frames with bad headers\n",
		     (unsigned long long)info.bad_headers);
}

struct net_place {
	unsigned nic, part;
	bool stack;	/* was shown, but for its IPv6 addresses */
};

static void print_line(void *ctx, const char *text)
{
	dbgsh_printf(ctx, "%s\n", text);
}

/* A part of a NIC, or of the stack, a step: there is room for no more. */
static enum dbgsh_next net_step(struct dbgsh *sh)
{
	struct net_place *p = dbgsh_scratch(sh);

	if (p->stack) {
		show_ip6(sh);
		return DBGSH_DONE;
	}
	if (p->part == BVNET_NETDEV_PARTS)
		*p = (struct net_place){ .nic = p->nic + 1 };
	if (bvnet_netdev_show(p->nic, p->part, print_line, sh)) {
		p->part++;
		return DBGSH_MORE;
	}
	if (!p->nic)
		dbgsh_puts(sh, "The VMM drives no NIC.\n");
	show_stack(sh);
	p->stack = true;
	return DBGSH_MORE;
}

static enum dbgsh_next start_net(struct dbgsh *sh, int argc,
				 const char *const *argv)
{
	(void)argc;
	(void)argv;
	*(struct net_place *)dbgsh_scratch(sh) = (struct net_place){ 0 };
	return DBGSH_MORE;
}

const struct dbgsh_command dbgsh_net = {
	.name = "net",
	.help = "NICs, switch, log sender, IP stack",
	.start = start_net,
	.step = net_step,
};
