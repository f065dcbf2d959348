/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hypercall "dbgsh": a terminal for the debug shell in the guest, one
 * character a call, registers only.  Privileged (vmm/hypercall.h).
 *
 * In	RBX	what the terminal has to say, DBGSH_CALL_...; or a key
 * Out	RAX	what the shell has to say, DBGSH_SAYS_...; or a character
 *
 * Both are sign-extended from 32 bits.  A NUL, typed or shown, is
 * DBGSH_CALL_NUL.  Each process of the guest (each CR3) has a session of its
 * own.  It begins with the first call, or anew with DBGSH_CALL_OPEN.
 *
 * Included by the VMM and by hosted programs.
 */
#ifndef BVNET_DBGSHCALL_H
#define BVNET_DBGSHCALL_H

#define DBGSH_CALL_NAME		"dbgsh"

#define DBGSH_CALL_TAKEN	0	/* the character was printed */
#define DBGSH_CALL_POLL		(-1)	/* nothing typed: what is new? */
#define DBGSH_CALL_OPEN		(-2)	/* forget the session I had */
#define DBGSH_CALL_CLOSE	(-3)	/* the terminal goes */

#define DBGSH_SAYS_KEY		0	/* a key, please; also: refused */
#define DBGSH_SAYS_WAIT		(-1)	/* nothing yet: poll */
#define DBGSH_SAYS_END		0x10a	/* the shell has ended */

#define DBGSH_CALL_NUL		0x100

#endif
