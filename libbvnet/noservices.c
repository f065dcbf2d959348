/* SPDX-License-Identifier: BSD-3-Clause */
/* In place of services.c in a build without lwIP. */
#include <bvnet/services.h>
#include <vmm/error.h>

int net_services_start(struct vmm *vmm)
{
	(void)vmm;
	return VMM_ERROR(EOPNOTSUPP);
}

uint64_t net_services_poll(struct vmm_vcpu *v, uint64_t now)
{
	(void)v;
	(void)now;
	return UINT64_MAX;
}

static enum dbgsh_next echoctl_start(struct dbgsh *sh, int argc,
				     const char *const *argv)
{
	(void)argc;
	(void)argv;
	dbgsh_puts(sh, "This BitVisor was built without an IP stack.\n");
	return DBGSH_DONE;
}

const struct dbgsh_command dbgsh_echoctl = {
	.name = "echoctl",
	.help = "TCP/IP based client/server",
	.start = echoctl_start,
};
