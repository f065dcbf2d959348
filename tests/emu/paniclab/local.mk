# SPDX-License-Identifier: BSD-3-Clause
# An image that panics on demand (test_panic.py); linked like the variants.
PANICLAB = tests/emu/paniclab.elf
PANICLAB_OBJECTS = tests/emu/paniclab.o tests/emu/paniclab-svm.o
CLEANFILES += $(PANICLAB) $(PANICLAB).debug $(PANICLAB_OBJECTS) \
	$(PANICLAB_OBJECTS:.o=.d)
EXTRA_DIST += tests/emu/paniclab/main.c tests/emu/paniclab/paniclab.h \
	tests/emu/paniclab/svm.c

tests/emu/paniclab-svm.o: tests/emu/paniclab/svm.c
	$(AM_V_at)$(MKDIR_P) tests/emu
	$(AM_V_CC)$(CC) $(VMM_CPPFLAGS) -I$(top_srcdir)/libvmm \
		$(BV_WARNINGS) $(VMM_BORROW) $(VMM_REQUIRED) -MMD -MP -c -o $@ $<
-include tests/emu/paniclab-svm.d

tests/emu/paniclab.o: tests/emu/paniclab/main.c
	$(AM_V_at)$(MKDIR_P) tests/emu
	$(AM_V_CC)$(CC) $(VMM_CPPFLAGS) $(BV_WARNINGS) $(VMM_BORROW) \
		$(VMM_REQUIRED) -MMD -MP -c -o $@ $<
-include tests/emu/paniclab.d

$(PANICLAB): $(PANICLAB_OBJECTS) $(VARIANT_LIBS) frontends/hv.ld \
		scripts/link-image scripts/check-freestanding
	$(AM_V_GEN)CC='$(CC)' NM='$(NM)' OBJCOPY='$(OBJCOPY)' \
		OBJDUMP='$(OBJDUMP)' READELF='$(READELF)' \
		$(SHELL) $(top_srcdir)/scripts/link-image $@ \
		$(top_srcdir)/frontends/hv.ld $(PANICLAB_OBJECTS) \
		$(VARIANT_LIBS)
guest-programs: $(PANICLAB)
