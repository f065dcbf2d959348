# SPDX-License-Identifier: BSD-3-Clause
VIRTIO_SOURCES = \
	libnicdrv/virtio/virtio_net.c \
	libnicdrv/virtio/virtio_net_bar.c \
	libnicdrv/virtio/virtio_net_copy.c \
	libnicdrv/virtio/virtio_net_ctrl.c \
	libnicdrv/virtio/virtio_net_irq.c \
	libnicdrv/virtio/virtio_net_merge.c \
	libnicdrv/virtio/virtio_net_pci.c \
	libnicdrv/virtio/virtio_net_priv.h \
	libnicdrv/virtio/virtio_net_regs.h \
	libnicdrv/virtio/virtio_net_rx.c \
	libnicdrv/virtio/virtio_net_segment.c \
	libnicdrv/virtio/virtio_net_tx.c \
	libnicdrv/virtio/virtio_ring.c \
	libnicdrv/virtio/virtio_ring.h
libnicdrv_la_SOURCES += $(VIRTIO_SOURCES)
