/* SPDX-License-Identifier: BSD-3-Clause */
/* A machine for the debug shell's tests: a vCPU, a clock, some memory. */
#ifndef DBGSH_WORLD_H
#define DBGSH_WORLD_H

#include <setjmp.h>
#include <bitvisor/config.h>
#include <bvnet/dbgsh.h>
#include <vmm/vmm.h>
#include "fake_vcpu.h"

#define WORLD_MEMORY	0x8000u		/* guest-physical, from 0 */

extern struct vmm_vcpu world_vcpu;
extern struct vmm world_vmm;
extern uint8_t world_memory[WORLD_MEMORY];
extern uint64_t world_now;		/* usec */
extern uint64_t world_exits[VMM_EXIT_REASONS];
extern unsigned world_resets;
/* Where a reset of the machine goes on. */
extern jmp_buf world_reset;

void world_init(void);

#endif
