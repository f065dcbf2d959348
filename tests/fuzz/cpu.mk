# SPDX-License-Identifier: BSD-3-Clause
# The guest's accesses to the I/O APIC that has an input of the VMM's.
FUZZERS += tests/fuzz/intx.fuzz
FUZZ_SOURCES_intx = tests/fuzz/intx_fuzz.c libvmm/cpu/intx.c \
	libvmm/cpu/ioapic.c libvmm/core/error.c
