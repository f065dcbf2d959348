/* SPDX-License-Identifier: BSD-3-Clause */
/* Telnet: the protocol, and the login and the shell behind it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <bvnet/telnet_session.h>
#include <vmm/log.h>
#include "dbgsh_world.h"

#define START "\xff\xfb\x01\xff\xfd\x03\xff\xfb\x03\xff\xfd\x1f"

static struct telnet t;

static void assert_replies(const char *bytes, size_t n)
{
	uint8_t got[TELNET_REPLIES];

	assert_int_equal(telnet_replies(&t, got, sizeof(got)), n);
	assert_memory_equal(got, bytes, n);
}

#define REPLIES(s) assert_replies(s, sizeof(s) - 1)

/* What was typed, if these bytes come in pieces of each size. */
static void assert_typed(const char *bytes, size_t n, const char *typed,
			 size_t expected)
{
	uint8_t data[64];

	for (size_t piece = 1; piece <= n; piece++) {
		size_t at = 0, got = 0, count;

		telnet_start(&t);
		REPLIES(START);
		while (at < n) {
			size_t part = n - at < piece ? n - at : piece;

			at += telnet_decode(&t, (const uint8_t *)bytes + at,
					    part, data + got, &count);
			got += count;
		}
		assert_int_equal(got, expected);
		assert_memory_equal(data, typed, got);
	}
}

#define TYPED(bytes, typed) \
	assert_typed(bytes, sizeof(bytes) - 1, typed, sizeof(typed) - 1)

static void takes_text_out_of_commands(void **state)
{
	(void)state;
	TYPED("hello\r\n", "hello\r");
	TYPED("a\r\0b\rc\n\0d", "a\rb\rc\n\0d");
	TYPED("a\xff\xff" "b", "a\xff" "b");
	TYPED("a\xff\xf1\xff\xf9" "b", "ab");
	TYPED("a\xff\xf4\xff\xf3\xff\xf7\xff\xf8" "b", "a\x03\x03\x7f\x15" "b");
	TYPED("a\xff\xfa\x18\x01xterm\r\n\xff\xff\xff\xf0" "b", "ab");
	TYPED("a\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0" "b", "ab");
	/* The end of the sub-negotiation got lost. */
	TYPED("a\xff\xfa\x18xyz\xff\xfb\x05" "b", "ab");
	TYPED("\r\xff\xf1\n", "\r");
}

static void knows_the_window(void **state)
{
	(void)state;
	TYPED("\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0", "");
	assert_int_equal(t.width, 80);
	assert_int_equal(t.height, 24);
	TYPED("\xff\xfa\x1f\x00\xff\xff\x01\x02\xff\xf0", "");
	assert_int_equal(t.width, 255);
	assert_int_equal(t.height, 258);
	/* Too short, too long, and of another option. */
	TYPED("\xff\xfa\x1f\x00\x50\x00\xff\xf0", "");
	assert_int_equal(t.width, 0);
	TYPED("\xff\xfa\x1f\x00\x50\x00\x18\x01\xff\xf0", "");
	assert_int_equal(t.width, 0);
	TYPED("\xff\xfa\x20\x00\x50\x00\x18\xff\xf0", "");
	assert_int_equal(t.width, 0);
}

static void send(const char *bytes, size_t n)
{
	uint8_t data[64];
	size_t count;

	assert_int_equal(telnet_decode(&t, (const uint8_t *)bytes, n, data,
				       &count), n);
	assert_int_equal(count, 0);
}

#define SEND(s) send(s, sizeof(s) - 1)

