dnl SPDX-License-Identifier: BSD-3-Clause

dnl Zydis 4, a disassembler that the instruction decoder is compared with.
dnl Without it `make check` leaves these tests out.
AC_DEFUN([BV_ZYDIS], [
AC_MSG_CHECKING([for Zydis 4])
bv_save_LIBS=$LIBS
LIBS="-lZydis $LIBS"
AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <Zydis/Zydis.h>]], [[
    ZydisDecoder decoder;
    ZydisDecodedInstruction i;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64,
		     ZYDIS_STACK_WIDTH_64);
    return ZYAN_FAILED(ZydisDecoderDecodeFull(&decoder, "\x90", 1, &i,
					      operands));]])],
  [bv_have_zydis=yes], [bv_have_zydis=no])
LIBS=$bv_save_LIBS
AC_MSG_RESULT([$bv_have_zydis])
AM_CONDITIONAL([BV_HAVE_ZYDIS], [test $bv_have_zydis = yes])
AC_SUBST([ZYDIS_LIBS], [-lZydis])
])
