/* SPDX-License-Identifier: BSD-3-Clause */
/* Ports for which the VMM answers; all others never exit. */
#ifndef VMM_IO_H
#define VMM_IO_H

#include <vmm/compiler.h>
#include <vmm/exit.h>
#include <vmm/vcpu.h>

VMM_BEGIN_DECLS

struct vmm;

/*
 * What answers.  All ports of the access, width 1, 2 or 4, are hooked ones; an
 * access of which only a part is comes byte by byte, the rest goes to the
 * hardware.  *value: the lowest bytes; others are ignored.  On the CPU of v,
 * between an exit and the next entry, without any lock.
 */
struct vmm_io_ops {
	uint32_t (*read)(struct vmm_vcpu *v, void *ctx, uint16_t port,
			 unsigned width);
	void (*write)(struct vmm_vcpu *v, void *ctx, uint16_t port,
		      unsigned width, uint32_t value);
};

/*
 * Answer for the ports [first, first+count).  ops and ctx must live for ever:
 * when vmm_io_unhook() returns, a call may still be under way on another CPU.
 * Before the guest runs or on a CPU between an exit and the next entry; any
 * lock may be held.  Other CPUs follow at their next entry, at the latest
 * before this one's guest goes on.
 * -EINVAL (no such range, or a port of it is hooked), -ENOSPC (too many).
 */
int vmm_io_hook(struct vmm *vmm, uint16_t first, uint16_t count,
		const struct vmm_io_ops *ops, void *ctx) VMM_MUST_CHECK;
/* Undo the hook that begins at first; there may be none. */
void vmm_io_unhook(struct vmm *vmm, uint16_t first);

/* One access of the VMM to a port of the hardware, width 1, 2 or 4. */
uint32_t vmm_port_read(uint16_t port, unsigned width);
void vmm_port_write(uint16_t port, unsigned width, uint32_t value);

VMM_END_DECLS

#endif
