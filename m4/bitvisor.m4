dnl SPDX-License-Identifier: BSD-3-Clause

dnl NIC drivers that exist or are planned, by the names users type.
m4_define([BV_NIC_NAMES], [pro1000 re bnx aq])

AC_DEFUN([BV_ENABLE_NIC], [
AC_ARG_ENABLE([nic],
  [AS_HELP_STRING([--enable-nic=LIST],
    [NIC drivers, comma-separated, of: ]BV_NIC_NAMES[ (default: pro1000)])],
  [], [enable_nic=pro1000])
AS_CASE([$enable_nic],
  [yes], [enable_nic=pro1000],
  [no], [enable_nic=])
bv_nics=`echo "$enable_nic" | tr ',' ' '`
for bv_nic in $bv_nics; do
  AS_CASE([" BV_NIC_NAMES "], [*" $bv_nic "*], [],
    [AC_MSG_ERROR([--enable-nic: unknown driver '$bv_nic'; accepted are: BV_NIC_NAMES])])
done
AC_SUBST([BV_NICS], [$bv_nics])
])

dnl The variants are the folders of frontends/ that have a main.c.
AC_DEFUN([BV_WITH_FRONTEND], [
AC_ARG_WITH([frontend],
  [AS_HELP_STRING([--with-frontend=NAME],
    [variant that becomes bitvisor.elf; NAME is a folder of frontends/ (default: full)])],
  [], [with_frontend=full])
AC_MSG_CHECKING([for the variants])
BV_VARIANTS=
for bv_main in "$srcdir"/frontends/*/main.c; do
  AS_IF([test -f "$bv_main"],
    [bv_main=`AS_DIRNAME(["$bv_main"])`
     BV_VARIANTS="$BV_VARIANTS${BV_VARIANTS:+ }`AS_BASENAME(["$bv_main"])`"])
done
AC_MSG_RESULT([$BV_VARIANTS])
AS_CASE([" $BV_VARIANTS "], [*" $with_frontend "*|"  "], [],
  [AC_MSG_ERROR([--with-frontend: unknown variant '$with_frontend'; accepted are: $BV_VARIANTS])])
AC_SUBST([BV_VARIANTS])
AC_SUBST([BV_FRONTEND], [$with_frontend])
])

AC_DEFUN([BV_WITH_LWIP], [
AC_ARG_WITH([lwip],
  [AS_HELP_STRING([--with-lwip=DIR],
    [source tree of lwIP 2.1.3 or 2.2.x])],
  [], [with_lwip=no])
AS_CASE([$with_lwip], [yes], [AC_MSG_ERROR([--with-lwip needs a directory: --with-lwip=DIR])])
AS_IF([test "x$with_lwip" != xno && test ! -f "$with_lwip/src/include/lwip/init.h"],
  [AC_MSG_ERROR([--with-lwip: no lwIP sources in '$with_lwip' (src/include/lwip/init.h is missing)])])
AC_SUBST([LWIP_DIR], [$with_lwip])
])

AC_DEFUN([BV_WITH_GNU_EFI], [
AC_ARG_WITH([gnu-efi-includedir],
  [AS_HELP_STRING([--with-gnu-efi-includedir=DIR], [directory of efi.h])], [],
  [with_gnu_efi_includedir=])
AC_ARG_WITH([gnu-efi-libdir],
  [AS_HELP_STRING([--with-gnu-efi-libdir=DIR], [directory of libgnuefi.a and libefi.a])], [],
  [with_gnu_efi_libdir=])
AC_ARG_WITH([gnu-efi-ldsdir],
  [AS_HELP_STRING([--with-gnu-efi-ldsdir=DIR], [directory of elf_x86_64_efi.lds and crt0-efi-x86_64.o])], [],
  [with_gnu_efi_ldsdir=])
AC_MSG_CHECKING([for the headers of gnu-efi])
for d in "$with_gnu_efi_includedir" /usr/include/efi /usr/local/include/efi; do
  AS_IF([test -n "$d" && test -f "$d/efi.h"], [EFI_INCDIR=$d; break])
done
AS_IF([test -z "$EFI_INCDIR"], [AC_MSG_ERROR([efi.h not found; install gnu-efi or give --with-gnu-efi-includedir=DIR])])
AC_MSG_RESULT([$EFI_INCDIR])
AC_MSG_CHECKING([for the libraries of gnu-efi])
for d in "$with_gnu_efi_libdir" /usr/lib /usr/lib/x86_64-linux-gnu /usr/lib64 /usr/local/lib; do
  AS_IF([test -n "$d" && test -f "$d/libgnuefi.a"], [EFI_LIBDIR=$d; break])
done
AS_IF([test -z "$EFI_LIBDIR"], [AC_MSG_ERROR([libgnuefi.a not found; install gnu-efi or give --with-gnu-efi-libdir=DIR])])
AC_MSG_RESULT([$EFI_LIBDIR])
AC_MSG_CHECKING([for the linker script of gnu-efi])
for d in "$with_gnu_efi_ldsdir" "$EFI_LIBDIR" "$EFI_LIBDIR/gnuefi" "$EFI_LIBDIR/gnuefi/x86_64" /usr/lib/gnuefi; do
  AS_IF([test -n "$d" && test -f "$d/elf_x86_64_efi.lds"], [EFI_LDSDIR=$d; break])
done
AS_IF([test -z "$EFI_LDSDIR"], [AC_MSG_ERROR([elf_x86_64_efi.lds not found; give --with-gnu-efi-ldsdir=DIR])])
AC_MSG_RESULT([$EFI_LDSDIR])
AC_SUBST([EFI_INCDIR])
AC_SUBST([EFI_LIBDIR])
AC_SUBST([EFI_LDSDIR])
])

AC_DEFUN([BV_ENABLE_WERROR], [
AC_ARG_ENABLE([werror],
  [AS_HELP_STRING([--enable-werror], [treat warnings as errors])], [],
  [enable_werror=no])
BV_WARNINGS="-Wall -Wextra -Wshadow -Wundef -Wpointer-arith -Wcast-qual -Wvla -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings"
AS_IF([test "x$enable_werror" = xyes], [BV_WARNINGS="$BV_WARNINGS -Werror"])
AC_SUBST([BV_WARNINGS])
])

dnl Flags of freestanding code; Makefile.am adds what it borrows of CFLAGS.
AC_DEFUN([BV_FREESTANDING], [
VMM_REQUIRED="-std=gnu11 -ffreestanding -fno-builtin-printf -m64 -march=x86-64 -mgeneral-regs-only -mno-red-zone -mcmodel=small -fPIE -fvisibility=hidden -fno-strict-aliasing -fno-omit-frame-pointer -fno-optimize-sibling-calls -fstack-protector-strong -mstack-protector-guard=global -fcf-protection=none -fno-asynchronous-unwind-tables -fno-common -ffunction-sections -fdata-sections -U_FORTIFY_SOURCE -Wframe-larger-than=1536"
GCC_INCLUDE=`$CC -print-file-name=include`
AC_SUBST([VMM_REQUIRED])
AC_SUBST([GCC_INCLUDE])
])

AC_DEFUN([BV_SUMMARY], [
AC_MSG_NOTICE([

  BitVisor $PACKAGE_VERSION
  bitvisor.elf is     $BV_FRONTEND (of: $BV_VARIANTS)
  NIC drivers         $BV_NICS
  lwIP                $LWIP_DIR
  gnu-efi             $EFI_INCDIR, $EFI_LIBDIR
  CFLAGS              $CFLAGS (freestanding code: only -O, -g, -pipe and prefix maps of it)
  warnings as errors  $enable_werror

  Next: make
])
])
