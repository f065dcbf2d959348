# SPDX-License-Identifier: BSD-3-Clause
# Images that try out the loader, without a VMM: a static PIE with several
# segments, and the same with segments aligned to 2 MiB.
PAYLOADS = tests/emu/payload.elf tests/emu/payload-2m.elf
check_DATA += $(PAYLOADS)
CLEANFILES += $(PAYLOADS)
EXTRA_DIST += tests/emu/payload/payload.c

PAYLOAD_CC = $(CC) $(VMM_CPPFLAGS) $(BV_WARNINGS) $(VMM_REQUIRED) -O1 \
	-fno-stack-protector -nostdlib -static-pie -Wl,--no-dynamic-linker \
	-Wl,-z,text -Wl,-z,noexecstack -Wl,-e,payload_entry -Wl,--build-id

tests/emu/payload.elf: tests/emu/payload/payload.c include/boot/handoff.h
	$(AM_V_at)$(MKDIR_P) tests/emu
	$(AM_V_CCLD)$(PAYLOAD_CC) -Wl,-z,max-page-size=4096 -o $@ $<
tests/emu/payload-2m.elf: tests/emu/payload/payload.c include/boot/handoff.h
	$(AM_V_at)$(MKDIR_P) tests/emu
	$(AM_V_CCLD)$(PAYLOAD_CC) -Wl,-z,max-page-size=0x200000 -o $@ $<
guest-programs: $(PAYLOADS)
