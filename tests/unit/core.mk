# SPDX-License-Identifier: BSD-3-Clause
# Unit tests of libvmm/core but for the configuration.
check_PROGRAMS += printf_test
TESTS += printf_test
printf_test_SOURCES = tests/unit/printf_test.c libvmm/core/printf.c
printf_test_CPPFLAGS = $(UNIT_CPPFLAGS)
printf_test_CFLAGS = $(UNIT_CFLAGS)
printf_test_LDADD = $(UNIT_LIBS)

# Contains string.c itself, under other names.
check_PROGRAMS += string_test
TESTS += string_test
string_test_SOURCES = tests/unit/string_test.c
string_test_CPPFLAGS = $(UNIT_CPPFLAGS)
string_test_CFLAGS = $(UNIT_CFLAGS) -fno-builtin
string_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += log_test
TESTS += log_test
log_test_SOURCES = tests/unit/log_test.c libvmm/core/printf.c \
	libvmm/core/ratelimit.c
log_test_CPPFLAGS = $(UNIT_CPPFLAGS)
log_test_CFLAGS = $(UNIT_CFLAGS) -pthread
log_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += hypercall_test
TESTS += hypercall_test
hypercall_test_SOURCES = tests/unit/hypercall_test.c tests/unit/fake_vcpu.c \
	tests/unit/fake_vcpu.h libvmm/core/error.c
hypercall_test_CPPFLAGS = $(UNIT_CPPFLAGS)
hypercall_test_CFLAGS = $(UNIT_CFLAGS)
hypercall_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += unit_test
TESTS += unit_test
unit_test_SOURCES = tests/unit/unit_test.c libvmm/core/unit.c \
	libvmm/core/error.c
unit_test_CPPFLAGS = $(UNIT_CPPFLAGS)
unit_test_CFLAGS = $(UNIT_CFLAGS)
unit_test_LDADD = $(UNIT_LIBS)

# Without the loader's folder, which has an elf.h too.
check_PROGRAMS += symbols_test
TESTS += symbols_test
symbols_test_SOURCES = tests/unit/symbols_test.c libvmm/core/symbols.c \
	libvmm/core/backtrace.c libvmm/core/printf.c
symbols_test_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/libvmm
symbols_test_CFLAGS = $(UNIT_CFLAGS)
symbols_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += uart_test
TESTS += uart_test
uart_test_SOURCES = tests/unit/uart_test.c libvmm/core/uart.c \
	libvmm/core/error.c
uart_test_CPPFLAGS = $(UNIT_CPPFLAGS)
uart_test_CFLAGS = $(UNIT_CFLAGS)
uart_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += screen_test
TESTS += screen_test
screen_test_SOURCES = tests/unit/screen_test.c libvmm/core/screen.c \
	libvmm/core/error.c
nodist_screen_test_SOURCES = libvmm/core/panic_font.c
screen_test_CPPFLAGS = $(UNIT_CPPFLAGS)
screen_test_CFLAGS = $(UNIT_CFLAGS)
screen_test_LDADD = $(UNIT_LIBS)

# Contains bvlog.c; real are the log, the hypercalls and the protocol.
check_PROGRAMS += bvlog_test
TESTS += bvlog_test
bvlog_test_SOURCES = tests/unit/bvlog_test.c tests/unit/fake_vcpu.c \
	tests/unit/fake_vcpu.h tools/bvlog/reader.c tools/bvlog/reader.h \
	libvmm/core/error.c libvmm/core/hypercall.c libvmm/core/log.c \
	libvmm/core/printf.c libvmm/core/sink_guest.c
bvlog_test_CPPFLAGS = $(UNIT_CPPFLAGS) -I$(top_srcdir)/tools/bvlog
bvlog_test_CFLAGS = $(UNIT_CFLAGS)
bvlog_test_LDADD = $(UNIT_LIBS)

dist_check_SCRIPTS += tests/unit/bvlog.tap
TESTS += tests/unit/bvlog.tap

# Contains panic.c, to begin each test without a panic.
check_PROGRAMS += panic_test
TESTS += panic_test
panic_test_SOURCES = tests/unit/panic_test.c tests/unit/fake_vcpu.c \
	tests/unit/fake_vcpu.h libvmm/core/printf.c
panic_test_CPPFLAGS = $(UNIT_CPPFLAGS)
panic_test_CFLAGS = $(UNIT_CFLAGS)
panic_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += sinks_test
TESTS += sinks_test
sinks_test_SOURCES = tests/unit/sinks_test.c tests/unit/fake_vcpu.c \
	tests/unit/fake_vcpu.h libvmm/core/error.c libvmm/core/guestdump.c \
	libvmm/core/log.c libvmm/core/printf.c libvmm/core/screen.c \
	libvmm/core/sink_console.c libvmm/core/sink_screen.c
nodist_sinks_test_SOURCES = libvmm/core/panic_font.c
sinks_test_CPPFLAGS = $(UNIT_CPPFLAGS)
sinks_test_CFLAGS = $(UNIT_CFLAGS)
sinks_test_LDADD = $(UNIT_LIBS)
