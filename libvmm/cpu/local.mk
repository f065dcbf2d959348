# SPDX-License-Identifier: BSD-3-Clause
libvmm_la_SOURCES += \
	libvmm/cpu/apic.c \
	libvmm/cpu/apic.h \
	libvmm/cpu/asm_offsets.h \
	libvmm/cpu/boot.c \
	libvmm/cpu/boot.h \
	libvmm/cpu/cpuid.c \
	libvmm/cpu/cr.c \
	libvmm/cpu/entry.S \
	libvmm/cpu/event.c \
	libvmm/cpu/event.h \
	libvmm/cpu/exit.c \
	libvmm/cpu/host.c \
	libvmm/cpu/host.h \
	libvmm/cpu/icrtrap.c \
	libvmm/cpu/initstate.c \
	libvmm/cpu/insn.c \
	libvmm/cpu/io.c \
	libvmm/cpu/ipi.c \
	libvmm/cpu/memfault.c \
	libvmm/cpu/mmio.c \
	libvmm/cpu/microcode.c \
	libvmm/cpu/msr.c \
	libvmm/cpu/mtrr.c \
	libvmm/cpu/policy.h \
	libvmm/cpu/rendezvous.c \
	libvmm/cpu/reset.c \
	libvmm/cpu/msi.c \
	libvmm/cpu/service.c \
	libvmm/cpu/smp.c \
	libvmm/cpu/smp.h \
	libvmm/cpu/task.c \
	libvmm/cpu/task.h \
	libvmm/cpu/time.c \
	libvmm/cpu/vcpu.c \
	libvmm/cpu/vcpu_priv.h
