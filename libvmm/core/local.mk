# SPDX-License-Identifier: BSD-3-Clause
libvmm_la_SOURCES += \
	libvmm/core/core_priv.h \
	libvmm/core/error.c \
	libvmm/core/hypercall.c \
	libvmm/core/log.c \
	libvmm/core/printf.c \
	libvmm/core/ratelimit.c \
	libvmm/core/stackprot.c \
	libvmm/core/string.c \
	libvmm/core/unit.c
