# SPDX-License-Identifier: BSD-3-Clause
FUZZERS += tests/fuzz/pcirules.fuzz
FUZZ_SOURCES_pcirules = tests/fuzz/pcirules_fuzz.c $(PCI_RULES_SOURCES) \
	libvmm/core/error.c libvmm/core/printf.c

# On the machine of functions that the unit tests have.
FUZZERS += tests/fuzz/pci.fuzz
FUZZ_SOURCES_pci = tests/fuzz/pci_fuzz.c $(PCI_MACHINE)
FUZZ_LIBS_pci = -I$(top_srcdir)/tests/unit
