/* SPDX-License-Identifier: BSD-3-Clause */
/* Login and shell behind telnet; see <bvnet/telnet_session.h>. */
#include <string.h>
#include <bvnet/telnet_session.h>
#include <vmm/log.h>

#define CTRL_U		0x15
/* Iterations of a password's hash in one run: a fraction of a millisecond. */
#define SLICE		500u
#define SECOND		UINT64_C(1000000)	/* usec */
/* A command may watch the time. */
#define SHELL_TICK	(SECOND / 50)

enum state {
	ASK,		/* a password is being typed */
	WAIT,		/* it is not compared yet: others were wrong */
	CHECK,		/* and compared */
	DELAY,		/* it was wrong */
	SHELL,
	GOODBYE,	/* only what is still to be sent */
};

static void say(struct telnet_session *s, const char *text)
{
	s->saying = text;
}

/* One line of the log about the other end. */
static void log_peer(const struct telnet_session *s, enum vmm_log_level level,
		     const char *what)
{
	char text[NET_IP_TEXT];

	vmm_log(level, "telnet \"dbgsh\": %s %s\n",
		net_ip_format(s->peer, text), what);
}

static void open_shell(struct telnet_session *s, uint64_t now)
{
	dbgsh_start(&s->sh, s->vmm, s->commands, DBGSH_SEES_VMM);
	s->state = SHELL;
	s->last = now;
	log_peer(s, VMM_LOG_NOTICE, "logged in");
}

static void ask(struct telnet_session *s)
{
	s->password_len = 0;
	s->state = ASK;
	say(s, "Password: ");
}

void telnet_session_start(struct telnet_session *s, struct vmm *vmm,
			  const struct dbgsh_command *const *commands,
			  const struct access *access, struct guesses *guesses,
			  const uint8_t peer[NET_IP_LEN], uint64_t now)
{
	memset(s, 0, sizeof(*s));
	s->vmm = vmm;
	s->commands = commands;
	s->access = access;
	s->guesses = guesses;
	memcpy(s->peer, peer, sizeof(s->peer));
	s->last = now;
	telnet_start(&s->telnet);
	if (access->has_password)
		ask(s);
	else
		open_shell(s, now);
}

/* What was typed before must be dealt with first: that keeps the memory of a
 * session small and holds back who types faster than the shell works. */
size_t telnet_session_input(struct telnet_session *s, const uint8_t *bytes,
			    size_t n, uint64_t now)
{
	size_t taken, count;

	if (s->state == GOODBYE)
		return n;
	if (s->typed_count)
		return 0;
	if (n > TELNET_TYPED)
		n = TELNET_TYPED;
	taken = telnet_decode(&s->telnet, bytes, n, s->typed, &count);
	s->typed_count = (unsigned)count;
	if (count && s->state == SHELL)
		s->last = now;
	return taken;
}

/* The first n bytes typed were dealt with. */
static void drop_typed(struct telnet_session *s, size_t n)
{
	s->typed_count -= (unsigned)n;
	memmove(s->typed, s->typed + n, s->typed_count);
}

/* --- login --- */

static void check_password(struct telnet_session *s)
{
	password_begin(&s->work, &s->access->password, s->password,
		       s->password_len);
	memset(s->password, 0, sizeof(s->password));
	s->state = WAIT;
	say(s, "\n");
}

/* A byte of the password; nothing of it is echoed. */
static void password_byte(struct telnet_session *s, uint8_t byte)
{
	switch (byte) {
	case '\r':
	case '\n':
		check_password(s);
		break;
	case '\b':
	case 0x7f:
		s->password_len -= s->password_len > 0;
		break;
	case 3:
	case CTRL_U:
		s->password_len = 0;
		break;
	default:
		/* One too long is wrong, not cut: the last byte counts on. */
		if (s->password_len < sizeof(s->password))
			s->password[s->password_len++] = (char)byte;
		break;
	}
}

static void read_password(struct telnet_session *s)
{
	size_t n;

	for (n = 0; n < s->typed_count && s->state == ASK; n++)
		password_byte(s, s->typed[n]);
	drop_typed(s, n);
}

/* Until the wait for the wrong ones of this address, on any connection, is over.
 * Of two that wait for the same moment one goes on waiting, if the other was wrong
 * meanwhile. */
static void end_wait(struct telnet_session *s, uint64_t now)
{
	s->until = now + guesses_wait(s->guesses, s->peer, now);
	if (now >= s->until)
		s->state = CHECK;
}

