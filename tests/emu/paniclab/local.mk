# SPDX-License-Identifier: BSD-3-Clause
# An image that panics on demand (test_panic.py); linked like the variants.
PANICLAB = tests/emu/paniclab.elf
CLEANFILES += $(PANICLAB) $(PANICLAB).debug tests/emu/paniclab.o
EXTRA_DIST += tests/emu/paniclab/main.c

tests/emu/paniclab.o: tests/emu/paniclab/main.c
	$(AM_V_at)$(MKDIR_P) tests/emu
	$(AM_V_CC)$(CC) $(VMM_CPPFLAGS) $(BV_WARNINGS) $(VMM_BORROW) \
		$(VMM_REQUIRED) -MMD -MP -c -o $@ $<
-include tests/emu/paniclab.d

$(PANICLAB): tests/emu/paniclab.o $(VARIANT_LIBS) frontends/hv.ld \
		scripts/link-image scripts/check-freestanding
	$(AM_V_GEN)CC='$(CC)' NM='$(NM)' OBJCOPY='$(OBJCOPY)' \
		OBJDUMP='$(OBJDUMP)' READELF='$(READELF)' \
		$(SHELL) $(top_srcdir)/scripts/link-image $@ \
		$(top_srcdir)/frontends/hv.ld $< $(VARIANT_LIBS)
guest-programs: $(PANICLAB)
