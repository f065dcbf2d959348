# SPDX-License-Identifier: BSD-3-Clause
# EFI programs that run on the emulated machines, bare and as the guest of
# the VMM.  Built like the loader, but not by `make`: `make guest-programs`,
# or what needs them.
guest_efi = tests/guest/acpitables.efi tests/guest/flow.efi \
	tests/guest/nic.efi tests/guest/probe.efi tests/guest/spin.efi \
	tests/guest/starts.efi

EXTRA_PROGRAMS += tests/guest/acpitables.so tests/guest/flow.so \
	tests/guest/nic.so tests/guest/probe.so tests/guest/spin.so \
	tests/guest/starts.so
tests_guest_acpitables_so_SOURCES = \
	tests/guest/acpitables.c \
	tests/guest/port.c \
	tests/guest/port.h
tests_guest_flow_so_SOURCES = \
	tests/guest/flow.c \
	tests/guest/port.c \
	tests/guest/port.h
# The driver as the VMM has it, compiled for an EFI program.
tests_guest_nic_so_SOURCES = \
	tests/guest/nic.c \
	tests/guest/port.c \
	tests/guest/port.h \
	$(PRO1000_PURE_SOURCES) \
	libvmm/core/error.c \
	libvmm/core/printf.c \
	libvmm/core/string.c
tests_guest_probe_so_SOURCES = \
	tests/guest/port.c \
	tests/guest/port.h \
	tests/guest/probe.c \
	tests/guest/probe.h \
	tests/guest/probe_attack.c \
	tests/guest/probe_cpuid.c \
	tests/guest/probe_exception.c \
	tests/guest/probe_exits.c \
	tests/guest/probe_insn.c \
	tests/guest/probe_machine.c \
	tests/guest/probe_memory.c \
	tests/guest/probe_msr.c \
	tests/guest/probe_nmi.c \
	tests/guest/probe_step.c \
	tests/guest/probe_task.c \
	tests/guest/probe_task.h \
	tests/guest/snippets.S \
	tests/guest/task_code.S \
	tests/guest/trap.c \
	tests/guest/trap.h \
	tests/guest/trap_entry.S \
	tests/guest/window.c
tests_guest_spin_so_SOURCES = \
	tests/guest/port.c \
	tests/guest/port.h \
	tests/guest/spin.c
tests_guest_starts_so_SOURCES = \
	tests/guest/port.c \
	tests/guest/port.h \
	tests/guest/starts.c \
	tests/guest/starts.h \
	tests/guest/starts_cost.c \
	tests/guest/starts_cpu.c \
	tests/guest/starts_entry.S \
	tests/guest/starts_layout.h \
	tests/guest/starts_patterns.c \
	tests/guest/starts_state.c
GUEST_OBJECTS = $(tests_guest_acpitables_so_OBJECTS) \
	$(tests_guest_flow_so_OBJECTS) $(tests_guest_nic_so_OBJECTS) \
	$(tests_guest_probe_so_OBJECTS) $(tests_guest_spin_so_OBJECTS) \
	$(tests_guest_starts_so_OBJECTS)

tests_guest_flow_so_CPPFLAGS = $(EFI_CPPFLAGS)
tests_guest_flow_so_CFLAGS = $(BV_WARNINGS)
tests_guest_flow_so_LINK = $(EFI_LINK) -o $@ $(EFI_LDSDIR)/crt0-efi-x86_64.o
tests_guest_flow_so_LDADD = $(EFI_LIBDIR)/libefi.a $(EFI_LIBDIR)/libgnuefi.a
tests_guest_acpitables_so_CPPFLAGS = $(EFI_CPPFLAGS) -Itests/guest
tests_guest_acpitables_so_CFLAGS = $(BV_WARNINGS)
tests_guest_acpitables_so_LINK = $(tests_guest_flow_so_LINK)
tests_guest_acpitables_so_LDADD = $(tests_guest_flow_so_LDADD)
tests_guest_nic_so_CPPFLAGS = $(EFI_CPPFLAGS) -I$(top_srcdir)/libnicdrv \
	-I$(top_srcdir)/libvmm
tests_guest_nic_so_CFLAGS = $(BV_WARNINGS)
# gnu-efi has some of the string functions, in objects with other things.
tests_guest_nic_so_LINK = $(EFI_LINK) -z muldefs -o $@ \
	$(EFI_LDSDIR)/crt0-efi-x86_64.o
tests_guest_nic_so_LDADD = $(tests_guest_flow_so_LDADD)
tests_guest_probe_so_CPPFLAGS = $(EFI_CPPFLAGS)
tests_guest_probe_so_CFLAGS = $(BV_WARNINGS)
tests_guest_probe_so_CCASFLAGS =
tests_guest_probe_so_LINK = $(tests_guest_flow_so_LINK)
tests_guest_probe_so_LDADD = $(tests_guest_flow_so_LDADD)
tests_guest_spin_so_CPPFLAGS = $(EFI_CPPFLAGS)
tests_guest_spin_so_CFLAGS = $(BV_WARNINGS)
tests_guest_spin_so_LINK = $(tests_guest_flow_so_LINK)
tests_guest_spin_so_LDADD = $(tests_guest_flow_so_LDADD)
tests_guest_starts_so_CPPFLAGS = $(EFI_CPPFLAGS)
tests_guest_starts_so_CFLAGS = $(BV_WARNINGS)
tests_guest_starts_so_CCASFLAGS =
tests_guest_starts_so_LINK = $(tests_guest_flow_so_LINK)
tests_guest_starts_so_LDADD = $(tests_guest_flow_so_LDADD)
$(GUEST_OBJECTS): override CFLAGS = $(VMM_BORROW) $(EFI_REQUIRED) \
	-fshort-wchar -Wno-cast-qual
$(GUEST_OBJECTS): override CPPFLAGS =
$(GUEST_OBJECTS): override CCASFLAGS =

# The DSDT as a C array.
$(tests_guest_acpitables_so_OBJECTS): tests/guest/acpitables.h
tests/guest/acpitables.h: tests/guest/acpitables.asl
	@$(MKDIR_P) tests/guest
	$(AM_V_GEN)iasl -vs -f -tc -p tests/guest/acpitables $< >/dev/null && \
		mv tests/guest/acpitables.hex $@

$(guest_efi): tests/guest/%.efi: tests/guest/%.so
	$(AM_V_GEN)$(EFI_OBJCOPY) $< $@

# A program of the Linux guest.
tests/guest/kexec: tests/guest/kexec.c
	$(AM_V_at)$(MKDIR_P) tests/guest
	$(AM_V_CCLD)$(CC) -std=gnu11 $(BV_WARNINGS) -O2 -ffreestanding \
		-fno-stack-protector -U_FORTIFY_SOURCE -fcf-protection=none \
		-fno-pie -no-pie -static -nostdlib -Wl,--build-id=none \
		-o $@ $<

.PHONY: guest-programs
guest-programs: $(guest_efi) tests/guest/kexec

EXTRA_DIST += tests/guest/README.md tests/guest/acpitables.asl \
	tests/guest/kexec.c
CLEANFILES += $(guest_efi) $(EXTRA_PROGRAMS) tests/guest/acpitables.h \
	tests/guest/acpitables.aml tests/guest/kexec
