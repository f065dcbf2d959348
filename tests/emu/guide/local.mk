# SPDX-License-Identifier: BSD-3-Clause
# The variant `full` with a defconfig of its own compiled in, as the guide has
# it (test_guide.py).  The linker does not look for a second `config`.
GUIDE = tests/emu/guide.elf
CLEANFILES += $(GUIDE) $(GUIDE).debug tests/emu/guide-config.o \
	tests/emu/guide-config.d
EXTRA_DIST += tests/emu/guide/defconfig

tests/emu/guide-config.o: libvmm/core/config_default.c \
		tests/emu/guide/defconfig
	$(AM_V_at)$(MKDIR_P) tests/emu
	$(AM_V_CC)$(CC) -I$(srcdir)/tests/emu/guide $(VMM_CPPFLAGS) \
		$(BV_WARNINGS) $(VMM_REQUIRED) -MMD -MP -c -o $@ $<
-include tests/emu/guide-config.d

$(GUIDE): tests/emu/guide-config.o frontends/full.o $(VARIANT_LIBS) \
		frontends/hv.ld scripts/link-image scripts/check-freestanding
	$(AM_V_GEN)CC='$(CC)' NM='$(NM)' OBJCOPY='$(OBJCOPY)' \
		OBJDUMP='$(OBJDUMP)' READELF='$(READELF)' \
		$(SHELL) $(top_srcdir)/scripts/link-image $@ \
		$(top_srcdir)/frontends/hv.ld $< frontends/full.o \
		$(VARIANT_LIBS)
guest-programs: $(GUIDE)
