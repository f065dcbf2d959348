/* SPDX-License-Identifier: BSD-3-Clause */
/* Offsets and numbers that the assembly shares with C.  Each is tied to the
 * C declaration by a static assertion in vcpu_priv.h or host.c. */
#ifndef CPU_ASM_OFFSETS_H
#define CPU_ASM_OFFSETS_H

/* struct vmm_vcpu: the general registers are at its start. */
#define VCPU_RAX	0
#define VCPU_RCX	8
#define VCPU_RDX	16
#define VCPU_RBX	24
#define VCPU_RSP	32
#define VCPU_RBP	40
#define VCPU_RSI	48
#define VCPU_RDI	56
#define VCPU_R8		64
#define VCPU_R9		72
#define VCPU_R10	80
#define VCPU_R11	88
#define VCPU_R12	96
#define VCPU_R13	104
#define VCPU_R14	112
#define VCPU_R15	120
#define VCPU_REGS_END	128
#define VCPU_HOST_RSP	128
#define VCPU_GUEST_AREA	136
#define VCPU_HOST_AREA	144
#define VCPU_SELF	152
#define VCPU_ATTENTION	160

/* Selectors of the VMM's own GDT. */
#define HOST_CS		0x08
#define HOST_DS		0x10
#define HOST_TR		0x18

#endif