static void negotiates(void **state)
{
	(void)state;
	telnet_start(&t);
	REPLIES(START);
	/* Answers to what was asked for are not answered. */
	SEND("\xff\xfd\x01\xff\xfb\x03\xff\xfd\x03\xff\xfb\x1f");
	REPLIES("");
	/* Nor is what is so already. */
	SEND("\xff\xfd\x01\xff\xfd\x01\xff\xfb\x03");
	REPLIES("");
	/* It changes its mind, and once more. */
	SEND("\xff\xfe\x01");
	REPLIES("\xff\xfc\x01");
	SEND("\xff\xfe\x01");
	REPLIES("");
	SEND("\xff\xfd\x01");
	REPLIES("\xff\xfb\x01");
	SEND("\xff\xfc\x03");
	REPLIES("\xff\xfe\x03");
	SEND("\xff\xfc\x03\xff\xfb\x03");
	REPLIES("\xff\xfd\x03");
	/* It echoes itself: no, thanks; we send no window size. */
	SEND("\xff\xfb\x01");
	REPLIES("\xff\xfe\x01");
	SEND("\xff\xfd\x1f");
	REPLIES("\xff\xfc\x1f");
	/* Unknown options are refused, and their refusals need no word. */
	SEND("\xff\xfb\x18\xff\xfd\x22\xff\xfc\x18\xff\xfe\x22");
	REPLIES("\xff\xfe\x18\xff\xfc\x22");
	/* Refused at once. */
	telnet_start(&t);
	REPLIES(START);
	SEND("\xff\xfe\x01\xff\xfc\x03\xff\xfe\x03\xff\xfc\x1f");
	REPLIES("");
	SEND("\xff\xf6");
	REPLIES("\r\n[Yes]\r\n");
}

static void holds_back_who_does_not_read(void **state)
{
	uint8_t flood[300], data[300];
	size_t count, taken;

	(void)state;
	for (unsigned i = 0; i < sizeof(flood); i += 3)
		memcpy(flood + i, "\xff\xfd\x22", 3);
	telnet_start(&t);
	taken = telnet_decode(&t, flood, sizeof(flood), data, &count);
	assert_in_range(taken, 30, 60);
	assert_int_equal(telnet_decode(&t, flood, 3, data, &count), 0);
	telnet_replies(&t, data, 12);
	assert_int_equal(telnet_decode(&t, flood, 3, data, &count), 3);
}

static void encodes_text(void **state)
{
	uint8_t out[32];

	(void)state;
	assert_int_equal(telnet_encode("a\nb\rc\xff", 6, out), 9);
	assert_memory_equal(out, "a\r\nb\r\0c\xff\xff", 9);
}

/* --- sessions --- */

const struct dbgsh_command *const bvnet_dbgsh_commands[] = {
	&dbgsh_help, &dbgsh_version, &dbgsh_stats, &dbgsh_debug, &dbgsh_exit,
	NULL
};

static struct telnet_session s;
static struct access rules;
static struct guesses guesses;
static char said[1 << 14];
static size_t said_len;
static uint64_t due;
static const uint8_t peer[NET_IP_LEN] = {
		[10] = 0xff, 0xff, 10, 0, 2, 2,
	};

/* A password of "secret", with 1000 iterations (hashlib.pbkdf2_hmac). */
static const char secret[] =
	"pbkdf2-sha256$1000$30313233343536373839616263646566$"
	"b622961f2e0500609613c827e86b4a85ac43d8e79e0145165c54ffa7569a365f";

static void pump(void)
{
	const uint8_t *out;
	size_t n;

	for (unsigned i = 0; i < 100; i++) {
		due = telnet_session_run(&s, &world_vcpu, world_now);
		out = telnet_session_output(&s, &n);
		/* TCP takes what it likes. */
		if (n > 100)
			n = 100;
		assert_true(said_len + n < sizeof(said));
		if (out)
			memcpy(said + said_len, out, n);
		said_len += n;
		telnet_session_sent(&s, n);
	}
	said[said_len] = '\0';
}

static void say(const char *text)
{
	size_t n = strlen(text);

	said_len = 0;
	for (unsigned i = 0; n && i < 1000; i++) {
		size_t taken = telnet_session_input(&s, (const uint8_t *)text,
						    n, world_now);

		text += taken;
		n -= taken;
		pump();
	}
	assert_int_equal(n, 0);
}

static void assert_said(const char *part)
{
	if (!strstr(said, part))
		fail_msg("no '%s' in '%s'", part, said);
}

static void connects(void)
{
	telnet_session_start(&s, &world_vmm, bvnet_dbgsh_commands, &rules,
			     &guesses, peer, world_now);
	said_len = 0;
	pump();
	assert_memory_equal(said, START, 12);
}

