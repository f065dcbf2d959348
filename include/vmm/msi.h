/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages that devices interrupt with (SDM vol. 3, 11.11; AMD APM vol. 2,
 * 16.11). */
#ifndef VMM_MSI_H
#define VMM_MSI_H

#include <vmm/compiler.h>

VMM_BEGIN_DECLS

/*
 * Do what a device's write of data to address would: interrupt the guest as a
 * device of the VMM's.  Fixed and lowest-priority delivery, physical and
 * logical destinations, edge triggered; no other processor need be in the VMM.
 * Any CPU, between an exit and an entry.  -EINVAL: no interrupt message, or
 * one of another kind (remapped, NMI, ...): nothing is sent.
 */
int vmm_msi_send(uint64_t address, uint32_t data) VMM_MUST_CHECK;

VMM_END_DECLS

#endif
