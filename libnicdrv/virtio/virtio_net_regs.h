/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the registers are in the BAR.  Notifications have a page of their
 * own: VIRTIO_NET_NOTIFY. */
#ifndef NICDRV_VIRTIO_NET_REGS_H
#define NICDRV_VIRTIO_NET_REGS_H

#define REG_COMMON	0x000u
#define COMMON_SIZE	56u
#define REG_ISR		0x100u
#define REG_DEVICE	0x200u
#define DEVICE_SIZE	12u	/* mac, status, max_virtqueue_pairs, mtu */
#define REG_MSIX	0x800u
#define REG_PBA		0xc00u

#endif
