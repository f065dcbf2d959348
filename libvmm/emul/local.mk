# SPDX-License-Identifier: BSD-3-Clause
# Instructions: decode them, carry them out on hooked pages.
EMUL_PURE_SOURCES = \
	libvmm/emul/alu.c \
	libvmm/emul/alu.h \
	libvmm/emul/decode.c \
	libvmm/emul/mmio_insn.c \
	libvmm/emul/opcode.c \
	libvmm/emul/opcode.h
libvmm_la_SOURCES += $(EMUL_PURE_SOURCES) libvmm/emul/emul.c
