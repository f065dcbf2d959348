# SPDX-License-Identifier: BSD-3-Clause
# loadvmm.efi: an ELF shared object, linked with gnu-efi's start code and
# linker script, then rewritten as PE32+.
EFI_CPPFLAGS = -nostdinc -isystem $(GCC_INCLUDE) \
	-isystem $(top_srcdir)/include/freestanding \
	-isystem $(EFI_INCDIR) -isystem $(EFI_INCDIR)/x86_64 \
	-DGNU_EFI_USE_MS_ABI -I$(top_srcdir)/include
EFI_REQUIRED = -std=gnu11 -ffreestanding -m64 -march=x86-64 \
	-mgeneral-regs-only -mno-red-zone -maccumulate-outgoing-args \
	-fpic -fshort-wchar -fvisibility=hidden -fno-strict-aliasing \
	-fno-stack-protector -fcf-protection=none \
	-fno-asynchronous-unwind-tables -fno-common -fno-data-sections \
	-fno-stack-clash-protection -fno-lto \
	-U_FORTIFY_SOURCE -Wno-pedantic

noinst_PROGRAMS += loader/loadvmm.so
loader_loadvmm_so_SOURCES = \
	loader/chain.c \
	loader/console.c \
	loader/elf.c \
	loader/elf.h \
	loader/file.c \
	loader/handoff.c \
	loader/layout.c \
	loader/layout.h \
	loader/loader.h \
	loader/main.c \
	loader/memory.c \
	loader/mp.c \
	loader/path.c \
	loader/path.h \
	loader/pci.c \
	loader/running.c \
	loader/sbat.c \
	loader/string.c \
	loader/text.c \
	loader/text.h
loader_loadvmm_so_CPPFLAGS = $(EFI_CPPFLAGS)
loader_loadvmm_so_CFLAGS = $(BV_WARNINGS)
$(loader_loadvmm_so_OBJECTS): override CFLAGS = $(VMM_BORROW) $(EFI_REQUIRED)
$(loader_loadvmm_so_OBJECTS): override CPPFLAGS =

# The linker itself: what a compiler driver adds for hosted programs, or a
# user's LDFLAGS for them, has no place here.
EFI_LINK = $(LD) -nostdlib -shared -Bsymbolic --no-undefined \
	-z nocombreloc -z noexecstack -T $(EFI_LDSDIR)/elf_x86_64_efi.lds
loader_loadvmm_so_LINK = $(EFI_LINK) -o $@ $(EFI_LDSDIR)/crt0-efi-x86_64.o
loader_loadvmm_so_LDADD = $(EFI_LIBDIR)/libgnuefi.a

EFI_OBJCOPY = $(OBJCOPY) -j .text -j .sdata -j .data -j .rodata -j .dynamic \
	-j .rel -j .rela -j '.rel.*' -j '.rela.*' -j .dynsym -j .reloc \
	-j .sbat --target=efi-app-x86_64

pkgdata_DATA += loadvmm.efi
CLEANFILES += loadvmm.efi
loadvmm.efi: loader/loadvmm.so
	$(AM_V_GEN)$(EFI_OBJCOPY) loader/loadvmm.so $@
