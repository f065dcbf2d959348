# SPDX-License-Identifier: BSD-3-Clause
# The virtio network device: registers and rings.
FUZZERS += tests/fuzz/virtio.fuzz
FUZZ_SOURCES_virtio = tests/fuzz/virtio_fuzz.c tests/unit/virtio_world.c \
	tests/unit/virtio_world.h tests/unit/virtio_segments.c \
	tests/unit/virtio_segments.h $(VIRTIO_SOURCES) libvmm/core/error.c \
	libvmm/core/printf.c
