/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a terminal's bytes to keys.  The sequences are those of a VT100 and of
 * what came after it: ESC [ letter, ESC O letter, ESC [ number ~ (ECMA-48,
 * 5.4 "Control sequences").  Unknown ones are swallowed as a whole.
 */
#include "dbgsh_priv.h"

#define ESC 0x1b

enum { PLAIN, ESCAPE, CSI, SS3 };

/* The last byte of ESC [ and ESC O sequences. */
static int letter_key(uint8_t byte)
{
	switch (byte) {
	case 'A':
		return DBGSH_CTRL('P');
	case 'B':
		return DBGSH_CTRL('N');
	case 'C':
		return DBGSH_CTRL('F');
	case 'D':
		return DBGSH_CTRL('B');
	case 'H':
		return DBGSH_CTRL('A');
	case 'F':
		return DBGSH_CTRL('E');
	default:
		return -1;
	}
}

/* ESC [ number ~, numbered as by the VT220 and, Home and End, by rxvt. */
static int number_key(unsigned number)
{
	switch (number) {
	case 1:
	case 7:
		return DBGSH_CTRL('A');
	case 3:
		return DBGSH_DELETE;
	case 4:
	case 8:
		return DBGSH_CTRL('E');
	case 5:
		return DBGSH_KEY_ALT | 'v';
	case 6:
		return DBGSH_CTRL('V');
	default:
		return -1;
	}
}

static int after_escape(struct dbgsh *sh, uint8_t byte)
{
	sh->escape_number = 0;
	if (byte == '[' || byte == 'O') {
		sh->escape = byte == '[' ? CSI : SS3;
		return -1;
	}
	if (byte == ESC)	/* the first one was pressed for itself */
		return -1;
	sh->escape = PLAIN;
	return byte < 0x80 ? DBGSH_KEY_ALT | byte : -1;
}

/* Parameters are 0x30-0x3f, intermediate bytes 0x20-0x2f, the end 0x40-0x7e;
 * anything else cannot be part of a sequence. */
static int in_sequence(struct dbgsh *sh, uint8_t byte)
{
	if (byte >= '0' && byte <= '9') {
		/* Saturates where it stays unknown. */
		unsigned n = sh->escape_number * 10u + (byte - '0');

		sh->escape_number = (uint8_t)(n < 200 ? n : 200);
		return -1;
	}
	if (byte >= 0x20 && byte < 0x40)
		return -1;
	sh->escape = byte == ESC ? ESCAPE : PLAIN;
	if (byte == '~')
		return number_key(sh->escape_number);
	return byte < 0x20 && byte != ESC ? byte : letter_key(byte);
}

int dbgsh_decode(struct dbgsh *sh, uint8_t byte)
{
	/* The network virtual terminal ends a line with CR LF or CR NUL. */
	bool second = sh->after_cr && (byte == '\n' || byte == '\0');

	sh->after_cr = byte == '\r';
	if (second)
		return -1;
	switch (sh->escape) {
	case ESCAPE:
		return after_escape(sh, byte);
	case CSI:
	case SS3:
		return in_sequence(sh, byte);
	default:
		break;
	}
	if (byte == ESC) {
		sh->escape = ESCAPE;
		return -1;
	}
	return byte < 0x80 ? byte : -1;
}
