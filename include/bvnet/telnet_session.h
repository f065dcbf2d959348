/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A debug shell behind a telnet connection: login, shell, idle time-out.  It
 * knows nothing of TCP: bytes in, bytes out, and time by argument, so that
 * nothing of it waits.
 */
#ifndef BVNET_TELNET_SESSION_H
#define BVNET_TELNET_SESSION_H

#include <bvnet/access.h>
#include <bvnet/dbgsh.h>
#include <bvnet/guesses.h>
#include <bvnet/telnet.h>

VMM_BEGIN_DECLS

#define TELNET_TYPED	64u
#define TELNET_OUT	512u
#define TELNET_TRIES	3u			/* wrong passwords */
#define TELNET_IDLE	(UINT64_C(600) * 1000000)	/* usec */
#define TELNET_LOGIN	(UINT64_C(60) * 1000000)	/* to log in */

/* The members are the implementation's. */
struct telnet_session {
	uint8_t state;
	uint8_t peer[NET_IP_LEN];
	struct vmm *vmm;
	const struct dbgsh_command *const *commands;
	const struct access *access;
	struct guesses *guesses;
	struct telnet telnet;
	const char *saying;	/* text of ours that is still to be sent */
	uint64_t last;		/* when something was typed */
	uint64_t until;		/* the end of a delay, or of a wait */
	unsigned failures;
	unsigned password_len;
	char password[DBGSH_LINE_MAX];
	struct password_work work;
	unsigned typed_count, out_count;
	uint8_t typed[TELNET_TYPED], out[TELNET_OUT];
	struct dbgsh sh;
};

/* A new connection of one whom access_allows().  vmm, commands, access and
 * guesses, which all sessions share, must live on. */
void telnet_session_start(struct telnet_session *s, struct vmm *vmm,
			  const struct dbgsh_command *const *commands,
			  const struct access *access, struct guesses *guesses,
			  const uint8_t peer[NET_IP_LEN], uint64_t now);

/* Bytes that came; returns how many were taken, the rest to be offered again
 * after the next run. */
size_t telnet_session_input(struct telnet_session *s, const uint8_t *bytes,
			    size_t n, uint64_t now);

/* Work, for a bounded time, on the CPU of v.  Returns microseconds until it
 * wants to be called again, if no input comes and no output is taken. */
uint64_t telnet_session_run(struct telnet_session *s, struct vmm_vcpu *v,
			    uint64_t now);

/* What is to be sent; *n bytes, NULL if there are none.  They stay until
 * telnet_session_sent() says how many of them were taken. */
const uint8_t *telnet_session_output(struct telnet_session *s, size_t *n);
void telnet_session_sent(struct telnet_session *s, size_t n);

/* Nothing is to be done or sent before something is typed. */
bool telnet_session_rests(const struct telnet_session *s);
/* All is said and sent: close the connection. */
bool telnet_session_ended(const struct telnet_session *s);

VMM_END_DECLS

#endif
