/* SPDX-License-Identifier: BSD-3-Clause */
/* What the VMM serves on its IP stack: the debug shell by telnet, and the
 * TCP echo client and server of the shell's command echoctl. */
#ifndef BVNET_SERVICES_H
#define BVNET_SERVICES_H

#include <bvnet/dbgsh.h>
#include <vmm/compiler.h>

VMM_BEGIN_DECLS

/*
 * Once the stack was started (net_stack_start()), under its net lock, while
 * units are initialised: listen on port 23 if vmm.telnet_dbgsh is 1, with the
 * commands of bvnet_dbgsh_commands.  The first poll logs
 * `telnet server "dbgsh" ready`.
 * Errors are logged, too: -EINVAL (vmm.dbgsh_allow or vmm.dbgsh_password
 * cannot be understood), -EBUSY,
 * -ENOMEM, -EOPNOTSUPP (built without lwIP).
 */
int net_services_start(struct vmm *vmm) VMM_MUST_CHECK;

/*
 * Do what came up in the last net_poll(), under the same lock, on the CPU of
 * v.  Returns microseconds until there is more to do, 0 for now, UINT64_MAX
 * for when something comes.  If something comes while net_poll() runs
 * elsewhere, vmm_service_wake() is called.
 */
uint64_t net_services_poll(struct vmm_vcpu *v, uint64_t now);

/* The command; needs net_services_poll(). */
extern const struct dbgsh_command dbgsh_echoctl;
/* The command that tells the stack's state. */
extern const struct dbgsh_command dbgsh_net;

VMM_END_DECLS

#endif
