# SPDX-License-Identifier: BSD-3-Clause
libvmm_la_SOURCES += \
	libvmm/vmx/vmcs.h \
	libvmm/vmx/vmx_caps.c \
	libvmm/vmx/vmx_caps.h \
	libvmm/vmx/vmx_decode.c \
	libvmm/vmx/vmx_decode.h \
	libvmm/vmx/vmx_entryfail.c \
	libvmm/vmx/vmx_entryfail.h
