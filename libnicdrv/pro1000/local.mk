# SPDX-License-Identifier: BSD-3-Clause
# Intel's gigabit controllers.  Registers come through functions, so all of
# this also runs against a model on the host.
PRO1000_PURE_SOURCES = \
	libnicdrv/pro1000/core.c \
	libnicdrv/pro1000/hw.c \
	libnicdrv/pro1000/ids.c \
	libnicdrv/pro1000/irq.c \
	libnicdrv/pro1000/offload.c \
	libnicdrv/pro1000/open.c \
	libnicdrv/pro1000/pass.c \
	libnicdrv/pro1000/pro1000.h \
	libnicdrv/pro1000/regs.h \
	libnicdrv/pro1000/rx.c \
	libnicdrv/pro1000/tx.c
libnicdrv_la_SOURCES += $(PRO1000_PURE_SOURCES) libnicdrv/pro1000/pci.c