/* Each failure doubles the delay. */
static void judge_password(struct telnet_session *s, uint64_t now)
{
	if (!password_step(&s->work, SLICE))
		return;
	if (password_equal(&s->work, &s->access->password)) {
		guesses_right(s->guesses, s->peer);
		open_shell(s, now);
	} else {
		s->failures++;
		guesses_wrong(s->guesses, s->peer, now);
		s->until = now + guesses_wait(s->guesses, s->peer, now);
		s->state = DELAY;
		log_peer(s, VMM_LOG_WARNING, "gave a wrong password");
	}
	memset(&s->work, 0, sizeof(s->work));
}

static void end_delay(struct telnet_session *s, uint64_t now)
{
	if (now < s->until)
		return;
	if (s->failures < TELNET_TRIES) {
		ask(s);
		say(s, "Login incorrect\nPassword: ");
	} else {
		s->state = GOODBYE;
		say(s, "Login incorrect\n");
	}
}

/* --- output --- */

/* Texts of ours come before those of the shell. */
static size_t next_text(struct telnet_session *s, char *text, size_t n)
{
	size_t len;

	if (!s->saying)
		return s->state == SHELL || s->state == GOODBYE ?
			dbgsh_output(&s->sh, text, n) : 0;
	len = strnlen(s->saying, n);
	memcpy(text, s->saying, len);
	s->saying = s->saying[len] ? s->saying + len : NULL;
	return len;
}

/* Encode as much as there is room for. */
static void fill_output(struct telnet_session *s)
{
	char text[TELNET_OUT / 2];
	size_t n;

	s->out_count += (unsigned)telnet_replies(&s->telnet,
						 s->out + s->out_count,
						 TELNET_OUT - s->out_count);
	do {
		n = next_text(s, text, (TELNET_OUT - s->out_count) / 2);
		s->out_count += (unsigned)telnet_encode(text, n, s->out +
							s->out_count);
	} while (n);
}

const uint8_t *telnet_session_output(struct telnet_session *s, size_t *n)
{
	fill_output(s);
	*n = s->out_count;
	return s->out_count ? s->out : NULL;
}

void telnet_session_sent(struct telnet_session *s, size_t n)
{
	s->out_count -= (unsigned)n;
	memmove(s->out, s->out + n, s->out_count);
}

bool telnet_session_rests(const struct telnet_session *s)
{
	if (s->typed_count || s->out_count || s->saying)
		return false;
	return s->state == ASK ||
		(s->state == SHELL && dbgsh_wants_key(&s->sh));
}

bool telnet_session_ended(const struct telnet_session *s)
{
	return s->state == GOODBYE && !s->saying && !s->out_count &&
		!s->sh.out_count;
}

/* --- time --- */

static void run_shell(struct telnet_session *s, struct vmm_vcpu *v)
{
	drop_typed(s, dbgsh_input(&s->sh, s->typed, s->typed_count));
	dbgsh_run(&s->sh, v);
	if (s->sh.next == DBGSH_EXIT)
		s->state = GOODBYE;
}

/* Nothing was typed for a long time: nobody is there.  The clock of the login
 * runs from its beginning, whatever is typed. */
static void check_idle(struct telnet_session *s, uint64_t now)
{
	uint64_t limit = s->state == SHELL ? TELNET_IDLE : TELNET_LOGIN;

	/* Bytes may have come since the caller looked at the clock. */
	if (s->state == GOODBYE || now < s->last + limit)
		return;
	s->state = GOODBYE;
	say(s, "\nNobody there: good-bye.\n");
	log_peer(s, VMM_LOG_NOTICE, "was idle too long");
}

/* Whoever types nothing needs no clock: that time is up is seen when the next
 * frame comes, be it of somebody who wants the connection instead. */
static uint64_t next_run(const struct telnet_session *s, uint64_t now)
{
	switch (s->state) {
	case CHECK:
		return 0;
	case WAIT:
	case DELAY:
		return s->until > now ? s->until - now : 0;
	case SHELL:
		if (s->typed_count || s->sh.in_count)
			return SHELL_TICK / 10;
		if (!dbgsh_wants_key(&s->sh))
			return SHELL_TICK;
		break;
	default:
		break;
	}
	return UINT64_MAX;
}

uint64_t telnet_session_run(struct telnet_session *s, struct vmm_vcpu *v,
			    uint64_t now)
{
	check_idle(s, now);
	if (s->state == ASK)
		read_password(s);
	if (s->state == WAIT)
		end_wait(s, now);
	if (s->state == CHECK)
		judge_password(s, now);
	else if (s->state == DELAY)
		end_delay(s, now);
	if (s->state == SHELL)
		run_shell(s, v);
	return next_run(s, now);
}
