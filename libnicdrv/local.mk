# SPDX-License-Identifier: BSD-3-Clause
# Drivers of network controllers, behind the contract of nicdrv/nic.h.
pkglib_LTLIBRARIES += libnicdrv.la
libnicdrv_la_SOURCES = libnicdrv/device.c
include libnicdrv/pro1000/local.mk
include libnicdrv/virtio/local.mk
libnicdrv_la_CPPFLAGS = $(VMM_CPPFLAGS) -I$(top_srcdir)/libnicdrv
libnicdrv_la_CFLAGS = $(BV_WARNINGS)
$(libnicdrv_la_OBJECTS): override CFLAGS = $(VMM_BORROW) $(VMM_REQUIRED)
$(libnicdrv_la_OBJECTS): override CPPFLAGS =
