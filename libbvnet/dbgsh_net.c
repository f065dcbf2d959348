/* SPDX-License-Identifier: BSD-3-Clause */
/* The IP stack's state, for the debug shell. */
#include <bvnet/services.h>
#include <bvnet/stack.h>
#include "dbgsh_priv.h"

static void print_address(struct dbgsh *sh, const char *name,
			  const uint8_t ip[4])
{
	dbgsh_printf(sh, "%-8s %u.%u.%u.%u\n", name, ip[0], ip[1], ip[2],
		     ip[3]);
}

/* Without the net lock: numbers that change meanwhile are one old or new. */
static enum dbgsh_next show_net(struct dbgsh *sh, int argc,
				const char *const *argv)
{
	struct net_stack_info info;

	(void)argc;
	(void)argv;
	net_stack_get_info(&info);
	if (!info.running) {
		dbgsh_puts(sh, "No IP stack runs.\n");
		return DBGSH_DONE;
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
	dbgsh_printf(sh, "dropped  %llu frames with bad TCP options\n",
		     (unsigned long long)info.bad_options);
	return DBGSH_DONE;
}

const struct dbgsh_command dbgsh_net = {
	.name = "net",
	.help = "IP stack",
	.start = show_net,
};
