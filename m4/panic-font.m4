dnl SPDX-License-Identifier: BSD-3-Clause

dnl Font of the panic screen: PANIC_FONT.
AC_DEFUN([BV_WITH_PANIC_FONT], [
AC_ARG_WITH([panic-font],
  [AS_HELP_STRING([--with-panic-font=FILE],
    [console font (.psf or .psf.gz, 8 pixels wide) for the panic screen @<:@Lat15-Fixed16 of the system@:>@])],
  [], [with_panic_font=])
AC_MSG_CHECKING([for the font of the panic screen])
AS_CASE([$with_panic_font],
  [yes|no], [AC_MSG_ERROR([--with-panic-font needs a file: --with-panic-font=FILE])],
  [''], [bv_fonts="/usr/share/consolefonts/Lat15-Fixed16.psf.gz /usr/share/kbd/consolefonts/lat1-16.psfu.gz /usr/lib/kbd/consolefonts/lat1-16.psfu.gz"],
  [bv_fonts=$with_panic_font])
PANIC_FONT=
for bv_font in $bv_fonts; do
  AS_IF([test -r "$bv_font"], [PANIC_FONT=$bv_font; break])
done
AS_IF([test -z "$PANIC_FONT"], [
  AC_MSG_RESULT([no])
  AC_MSG_ERROR([no console font found (tried: $bv_fonts). Install one, on Debian and Ubuntu by
    apt-get install console-setup-linux
or name one with --with-panic-font=FILE])])
AS_CASE([$PANIC_FONT], [/*], [], [PANIC_FONT=`pwd`/$PANIC_FONT])
AC_MSG_RESULT([$PANIC_FONT])
AS_IF([! "$srcdir/scripts/psf2c" "$PANIC_FONT" >/dev/null],
  [AC_MSG_ERROR([$PANIC_FONT cannot be used, see the line above; name another with --with-panic-font=FILE])])
AC_SUBST([PANIC_FONT])
])
