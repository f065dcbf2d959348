# SPDX-License-Identifier: BSD-3-Clause
check_PROGRAMS += tests/unit/ipi_test
TESTS += tests/unit/ipi_test
tests_unit_ipi_test_SOURCES = tests/unit/ipi_test.c libvmm/cpu/ipi.c
tests_unit_ipi_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_ipi_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_ipi_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/rendezvous_test
TESTS += tests/unit/rendezvous_test
tests_unit_rendezvous_test_SOURCES = tests/unit/rendezvous_test.c \
	libvmm/cpu/rendezvous.c libvmm/core/error.c
tests_unit_rendezvous_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_rendezvous_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_rendezvous_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/event_test
TESTS += tests/unit/event_test
tests_unit_event_test_SOURCES = tests/unit/event_test.c libvmm/cpu/event.c
tests_unit_event_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_event_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_event_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/service_test
TESTS += tests/unit/service_test
tests_unit_service_test_SOURCES = tests/unit/service_test.c \
	libvmm/cpu/service.c libvmm/core/error.c
tests_unit_service_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_service_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_service_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/ioapic_test
TESTS += tests/unit/ioapic_test
tests_unit_ioapic_test_SOURCES = tests/unit/ioapic_test.c libvmm/cpu/ioapic.c
tests_unit_ioapic_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_ioapic_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_ioapic_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/msi_test
TESTS += tests/unit/msi_test
tests_unit_msi_test_SOURCES = tests/unit/msi_test.c libvmm/cpu/msi.c \
	libvmm/core/error.c
tests_unit_msi_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_msi_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_msi_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/mmio_test
TESTS += tests/unit/mmio_test
tests_unit_mmio_test_SOURCES = tests/unit/mmio_test.c libvmm/cpu/mmio.c \
	libvmm/core/error.c
tests_unit_mmio_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_mmio_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_mmio_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/task_test
TESTS += tests/unit/task_test
tests_unit_task_test_SOURCES = tests/unit/task_test.c libvmm/cpu/task.c
tests_unit_task_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_task_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_task_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += svm_refused_test
TESTS += svm_refused_test
svm_refused_test_SOURCES = tests/unit/svm_refused_test.c \
	libvmm/svm/svm_refused.c libvmm/core/printf.c
svm_refused_test_CPPFLAGS = $(UNIT_CPPFLAGS)
svm_refused_test_CFLAGS = $(UNIT_CFLAGS)
svm_refused_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += svm_usable_test
TESTS += svm_usable_test
svm_usable_test_SOURCES = tests/unit/svm_usable_test.c \
	libvmm/svm/svm_usable.c libvmm/core/error.c libvmm/core/printf.c
svm_usable_test_CPPFLAGS = $(UNIT_CPPFLAGS)
svm_usable_test_CFLAGS = $(UNIT_CFLAGS)
svm_usable_test_LDADD = $(UNIT_LIBS)
