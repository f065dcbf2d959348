/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hypercalls: VMMCALL on AMD, VMCALL on Intel.  RAX = number, RBX and RCX the
 * arguments, result in RAX.  Number 0 is get_vmmcall_number: RBX = linear
 * address of a NUL-terminated name shorter than 256 bytes; the result is its
 * number, or 0 if it is unknown or unreadable.  Unknown numbers give RAX = 0.
 */
#ifndef VMM_HYPERCALL_H
#define VMM_HYPERCALL_H

#include <stdbool.h>
#include <vmm/compiler.h>

VMM_BEGIN_DECLS

struct vmm_vcpu;

/* Handler: arguments and results are in the vCPU's registers (vmm/vcpu.h).
 * On the calling vCPU's CPU, interrupts off, must not block. */
typedef void (*vmm_hypercall_fn)(struct vmm_vcpu *v, void *ctx);

/* Who may call: anyone, or only code that may do port I/O on
 * VMM_PRIVILEGE_PORT, that is CPL 0, CPL <= IOPL, or a task whose I/O
 * permission bitmap has the port open (ioperm(2), iopl(2): needs
 * CAP_SYS_RAWIO).  Others get RAX = 0. */
#define VMM_HYPERCALL_ANYONE		0x0u
#define VMM_HYPERCALL_PRIVILEGED	0x1u
#define VMM_PRIVILEGE_PORT		0xb175u

/* At init time only.  name stays the caller's and must live on.
 * -ENOSPC, -EEXIST, -EINVAL. */
int vmm_hypercall_register(const char *name, vmm_hypercall_fn fn, void *ctx,
			   unsigned flags) VMM_MUST_CHECK;

VMM_END_DECLS

#endif
