# SPDX-License-Identifier: BSD-3-Clause
FUZZERS += tests/fuzz/acpi.fuzz
FUZZ_SOURCES_acpi = tests/fuzz/acpi_fuzz.c tests/unit/acpi_world.c \
	tests/unit/acpi_world.h $(ACPI_SOURCES) libvmm/core/printf.c
