# SPDX-License-Identifier: BSD-3-Clause
libvmm_la_SOURCES += \
	libvmm/core/backtrace.c \
	libvmm/core/core_priv.h \
	libvmm/core/error.c \
	libvmm/core/guestdump.c \
	libvmm/core/hostdump.c \
	libvmm/core/hypercall.c \
	libvmm/core/log.c \
	libvmm/core/main.c \
	libvmm/core/memmap.c \
	libvmm/core/memmap.h \
	libvmm/core/panic.c \
	libvmm/core/printf.c \
	libvmm/core/ratelimit.c \
	libvmm/core/screen.c \
	libvmm/core/screen.h \
	libvmm/core/sink_console.c \
	libvmm/core/sink_guest.c \
	libvmm/core/sink_screen.c \
	libvmm/core/sink_serial.c \
	libvmm/core/stackprot.c \
	libvmm/core/string.c \
	libvmm/core/symbols.c \
	libvmm/core/symbols.h \
	libvmm/core/uart.c \
	libvmm/core/uart.h \
	libvmm/core/unit.c

# The font is not ours: it is taken from the building system.
nodist_libvmm_la_SOURCES = libvmm/core/panic_font.c
CLEANFILES += libvmm/core/panic_font.c
EXTRA_DIST += scripts/psf2c
libvmm/core/panic_font.c: $(top_srcdir)/scripts/psf2c $(PANIC_FONT)
	$(AM_V_at)$(MKDIR_P) libvmm/core
	$(AM_V_GEN)$(top_srcdir)/scripts/psf2c '$(PANIC_FONT)' > $@.tmp && \
		mv $@.tmp $@
