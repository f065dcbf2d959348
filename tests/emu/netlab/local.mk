# SPDX-License-Identifier: BSD-3-Clause
# An image that logs much at once (test_net_load.py); linked like the variants.
NETLAB = tests/emu/netlab.elf
CLEANFILES += $(NETLAB) $(NETLAB).debug tests/emu/netlab.o
EXTRA_DIST += tests/emu/netlab/main.c

tests/emu/netlab.o: tests/emu/netlab/main.c
	$(AM_V_at)$(MKDIR_P) tests/emu
	$(AM_V_CC)$(CC) $(VMM_CPPFLAGS) $(BV_WARNINGS) $(VMM_BORROW) \
		$(VMM_REQUIRED) -MMD -MP -c -o $@ $<
-include tests/emu/netlab.d

$(NETLAB): tests/emu/netlab.o $(VARIANT_LIBS) frontends/hv.ld \
		scripts/link-image scripts/check-freestanding
	$(AM_V_GEN)CC='$(CC)' NM='$(NM)' OBJCOPY='$(OBJCOPY)' \
		OBJDUMP='$(OBJDUMP)' READELF='$(READELF)' \
		$(SHELL) $(top_srcdir)/scripts/link-image $@ \
		$(top_srcdir)/frontends/hv.ld $< $(VARIANT_LIBS)
guest-programs: $(NETLAB)
