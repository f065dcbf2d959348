# SPDX-License-Identifier: BSD-3-Clause
# An image that tells of each exit (test_exits.py); linked like the variants,
# with main.c between the callers and these functions.
EXITLAB = tests/emu/exitlab.elf
EXITLAB_WRAP = svm_vmexit vmx_vmexit x86_rdmsr_safe x86_wrmsr_safe \
	x86_xsetbv_safe
CLEANFILES += $(EXITLAB) $(EXITLAB).debug tests/emu/exitlab.o
EXTRA_DIST += tests/emu/exitlab/main.c

tests/emu/exitlab.o: tests/emu/exitlab/main.c
	$(AM_V_at)$(MKDIR_P) tests/emu
	$(AM_V_CC)$(CC) $(VMM_CPPFLAGS) -I$(top_srcdir)/libvmm $(BV_WARNINGS) \
		$(VMM_BORROW) $(VMM_REQUIRED) -MMD -MP -c -o $@ $<
-include tests/emu/exitlab.d

$(EXITLAB): tests/emu/exitlab.o $(VARIANT_LIBS) frontends/hv.ld \
		scripts/link-image scripts/check-freestanding
	$(AM_V_GEN)CC='$(CC) $(EXITLAB_WRAP:%=-Wl,--wrap=%)' NM='$(NM)' \
		OBJCOPY='$(OBJCOPY)' OBJDUMP='$(OBJDUMP)' \
		READELF='$(READELF)' \
		$(SHELL) $(top_srcdir)/scripts/link-image $@ \
		$(top_srcdir)/frontends/hv.ld $< $(VARIANT_LIBS)
guest-programs: $(EXITLAB)