static void begin(const char *password)
{
	char error[128];

	world_init();
	world_now = 5000000;
	assert_int_equal(access_parse(&rules, "10.0.2.0/24", password, error,
				      sizeof(error)), 0);
	memset(&guesses, 0, sizeof(guesses));
	connects();
}

static void serves_the_shell(void **state)
{
	(void)state;
	begin("");
	assert_string_equal(said + 12, "> ");
	say("\xff\xfd\x01help\r\n");
	assert_said("help\r\nhelp           commands\r\n");
	assert_said("exit           exit shell\r\n> ");
	say("version\r");
	assert_said("BitVisor ");
	say("debug\r\nDv 70000000\r\nq\r\n");
	assert_said("VVVVVVVVVVVVVVVV\r\n");
	assert_true(telnet_session_rests(&s));
	say("exit\r\n");
	assert_string_equal(said, "exit\r\n");
	assert_true(telnet_session_ended(&s));
	/* More is swallowed. */
	say("help\r\n");
	assert_string_equal(said, "");
}

static void interrupts_a_command(void **state)
{
	(void)state;
	begin("");
	say("stats all 60\r\n");
	assert_in_range(due, 1, 50000);
	assert_false(telnet_session_rests(&s));
	say("\xff\xf4");
	assert_said("^C\r\n> ");
}

static void asks_for_the_password(void **state)
{
	(void)state;
	begin(secret);
	assert_string_equal(said + 12, "Password: ");
	say("wro\bonh\x15sexc\x7f\x7f" "cret\r\n");
	assert_string_equal(said, "\r\n> ");
	assert_null(strstr(said, "cret"));
	say("version\r\n");
	assert_said("BitVisor ");
	for (unsigned i = 0; i < sizeof(s.password); i++)
		assert_int_equal(s.password[i], 0);
}

static void delays_who_guesses(void **state)
{
	(void)state;
	begin(secret);
	for (unsigned i = 1; i <= TELNET_TRIES; i++) {
		uint64_t second = 1000000;

		say(i == 2 ? "secret2\r\n" : "\r\n");
		assert_string_equal(said, "\r\n");
		assert_int_equal(due, second << (i - 1));
		world_now += (second << (i - 1)) - 1;
		/* The right one, too early, has to wait like all. */
		said_len = 0;
		pump();
		assert_string_equal(said, "");
		world_now++;
		pump();
		assert_string_equal(said, i < TELNET_TRIES ?
				    "Login incorrect\r\nPassword: " :
				    "Login incorrect\r\n");
		assert_int_equal(telnet_session_ended(&s), i == TELNET_TRIES);
	}
}

/* Another connection of the same address makes it no faster, one of another
 * address does not wait, and in time all is forgotten. */
static void delays_all_connections_of_who_guesses(void **state)
{
	const uint64_t second = 1000000;

	(void)state;
	begin(secret);
	say("wrong\r\n");
	connects();
	world_now += second / 4;
	say("secret\r\n");
	assert_string_equal(said, "\r\n");
	assert_int_equal(due, second * 3 / 4);
	guesses_wrong(&guesses, peer, world_now);	/* on a third one */
	world_now += second * 3 / 4;
	said_len = 0;
	pump();
	assert_string_equal(said, "");
	assert_int_equal(due, second * 5 / 4);
	world_now += second * 5 / 4;
	pump();
	assert_string_equal(said, "> ");
	/* It was right: forgotten. */
	connects();
	say("wrong\r\n");
	assert_int_equal(due, second);
}

