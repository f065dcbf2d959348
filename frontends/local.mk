# SPDX-License-Identifier: BSD-3-Clause
# A variant is a folder frontends/NAME with a main.c that defines vmm_variant;
# configure finds them.  Each becomes NAME.elf (and NAME.elf.debug, the same
# with debug information); bitvisor.elf is a copy of the one that
# --with-frontend names.
VARIANT_ELFS = $(BV_VARIANTS:%=%.elf)
VARIANT_OBJECTS = $(BV_VARIANTS:%=frontends/%.o)

# In the order in which a static link needs them.
VARIANT_LIBS = libbvnet.la libnicdrv.la libvmm.la

pkgdata_DATA += $(VARIANT_ELFS) bitvisor.elf
dist_pkgdata_DATA = frontends/hv.ld
EXTRA_DIST += $(BV_VARIANTS:%=frontends/%/main.c)
CLEANFILES += $(VARIANT_ELFS) $(VARIANT_ELFS:%=%.debug) bitvisor.elf \
	$(VARIANT_OBJECTS) $(VARIANT_OBJECTS:.o=.d)

$(VARIANT_OBJECTS): frontends/%.o: frontends/%/main.c
	$(AM_V_at)$(MKDIR_P) frontends
	$(AM_V_CC)$(CC) $(VMM_CPPFLAGS) $(BV_WARNINGS) $(VMM_BORROW) \
		$(VMM_REQUIRED) -MMD -MP -c -o $@ $<
-include $(VARIANT_OBJECTS:.o=.d)

$(VARIANT_ELFS): %.elf: frontends/%.o $(VARIANT_LIBS) frontends/hv.ld \
		scripts/link-image scripts/check-freestanding
	$(AM_V_GEN)CC='$(CC)' NM='$(NM)' OBJCOPY='$(OBJCOPY)' \
		OBJDUMP='$(OBJDUMP)' READELF='$(READELF)' \
		$(SHELL) $(top_srcdir)/scripts/link-image $@ \
		$(top_srcdir)/frontends/hv.ld $< $(VARIANT_LIBS)

bitvisor.elf: $(BV_FRONTEND).elf
	$(AM_V_GEN)cp $(BV_FRONTEND).elf $@
