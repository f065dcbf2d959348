# SPDX-License-Identifier: BSD-3-Clause
# Programs for the Linux guest: tests/emu/bvemu/netload.py, test_net_load.py.
NETLOAD = tests/emu/netload.prog tests/emu/burst.prog
EXTRA_DIST += tests/emu/netload/netload.c tests/emu/netload/burst.c
CLEANFILES += $(NETLOAD)

$(NETLOAD): tests/emu/%.prog: tests/emu/netload/%.c
	$(AM_V_at)$(MKDIR_P) tests/emu
	$(AM_V_CCLD)$(CC) -std=gnu11 $(BV_WARNINGS) -O2 -static -o $@ $<
guest-programs: $(NETLOAD)
