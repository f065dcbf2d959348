# SPDX-License-Identifier: BSD-3-Clause
# The guest's page tables.
FUZZERS += tests/fuzz/walk.fuzz
FUZZ_SOURCES_walk = tests/fuzz/walk_fuzz.c libvmm/mm/walk.c \
	libvmm/core/error.c
