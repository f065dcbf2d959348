/* SPDX-License-Identifier: BSD-3-Clause */
/* Ports that the VMM keeps for itself. */
#ifndef VMM_IO_H
#define VMM_IO_H

#include <vmm/compiler.h>

VMM_BEGIN_DECLS

struct vmm;

/* The guest sees nothing at these ports: reads give ones, writes are lost.
 * While units are initialised, on the boot processor; for ever.
 * -EINVAL (no such range), -ENOSPC (too many ranges). */
int vmm_io_hide(struct vmm *vmm, uint16_t first, uint16_t count)
	VMM_MUST_CHECK;

VMM_END_DECLS

#endif
