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
EXITS_WORLD = tests/unit/exits_world.c tests/unit/exits_world.h \
	tests/unit/fakevmx/vmx/vmx_insn.h
exits_test_SOURCES = tests/unit/exits_test.c $(EXITS_WORLD) libvmm/cpu/event.c \
	libvmm/svm/svm_exit.c libvmm/svm/svm_refused.c libvmm/core/printf.c \
	libvmm/vmx/vmx_decode.c libvmm/vmx/vmx_exit.c
exits_test_CPPFLAGS = -I$(top_srcdir)/tests/unit/fakevmx $(UNIT_CPPFLAGS)
exits_test_CFLAGS = $(UNIT_CFLAGS)
exits_test_LDADD = $(UNIT_LIBS)

# The same with the neutral policy, on exits recorded on machines; the hardware
# that policy asks is that of the record, too.
check_PROGRAMS += record_test
TESTS += record_test
record_test_SOURCES = tests/unit/record_test.c tests/unit/record.c \
	tests/unit/record.h tests/unit/fakex86/vmm/x86.h $(EXITS_WORLD) \
	libvmm/core/hypercall.c libvmm/core/error.c libvmm/core/printf.c \
	libvmm/cpu/cpuid.c \
	libvmm/cpu/cr.c libvmm/cpu/event.c libvmm/cpu/exit.c \
	libvmm/cpu/insn.c libvmm/cpu/io.c libvmm/cpu/memfault.c \
	libvmm/cpu/msr.c libvmm/cpu/mtrr.c libvmm/cpu/vcpu.c \
	libvmm/svm/svm_exit.c libvmm/svm/svm_refused.c \
	libvmm/svm/svm_regs.c libvmm/vmx/vmx_caps.c \
	libvmm/vmx/vmx_decode.c libvmm/vmx/vmx_exit.c libvmm/vmx/vmx_regs.c
record_test_CPPFLAGS = -I$(top_srcdir)/tests/unit/fakex86 \
	-I$(top_srcdir)/tests/unit/fakevmx $(UNIT_CPPFLAGS)
record_test_CFLAGS = $(UNIT_CFLAGS)
record_test_LDADD = $(UNIT_LIBS)
EXTRA_DIST += tests/unit/exits/svm-qemu tests/unit/exits/svm-bochs \
	tests/unit/exits/vmx-bochs

check_PROGRAMS += vmx_events_test
TESTS += vmx_events_test
vmx_events_test_SOURCES = tests/unit/vmx_events_test.c $(EXITS_WORLD) \
	libvmm/cpu/event.c libvmm/vmx/vmx_decode.c libvmm/vmx/vmx_exit.c
vmx_events_test_CPPFLAGS = -I$(top_srcdir)/tests/unit/fakevmx $(UNIT_CPPFLAGS)
vmx_events_test_CFLAGS = $(UNIT_CFLAGS)
vmx_events_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += vmx_forced_test
TESTS += vmx_forced_test
vmx_forced_test_SOURCES = tests/unit/vmx_forced_test.c \
	tests/unit/fakevmx/vmx/vmx_insn.h tests/unit/fakex86/vmm/x86.h \
	libvmm/cpu/cr.c libvmm/vmx/vmx_decode.c libvmm/vmx/vmx_forced.c
vmx_forced_test_CPPFLAGS = $(record_test_CPPFLAGS)
vmx_forced_test_CFLAGS = $(UNIT_CFLAGS)
vmx_forced_test_LDADD = $(UNIT_LIBS)
