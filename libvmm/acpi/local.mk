# SPDX-License-Identifier: BSD-3-Clause
ACPI_SOURCES = \
	libvmm/acpi/acpi_priv.h \
	libvmm/acpi/aml.c \
	libvmm/acpi/aml.h \
	libvmm/acpi/fadt.c \
	libvmm/acpi/madt.c \
	libvmm/acpi/sleep.c \
	libvmm/acpi/tables.c
libvmm_la_SOURCES += $(ACPI_SOURCES)
