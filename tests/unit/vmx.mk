# SPDX-License-Identifier: BSD-3-Clause
# Unit tests of the pure parts of libvmm/vmx.
check_PROGRAMS += vmx_caps_test
TESTS += vmx_caps_test
vmx_caps_test_SOURCES = tests/unit/vmx_caps_test.c libvmm/vmx/vmx_caps.c \
	libvmm/core/error.c libvmm/core/printf.c
vmx_caps_test_CPPFLAGS = $(UNIT_CPPFLAGS)
vmx_caps_test_CFLAGS = $(UNIT_CFLAGS)
vmx_caps_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += vmx_decode_test
TESTS += vmx_decode_test
vmx_decode_test_SOURCES = tests/unit/vmx_decode_test.c \
	libvmm/vmx/vmx_decode.c
vmx_decode_test_CPPFLAGS = $(UNIT_CPPFLAGS)
vmx_decode_test_CFLAGS = $(UNIT_CFLAGS)
vmx_decode_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += vmx_entryfail_test
TESTS += vmx_entryfail_test
vmx_entryfail_test_SOURCES = tests/unit/vmx_entryfail_test.c \
	libvmm/vmx/vmx_entryfail.c libvmm/vmx/vmx_caps.c \
	libvmm/core/error.c libvmm/core/printf.c
vmx_entryfail_test_CPPFLAGS = $(UNIT_CPPFLAGS)
vmx_entryfail_test_CFLAGS = $(UNIT_CFLAGS)
vmx_entryfail_test_LDADD = $(UNIT_LIBS)

# Both vendors' way from an exit to a verdict and back, with a VMCS in memory.
check_PROGRAMS += exits_test
TESTS += exits_test
exits_test_SOURCES = tests/unit/exits_test.c \
	tests/unit/fakevmx/vmx/vmx_insn.h libvmm/cpu/event.c \
	libvmm/svm/svm_exit.c libvmm/vmx/vmx_decode.c libvmm/vmx/vmx_exit.c
exits_test_CPPFLAGS = -I$(top_srcdir)/tests/unit/fakevmx $(UNIT_CPPFLAGS)
exits_test_CFLAGS = $(UNIT_CFLAGS)
exits_test_LDADD = $(UNIT_LIBS)
