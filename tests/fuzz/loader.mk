# SPDX-License-Identifier: BSD-3-Clause
# What the loader reads: the ELF file; device paths, load options and chain=.
FUZZERS += tests/fuzz/elf.fuzz tests/fuzz/path.fuzz
FUZZ_SOURCES_elf = tests/fuzz/elf_fuzz.c loader/elf.c loader/layout.c
FUZZ_SOURCES_path = tests/fuzz/path_fuzz.c loader/path.c
