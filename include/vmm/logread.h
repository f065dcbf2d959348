/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hypercall "log_read": a guest program reads the log, registers only.
 * For 64-bit code; privileged (vmm/hypercall.h) unless config says otherwise.
 *
 * In	RBX	number of the line wanted; lines are numbered from 0
 *	RCX	first byte of its text that is wanted
 * Out	RAX	BVLOG_DENIED, BVLOG_END or BVLOG_LINE
 *	RBX	number of the line that follows; if it is not the one asked
 *		for, that one is gone, and the text begins at its byte 0
 *	RCX	bytes of text from there to the line's end
 *	RDX	microseconds since the start times 8, plus the level (3 to 7)
 *	RSI RDI R8 R9 R10 R11 R12 R13 R14 R15
 *		the first 80 of these bytes, lowest byte first, zero behind
 *		the line's end
 * With an RAX other than BVLOG_LINE all other registers are unchanged.
 *
 * Included by the VMM and by hosted programs.
 */
#ifndef VMM_LOGREAD_H
#define VMM_LOGREAD_H

#define BVLOG_CALL_NAME		"log_read"

#define BVLOG_DENIED		0	/* or no such hypercall */
#define BVLOG_END		1	/* no such line yet: ask later */
#define BVLOG_LINE		2

#define BVLOG_TEXT_REGS		10
#define BVLOG_TEXT_BYTES	(BVLOG_TEXT_REGS * 8)

#define BVLOG_LEVEL(rdx)	((unsigned)((rdx) & 7))
#define BVLOG_USEC(rdx)		((rdx) >> 3)

#endif
