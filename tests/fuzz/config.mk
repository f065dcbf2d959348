# SPDX-License-Identifier: BSD-3-Clause
FUZZERS += tests/fuzz/config.fuzz
FUZZ_SOURCES_config = tests/fuzz/config_fuzz.c tests/unit/config_guide.c \
	$(CONFIG_SOURCES) libvmm/core/error.c libvmm/core/printf.c
