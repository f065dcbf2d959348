# SPDX-License-Identifier: BSD-3-Clause
libvmm_la_SOURCES += \
	libvmm/core/error.c \
	libvmm/core/printf.c \
	libvmm/core/string.c
