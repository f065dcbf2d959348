# SPDX-License-Identifier: BSD-3-Clause
# What a network controller writes back.
FUZZERS += tests/fuzz/pro1000.fuzz
FUZZ_SOURCES_pro1000 = tests/fuzz/pro1000_fuzz.c tests/unit/e1000_model.c \
	$(filter %.c,$(PRO1000_PURE_SOURCES)) \
	libvmm/core/error.c libvmm/core/printf.c
