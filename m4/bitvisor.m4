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
AS_CASE([" $BV_VARIANTS "], [*" $with_frontend "*], [],
  [AC_MSG_ERROR([--with-frontend: unknown variant '$with_frontend'; accepted are: $BV_VARIANTS])])
AC_SUBST([BV_VARIANTS])
AC_SUBST([BV_FRONTEND], [$with_frontend])
])

AC_DEFUN([BV_WITH_LWIP], [
AC_ARG_WITH([lwip],
  [AS_HELP_STRING([--with-lwip=DIR],
    [source tree of lwIP 2.1.3 or 2.2.x (default: the distribution's source package, fetched into the build tree)])],
  [], [with_lwip=lwip
   AC_MSG_NOTICE([getting lwIP (--with-lwip=DIR or --without-lwip saves that)])
   AS_IF([! "$srcdir/scripts/get-lwip" lwip],
     [AC_MSG_ERROR([no lwIP, see above; give --with-lwip=DIR, or leave the IP stack out with --without-lwip])])])
AS_CASE([$with_lwip],
  [yes], [AC_MSG_ERROR([--with-lwip needs a directory: --with-lwip=DIR])],
  [no], [LWIP_DIR= LWIP_VERSION=none],
  [bv_init=$with_lwip/src/include/lwip/init.h
   AS_IF([test ! -f "$bv_init" || test ! -f "$with_lwip/src/core/tcp.c"],
     [AC_MSG_ERROR([--with-lwip: no lwIP sources in '$with_lwip' (src/core/tcp.c is wanted); an installed liblwip-dev does not do, it is built for programs of an operating system])])
   LWIP_DIR=`cd "$with_lwip" && pwd`
   LWIP_VERSION=`$SED -n 's/^#define LWIP_VERSION_M@<:@AI@:>@@<:@JN@:>@O*R  *\(@<:@0-9@:>@*\).*/\1/p; s/^#define LWIP_VERSION_REVISION  *\(@<:@0-9@:>@*\).*/\1/p' "$bv_init" | tr '\n' . | $SED 's/\.$//'`
   AS_CASE([$LWIP_VERSION], [2.1.3|2.2.*], [],
     [AC_MSG_WARN([lwIP '$LWIP_VERSION' in '$with_lwip' is neither 2.1.3 nor 2.2.x])])])
AC_SUBST([LWIP_DIR])
AM_CONDITIONAL([BV_HAVE_LWIP], [test -n "$LWIP_DIR"])
])

dnl BV_FIND_DIR(VARIABLE, WHAT, OPTION, FILE, DIRECTORIES)
dnl The directory of FILE: the one given by the option, or else the first of
dnl DIRECTORIES that has it.
AC_DEFUN([BV_FIND_DIR], [
AC_ARG_WITH([$3],
  [AS_HELP_STRING([--with-$3=DIR], [directory of $2])], [],
  [AS_VAR_SET([with_]m4_translit([$3], [-], [_]), [])])
AC_MSG_CHECKING([for $2])
$1=
AS_IF([test -n "$with_[]m4_translit([$3], [-], [_])"],
  [bv_dirs=$with_[]m4_translit([$3], [-], [_])], [bv_dirs="$5"])
for bv_dir in $bv_dirs; do
  AS_IF([test -f "$bv_dir/$4"], [$1=$bv_dir; break])
done
AS_IF([test -z "$$1"],
  [AC_MSG_RESULT([no])
   AC_MSG_ERROR([$2 not found in: $bv_dirs; install gnu-efi or give --with-$3=DIR])])
AC_MSG_RESULT([$$1])
AC_SUBST([$1])
])

dnl gnu-efi: Debian 12 has 3.0.15, which has no pkg-config file; later ones
dnl and 4.x say where they are.
AC_DEFUN([BV_WITH_GNU_EFI], [
bv_efi_inc=`pkg-config --variable=includedir gnu-efi 2>/dev/null`
bv_efi_lib=`pkg-config --variable=libdir gnu-efi 2>/dev/null`
BV_FIND_DIR([EFI_INCDIR], [efi.h], [gnu-efi-includedir], [efi.h],
  [$bv_efi_inc/efi /usr/include/efi /usr/local/include/efi])
BV_FIND_DIR([EFI_LIBDIR], [libgnuefi.a], [gnu-efi-libdir], [libgnuefi.a],
  [$bv_efi_lib /usr/lib /usr/lib/x86_64-linux-gnu /usr/lib64 /usr/local/lib /usr/local/lib64])
BV_FIND_DIR([EFI_LDSDIR], [elf_x86_64_efi.lds], [gnu-efi-ldsdir], [elf_x86_64_efi.lds],
  [$EFI_LIBDIR $EFI_LIBDIR/gnuefi $EFI_LIBDIR/gnuefi/x86_64 /usr/lib/gnuefi])
AS_IF([test ! -f "$EFI_LDSDIR/crt0-efi-x86_64.o"],
  [AC_MSG_ERROR([crt0-efi-x86_64.o is not in '$EFI_LDSDIR' with elf_x86_64_efi.lds; give --with-gnu-efi-ldsdir=DIR])])
AC_MSG_CHECKING([which layout of gnu-efi this is])
AS_IF([test -d "$EFI_INCDIR/legacy"], [EFI_LAYOUT=4.x], [EFI_LAYOUT=3.0.x])
AC_MSG_RESULT([$EFI_LAYOUT])
AC_MSG_CHECKING([whether $OBJCOPY can write EFI applications])
AS_IF([$OBJCOPY --info 2>/dev/null | grep pei-x86-64 >/dev/null],
  [AC_MSG_RESULT([yes])],
  [AC_MSG_RESULT([no])
   AC_MSG_ERROR([$OBJCOPY does not know the format pei-x86-64; set OBJCOPY to a GNU objcopy for x86-64])])
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
BV_HANDOFF_VERSION=`$SED -n 's/^@%:@define BV_HANDOFF_VERSION@<:@ 	@:>@*\(@<:@0-9@:>@*\).*/\1/p' "$srcdir/include/boot/handoff.h"`
AC_SUBST([BV_HANDOFF_VERSION])
GCC_INCLUDE=`$CC -print-file-name=include`
AC_SUBST([VMM_REQUIRED])
AC_SUBST([GCC_INCLUDE])
])

AC_DEFUN([BV_SUMMARY], [
AC_MSG_NOTICE([

  BitVisor $PACKAGE_VERSION
  bitvisor.elf is     $BV_FRONTEND (of: $BV_VARIANTS)
  NIC drivers         ${BV_NICS:-none}
  lwIP                $LWIP_VERSION${LWIP_DIR:+, }$LWIP_DIR
  gnu-efi             layout $EFI_LAYOUT, $EFI_INCDIR, $EFI_LIBDIR
  CFLAGS              $CFLAGS (freestanding code: only -O, -g, -pipe and prefix maps of it)
  warnings as errors  $enable_werror

  Next: make
])
])
