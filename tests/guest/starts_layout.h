/* SPDX-License-Identifier: BSD-3-Clause */
/* The page that a SIPI points to, for C and assembly: code first, then what
 * the processor was found in, then what it needs on its way to C. */
#ifndef TESTS_GUEST_STARTS_LAYOUT_H
#define TESTS_GUEST_STARTS_LAYOUT_H

#define AP_FOUND	0x800	/* registers, 4 bytes each */
#define AP_NEEDS	0xa00	/* struct ap_needs */
#define AP_GDT		0xc00
#define AP_HALT		0xe00	/* see starts_restart */
#define AP_REGISTERS	26

#define AP_CODE64	0x08	/* selectors of that GDT */
#define AP_DATA		0x10
#define AP_CODE32	0x18

#define AP_STACK	0x4000	/* size, one for each APIC ID */
#define AP_VECTOR	0x91	/* of the interrupts that are counted */

#endif
