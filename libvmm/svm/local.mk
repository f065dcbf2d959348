# SPDX-License-Identifier: BSD-3-Clause
libvmm_la_SOURCES += \
	libvmm/svm/svm.c \
	libvmm/svm/svm_entry.S \
	libvmm/svm/svm_exit.c \
	libvmm/svm/svm_priv.h \
	libvmm/svm/svm_refused.c \
	libvmm/svm/svm_regs.c \
	libvmm/svm/svm_smp.c \
	libvmm/svm/svm_step.c \
	libvmm/svm/svm_usable.c \
	libvmm/svm/vmcb.h
