/* SPDX-License-Identifier: BSD-3-Clause */
/* In place of stack.c in a build without lwIP. */
#include <bvnet/stack.h>
#include <vmm/error.h>

int net_stack_start(struct net *net, const struct net_stack_setup *setup,
		    struct vmm_pagepool *pool, uint64_t now)
{
	(void)net;
	(void)setup;
	(void)pool;
	(void)now;
	return VMM_ERROR(EOPNOTSUPP);
}

void net_stack_get_info(struct net_stack_info *info)
{
	*info = (struct net_stack_info){ .running = false };
}
