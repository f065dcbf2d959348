# SPDX-License-Identifier: BSD-3-Clause
FUZZERS += tests/fuzz/pcirules.fuzz
FUZZ_SOURCES_pcirules = tests/fuzz/pcirules_fuzz.c $(PCI_RULES_SOURCES) \
	libvmm/core/error.c libvmm/core/printf.c
