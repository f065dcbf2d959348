dnl SPDX-License-Identifier: BSD-3-Clause

dnl A compiler for the fuzzers, which need libFuzzer: clang, or what FUZZ_CC
dnl names.  Without one `make check` leaves the fuzzers out.
AC_DEFUN([BV_FUZZ], [
AC_ARG_VAR([FUZZ_CC], [compiler with -fsanitize=fuzzer for the fuzzers (default: clang)])
AC_CHECK_PROGS([FUZZ_CC], [clang clang-19 clang-18 clang-17 clang-16 clang-15 clang-14])
bv_have_fuzz=no
AS_IF([test -n "$FUZZ_CC"], [
  AC_MSG_CHECKING([whether $FUZZ_CC has libFuzzer])
  bv_save_CC=$CC bv_save_CFLAGS=$CFLAGS
  CC=$FUZZ_CC CFLAGS="-fsanitize=fuzzer,address,undefined"
  AC_LINK_IFELSE([AC_LANG_SOURCE([[
    #include <stddef.h>
    #include <stdint.h>
    int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
    int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
    {
      return !data && size;
    }]])], [bv_have_fuzz=yes])
  CC=$bv_save_CC CFLAGS=$bv_save_CFLAGS
  AC_MSG_RESULT([$bv_have_fuzz])])
AM_CONDITIONAL([BV_HAVE_FUZZ], [test $bv_have_fuzz = yes])
])