static void remembers_addresses(void **state)
{
	uint8_t v4[16] = { [10] = 255, 255, 10, 0, 2, 9 };
	uint8_t v6[16] = { 0xfd, 0, 0, 1, [8] = 1 };
	struct guesses g = { 0 };
	uint64_t now = 7000000;

	(void)state;
	for (uint64_t wait = 1000000; wait < GUESSES_MOST; wait *= 2) {
		guesses_wrong(&g, v4, now);
		assert_int_equal(guesses_wait(&g, v4, now), wait);
	}
	for (unsigned i = 0; i < 100; i++)
		guesses_wrong(&g, v4, now);
	assert_int_equal(guesses_wait(&g, v4, now), GUESSES_MOST);
	assert_int_equal(guesses_wait(&g, v6, now), 0);
	v4[15]++;
	assert_int_equal(guesses_wait(&g, v4, now), 0);
	/* A host has all addresses of its IPv6 network. */
	guesses_wrong(&g, v6, now);
	v6[8]++;
	assert_int_equal(guesses_wait(&g, v6, now), 1000000);
	v6[7]++;
	assert_int_equal(guesses_wait(&g, v6, now), 0);
	/* Others take the oldest one's place. */
	for (unsigned i = 0; i < GUESSES_FROM; i++) {
		v4[14] = (uint8_t)(10 + i);
		guesses_wrong(&g, v4, ++now);
		assert_int_equal(guesses_wait(&g, v4, now), 1000000);
	}
	v4[14] = 2;
	v4[15]--;
	assert_int_equal(guesses_wait(&g, v4, now), 0);
	/* Forgotten after a time, as after the right one. */
	v4[14] = 10;
	v4[15]++;
	guesses_wrong(&g, v4, now + GUESSES_FORGET);
	assert_int_equal(guesses_wait(&g, v4, now + GUESSES_FORGET), 1000000);
	guesses_right(&g, v4);
	assert_int_equal(guesses_wait(&g, v4, now + GUESSES_FORGET), 0);
}

static void takes_no_password_that_is_cut(void **state)
{
	char text[300];

	(void)state;
	begin(secret);
	memset(text, 'x', 250);
	strcpy(text + 250, "\r\n");
	say(text);
	assert_string_equal(said, "\r\n");
	world_now += 1000000;
	pump();
	say("secret\r\n");
	assert_string_equal(said, "\r\n> ");
}

static void closes_when_nobody_is_there(void **state)
{
	(void)state;
	begin("");
	/* A clock that was read before the bytes came. */
	world_now -= 100;
	pump();
	assert_false(telnet_session_ended(&s));
	world_now += 100;
	world_now += TELNET_IDLE - 1;
	say("x");
	assert_string_equal(said, "x");
	world_now += TELNET_IDLE - 1;
	pump();
	assert_false(telnet_session_ended(&s));
	world_now++;
	pump();
	assert_said("\r\nNobody there: good-bye.\r\n");
	assert_true(telnet_session_ended(&s));
	/* The time to log in is short, and typing does not stretch it. */
	begin(secret);
	world_now += TELNET_LOGIN - 1;
	say("x");
	world_now++;
	pump();
	assert_true(telnet_session_ended(&s));
}

static void logs_who_came(void **state)
{
	struct vmm_log_line line;
	uint64_t seq = 0;
	char text[512], all[8192] = "";

	(void)state;
	begin(secret);
	say("x\r\n");
	world_now += 1000000;
	pump();
	say("secret\r\n");
	while (vmm_log_read(&seq, &line, text, sizeof(text))) {
		strncat(all, text, line.len);
		strcat(all, "\n");
	}
	assert_non_null(strstr(all, "telnet \"dbgsh\": 10.0.2.2 gave a wrong "
			       "password\ntelnet \"dbgsh\": 10.0.2.2 logged "
			       "in\n"));
	assert_null(strstr(all, "secret"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_text_out_of_commands),
		cmocka_unit_test(knows_the_window),
		cmocka_unit_test(negotiates),
		cmocka_unit_test(holds_back_who_does_not_read),
		cmocka_unit_test(encodes_text),
		cmocka_unit_test(serves_the_shell),
		cmocka_unit_test(interrupts_a_command),
		cmocka_unit_test(asks_for_the_password),
		cmocka_unit_test(delays_who_guesses),
		cmocka_unit_test(delays_all_connections_of_who_guesses),
		cmocka_unit_test(remembers_addresses),
		cmocka_unit_test(takes_no_password_that_is_cut),
		cmocka_unit_test(closes_when_nobody_is_there),
		cmocka_unit_test(logs_who_came),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
