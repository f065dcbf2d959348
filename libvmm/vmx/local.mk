# SPDX-License-Identifier: BSD-3-Clause
libvmm_la_SOURCES += \
	libvmm/vmx/vmcs.h \
	libvmm/vmx/vmx.c \
	libvmm/vmx/vmx_caps.c \
	libvmm/vmx/vmx_caps.h \
	libvmm/vmx/vmx_decode.c \
	libvmm/vmx/vmx_decode.h \
	libvmm/vmx/vmx_entry.S \
	libvmm/vmx/vmx_entryfail.c \
	libvmm/vmx/vmx_entryfail.h \
	libvmm/vmx/vmx_exit.c \
	libvmm/vmx/vmx_forced.c \
	libvmm/vmx/vmx_insn.h \
	libvmm/vmx/vmx_priv.h \
	libvmm/vmx/vmx_regs.c \
	libvmm/vmx/vmx_smp.c \
	libvmm/vmx/vmx_start.c \
	libvmm/vmx/vmx_start.h \
	libvmm/vmx/vmx_step.c \
	libvmm/vmx/vmx_task.c
