# SPDX-License-Identifier: BSD-3-Clause
# The virtio network device, with a driver that does as it should, and not.
VIRTIO_TEST_SOURCES = tests/unit/virtio_world.c tests/unit/virtio_world.h \
	$(VIRTIO_SOURCES) libvmm/core/error.c libvmm/core/printf.c

check_PROGRAMS += virtio_pci_test
TESTS += virtio_pci_test
virtio_pci_test_SOURCES = tests/unit/virtio_pci_test.c $(VIRTIO_TEST_SOURCES)
virtio_pci_test_CPPFLAGS = $(UNIT_CPPFLAGS)
virtio_pci_test_CFLAGS = $(UNIT_CFLAGS)
virtio_pci_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += virtio_data_test
TESTS += virtio_data_test
virtio_data_test_SOURCES = tests/unit/virtio_data_test.c $(VIRTIO_TEST_SOURCES)
virtio_data_test_CPPFLAGS = $(UNIT_CPPFLAGS)
virtio_data_test_CFLAGS = $(UNIT_CFLAGS)
virtio_data_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += virtio_hostile_test
TESTS += virtio_hostile_test
virtio_hostile_test_SOURCES = tests/unit/virtio_hostile_test.c \
	$(VIRTIO_TEST_SOURCES)
virtio_hostile_test_CPPFLAGS = $(UNIT_CPPFLAGS)
virtio_hostile_test_CFLAGS = $(UNIT_CFLAGS)
virtio_hostile_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += virtio_merge_test
TESTS += virtio_merge_test
virtio_merge_test_SOURCES = tests/unit/virtio_merge_test.c \
	tests/unit/virtio_segments.c tests/unit/virtio_segments.h \
	$(VIRTIO_TEST_SOURCES)
virtio_merge_test_CPPFLAGS = $(UNIT_CPPFLAGS)
virtio_merge_test_CFLAGS = $(UNIT_CFLAGS)
virtio_merge_test_LDADD = $(UNIT_LIBS)
