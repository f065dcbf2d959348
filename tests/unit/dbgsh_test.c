/* SPDX-License-Identifier: BSD-3-Clause */
/* The debug shell: line editor, commands, and the hypercall for the guest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <core/core_priv.h>
#include <bvnet/dbgshcall.h>
#include <vmm/log.h>
#include <vmm/sinks.h>
#include <vmm/x86.h>
#include "dbgsh_terminal.h"
#include "dbgsh_world.h"

const struct dbgsh_command *const bvnet_dbgsh_commands[] = {
	&dbgsh_help, &dbgsh_config, &dbgsh_cpu, &dbgsh_debug, &dbgsh_log,
	&dbgsh_mem, &dbgsh_recvexample, &dbgsh_sendexample, &dbgsh_sendint,
	&dbgsh_serialtest, &dbgsh_shell, &dbgsh_stats, &dbgsh_version, &dbgsh_reboot, &dbgsh_exit, NULL
};

static struct dbgsh sh;
static struct terminal term;
static char out[1 << 16];
static size_t out_len;

/* Let the shell work until it has nothing more to say. */
static void settle(void)
{
	size_t n;

	/* Keys that show nothing are worked on in several turns, too. */
	for (unsigned quiet = 0; quiet < 20; quiet++) {
		dbgsh_run(&sh, &world_vcpu);
		n = dbgsh_output(&sh, out + out_len, sizeof(out) - 1 - out_len);
		terminal_show(&term, out + out_len, n);
		out_len += n;
		if (n)
			quiet = 0;
	}
	out[out_len] = '\0';
}

/* What is shown after this was typed. */
static const char *type(const char *text)
{
	size_t n = strlen(text);

	out_len = 0;
	while (n) {
		size_t taken = dbgsh_input(&sh, (const uint8_t *)text, n);

		assert_true(taken > 0);
		settle();
		text += taken;
		n -= taken;
	}
	assert_false(term.wrong);
	return out;
}

static int setup(void **state)
{
	(void)state;
	world_init();
	memset(&term, 0, sizeof(term));
	dbgsh_start(&sh, &world_vmm, bvnet_dbgsh_commands, DBGSH_SEES_VMM);
	out_len = 0;
	settle();
	assert_string_equal(out, "> ");
	return 0;
}

static void assert_shows(const char *line, unsigned cursor)
{
	assert_true(terminal_shows(&term, "> ", line, cursor));
	assert_string_equal(sh.edit.line, line);
	assert_true(dbgsh_wants_key(&sh));
}

static void assert_says(const char *typed, const char *part)
{
	type(typed);
	if (!strstr(out, part))
		fail_msg("'%s' said '%s' without '%s'", typed, out, part);
}

/* --- editor --- */

#define ESC "\x1b"

static const struct edit_row {
	const char *typed, *line;
	unsigned cursor;
} edit_rows[] = {
	{ "abc", "abc", 3 },
	{ "abc\x02\x02x", "axbc", 2 },
	{ "abc" ESC "[D" ESC "[Dx", "axbc", 2 },
	{ "abc" ESC "OD" ESC "OCx", "abcx", 4 },
	{ "abc\x01x\x05y", "xabcy", 5 },
	{ "abc" ESC "[Hx" ESC "[Fy", "xabcy", 5 },
	{ "abc" ESC "[1~x" ESC "[4~y", "xabcy", 5 },
	{ "abc" ESC "[7~x" ESC "[8~y", "xabcy", 5 },
	{ "abc\x01" ESC "[3~", "bc", 0 },
	{ "abc\x01\x04\x04", "c", 0 },
	{ "abc\x7f\b", "a", 1 },
	{ "abc\x02\x7f", "ac", 1 },
	{ "abcd\x02\x02\x0b", "ab", 2 },
	{ "abcd\x02\x02\x15", "cd", 0 },
	{ "\x02\x06\x7f\x04\x0b\x15", "", 0 },
	{ "a" ESC "[99;5~b" ESC "[?25hc", "abc", 3 },
	{ "a" ESC "[1;5Db", "ba", 1 },
	{ "a" ESC ESC "[Db", "ba", 1 },
	{ "a" ESC "[" ESC "[Db", "ba", 1 },
	{ "a\x03" "b", "b", 1 },
	{ "a\xc3\xa4\x80" "b\x07\x1d", "ab", 2 },
	{ "hel\t", "help ", 5 },
	{ "  rebo\tx", "  reboot x", 10 },
	{ "help ve\t", "help version ", 13 },
	{ "version ve\t", "version ve", 10 },
	{ "s\t", "s", 1 },
	{ "zz\t", "zz", 2 },
	{ "x rest\x01\x04" "d\t", "debug  rest", 6 },
};

static void edits_as_the_keys_say(void **state)
{
	(void)state;
	for (unsigned i = 0; i < VMM_ARRAY_SIZE(edit_rows); i++) {
		setup(NULL);
		type(edit_rows[i].typed);
		assert_shows(edit_rows[i].line, edit_rows[i].cursor);
	}
}

static void bounds_the_line(void **state)
{
	char text[301];

	(void)state;
	memset(text, 'x', 300);
	text[300] = '\0';
	type(text);
	text[DBGSH_LINE_MAX - 1] = '\0';
	assert_shows(text, DBGSH_LINE_MAX - 1);
	type("\x01y");
	assert_shows(text, 0);
}

static void takes_each_end_of_a_line_once(void **state)
{
	(void)state;
	assert_string_equal(type("a1\r\na2\r\0a3\na4\r"),
			    "a1\na1 not found.\n> a2\na2 not found.\n> ");
	setup(NULL);
	assert_int_equal(dbgsh_input(&sh, (const uint8_t *)"b\r\0\rc", 5), 5);
	settle();
	assert_shows("c", 1);
}

static void remembers_lines(void **state)
{
	char line[8];

	(void)state;
	type("one\rtwo\rtwo\r\rthr");
	type(ESC "[A");
	assert_shows("two", 3);
	type("\x10");
	assert_shows("one", 3);
	type("\x10");
	assert_shows("one", 3);
	type(ESC "[B" ESC "[B" ESC "[B");
	assert_shows("thr", 3);
	type("\x15");
	for (unsigned i = 0; i < 20; i++) {
		snprintf(line, sizeof(line), "n%u\r", i);
		type(line);
	}
	for (unsigned i = 0; i < 30; i++)
		type("\x10");
	assert_shows("n4", 2);
}

static void lists_several_completions(void **state)
{
	(void)state;
	assert_says("s\t\t", "\nsendexample sendint serialtest "
		    "shell stats \n> s");
	assert_shows("s", 1);
	type("h\t");
	assert_shows("shell ", 6);
}

/* --- commands --- */

static void runs_commands(void **state)
{
	(void)state;
	assert_says("nothing here\r", "nothing not found.\n> ");
	assert_says("help\r", "\ndebug          debugger\n");
	assert_says("help\r", "\nexit           exit shell\n> ");
	assert_says("help stats\r", "stats [CPU|all [SECONDS]]\n");
	assert_says("help x\r", "x not found.\n");
	assert_says("exit now\r", "exit takes no arguments.\n");
	assert_says("version\r", "variant test, up 0:00:0");
	assert_says("mem\r", "VMM    70000000-703FFFFF  4096 KiB\n");
	assert_says("mem\r", "400 pages (1600 KiB) free\n> ");
	assert_says("cpu\r", "1 CPUs, TSC 3000000000 Hz\n");
	assert_says("sendint\r", "sendint> ");
	assert_says("free\r", "send 0 to free\n400 pages (1600 KiB) free\n"
		    "sendint> ");
	assert_says("time 7\r", "time not found.\nsendint> ");
	assert_says("free x\r", "usage: ");
	assert_says("\r", "\n> ");
	assert_says("   \r", "\n> ");
}

/* --- the speaker --- */

static uint8_t port_b;
static uint8_t pit[3];		/* control, then the counter's halves */
static unsigned pit_writes;

uint8_t fake_inb(uint16_t port)
{
	assert_int_equal(port, 0x61);
	return port_b;
}

void fake_outb(uint16_t port, uint8_t value)
{
	if (port == 0x61) {
		port_b = value;
		return;
	}
	assert_int_equal(port, pit_writes % 3 ? 0x42 : 0x43);
	pit[pit_writes++ % 3] = value;
}

static void beeps(void **state)
{
	(void)state;
	port_b = 0x34;		/* refresh and timer's output: read-only */
	pit_writes = 0;
	assert_says("sendint\rbeep 440\r", "send 440 to beep\nsendint> ");
	assert_int_equal(port_b, 0x07);
	assert_int_equal(pit_writes, 3);
	assert_int_equal(pit[0], 0xb6);
	assert_int_equal(pit[1] | pit[2] << 8, 1193182 / 440);
	type("beep 0\r");
	assert_int_equal(port_b, 0x04);
	type("beep 1\r");
	assert_int_equal(port_b, 0x07);
	assert_says("beep 18\r", "beep: 0 is off, 1 is on, 19 to 20000");
	assert_says("beep 20001\r", "beep: 0 is off, 1 is on, 19 to 20000");
	assert_int_equal(port_b, 0x07);
	assert_int_equal(pit_writes, 3);
	type("beep 19\r");
	assert_int_equal(pit[1] | pit[2] << 8, 1193182 / 19);
}

/* --- messages between shells --- */

static void sends_messages(void **state)
{
	static struct dbgsh other;
	static struct terminal screen;
	char text[1 << 12];
	size_t n;

	(void)state;
	world_now += 10000000;
	assert_says("sendexample\r", "\nsendexample> ");
	assert_says("s hello\r", "recvexample not found.\nsendexample> ");
	assert_says("x\r", "usage: s DATA");
	assert_says("s\r", "usage: s DATA");
	assert_says("\r", "\n> ");
	dbgsh_start(&other, &world_vmm, bvnet_dbgsh_commands, 0);
	assert_int_equal(dbgsh_input(&other, (const uint8_t *)"recvexample\r",
				     12), 12);
	dbgsh_run(&other, &world_vcpu);
	assert_says("sendexample\rs hello  you\r",
		    "send 10 bytes to recvexample\n");
	type("\rsendint\r");
	assert_says("recvexample 0x10\r",
		    "send 16 to recvexample\nsendint> ");
	dbgsh_run(&other, &world_vcpu);
	n = dbgsh_output(&other, text, sizeof(text) - 1);
	text[n] = '\0';
	terminal_show(&screen, text, n);
	assert_non_null(strstr(text, "ends.\nreceived 10 bytes: hello  you\n"
			       "received 16\n"));
	/* Of more than are held, the latest; in the right order. */
	for (unsigned i = 0; i < 11; i++) {
		char line[20];

		snprintf(line, sizeof(line), "recvexample %u\r", i);
		type(line);
	}
	dbgsh_run(&other, &world_vcpu);
	n = dbgsh_output(&other, text, sizeof(text) - 1);
	text[n] = '\0';
	assert_string_equal(text, "received 3\nreceived 4\nreceived 5\n"
			    "received 6\nreceived 7\nreceived 8\n"
			    "received 9\nreceived 10\n");
	/* One that was interrupted is forgotten after a while. */
	dbgsh_input(&other, (const uint8_t *)"\x03", 1);
	dbgsh_run(&other, &world_vcpu);
	world_now += 3000000;
	dbgsh_run(&other, &world_vcpu);
	assert_says("recvexample 1\r", "recvexample not found.\n");
}

/* --- the serial port --- */

static struct {
	bool there;
	const char *coming;
	char sent[200];
} serial;

bool vmm_serial_write(const char *text, size_t n)
{
	if (!serial.there)
		return false;
	assert_true(strlen(serial.sent) + n < sizeof(serial.sent));
	strncat(serial.sent, text, n);
	return true;
}

int vmm_serial_read(void)
{
	assert_true(serial.there);
	return *serial.coming ? (uint8_t)*serial.coming++ : -1;
}

static void tests_the_serial_port(void **state)
{
	(void)state;
	assert_says("serialtest\r", "no serial port; see vmm.tty_serial.\n> ");
	serial.there = true;
	serial.coming = "";
	type("serialtest\r");
	assert_string_equal(serial.sent,
			    "BitVisor serial test: type, '.' ends\n");
	serial.sent[0] = '\0';
	/* More than one step takes, and a byte that no terminal may get. */
	serial.coming = "twenty-two bytes\r\x1b are.rest";
	out_len = 0;
	settle();
	assert_string_equal(out, "twenty-two bytes\n? are.\n> ");
	assert_string_equal(serial.sent, "twenty-two bytes\n\x1b are.\n");
	assert_string_equal(serial.coming, "rest");
	serial.coming = "";
	type("serialtest\r");
	assert_string_equal(type("\x03"), "^C\n> ");
}

static void nests_and_ends(void **state)
{
	(void)state;
	type("shell\rexit\r");
	assert_false(dbgsh_ended(&sh));
	type("exit\r");
	assert_true(dbgsh_ended(&sh));
	type("version\r");
	assert_string_equal(out, "");
}

static void reboots_after_the_text_was_shown(void **state)
{
	(void)state;
	world_now = 1000;
	assert_says("reboot\r", "Rebooting.\n");
	assert_int_equal(world_resets, 0);
	world_now += 1000000;
	if (!setjmp(world_reset))
		settle();
	assert_int_equal(world_resets, 1);
}

static void tells_exits_per_second(void **state)
{
	(void)state;
	world_exits[VMM_EXIT_CPUID] = 100;
	assert_string_equal(type("stats\r"), "stats\n");
	world_now += 999999;
	settle();
	assert_string_equal(out, "stats\n");
	world_exits[VMM_EXIT_CPUID] = 600;
	world_now += 1000001;
	settle();
	assert_non_null(strstr(out, "CPUID                        600"
			       "         250\n"));
	assert_non_null(strstr(out, "CPU 0                        600"
			       "         250\n> "));
	assert_says("stats 1\r", "usage: stats ");
	assert_says("stats 0 0\r", "usage: stats ");
	assert_says("stats 0 61\r", "usage: stats ");
	type("stats 0 60\r");
	world_now += 59999999;
	assert_string_equal(type("x"), "");
	assert_string_equal(type("\x03"), "^C\n> ");
	assert_shows("", 0);
}

static void shows_no_secret(void **state)
{
	(void)state;
	strcpy(config.vmm.dbgsh_password, "pbkdf2-sha256$1$aa$bb");
	memset(config.vmm.driver.pci, 'p', 2047);
	type("config\r");
	assert_null(strstr(out, "aa$bb"));
	assert_non_null(strstr(out, "\nvmm.dbgsh_password=(set)\n"));
	assert_non_null(strstr(out, "pppp\nvmm.dbgsh_allow=\n"));
	assert_true(strlen(strstr(out, "vmm.driver.pci=")) > 2047);
	memset(&config, 0, sizeof(config));
}

/* --- log --- */

static void pages_through_the_log(void **state)
{
	char long_line[201];

	(void)state;
	for (unsigned i = 0; i < 50; i++)
		vmm_log_info("line %u\n", i);
	memset(long_line, 'L', 200);
	long_line[200] = '\0';
	vmm_log_info("%s\n", long_line);
	assert_says("log\r", "line 0\nline 1\n");
	assert_non_null(strstr(out, "line 22\n-- more --"));
	assert_null(strstr(out, "line 23"));
	assert_says(" ", "line 23\n");
	assert_non_null(strstr(out, "line 45\n-- more --"));
	assert_says("j", "\rline 46\n-- more --");
	assert_says("x", "\r-- more --");
	assert_says("k", "\rline 23\n");
	assert_non_null(strstr(out, "line 45\n-- more --"));
	assert_says("b", "\rline 0\n");
	assert_says(ESC "[5~", "\rline 0\n");
	type(ESC "[6~ff");
	assert_non_null(strstr(out, "L\nLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLL"
			       "\n-- end --"));
	assert_says("k", "line 48\nline 49\nLLLLL");
	assert_says("q", "\r> ");
	assert_says("log x\r", "usage: log [all]");
	assert_says("log all\r", "line 0\n");
	assert_non_null(strstr(out, "line 49\nLLL"));
	assert_shows("", 0);
}

/* --- debugger --- */

static void dumps_memory(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 256; i++)
		world_memory[0x1000 + i] = (uint8_t)i;
	assert_says("debug\r", "guest state not found\npresent state of cpu 0 "
		    "loaded\ndebug> ");
	assert_says("dp/18 1038\r", "00001038  38 39 3A 3B 3C 3D 3E 3F-40 41 42"
		    " 43 44 45 46 47  89:;<=>?@ABCDEFG\n00001048  48 49 4A 4B "
		    "4C 4D 4E 4F                          HIJKLMNO\ndebug> ");
	assert_says("d\r", "00001050  50 ");
	assert_says("dp 0x1000\r", "00001070  70 ");
	assert_says("dp 7ff8\r", "Error: mapmem_hphys failed (phys=0x7FF8)\n");
	assert_says("Dv 70000000\r", "  VVVVVVVVVVVVVVVV\n");
	assert_says("Dp 70001000\r", "Error: exception 14\n");
	assert_says("dp/101 0\r", "error.\n");
	assert_says("dp/0 0\r", "error.\n");
	assert_says("dp\r", "error.\n");
	assert_says("dx 0\r", "error.\n");
	assert_says("dp/ 0\r", "error.\n");
	assert_says("dp 10000000000000000\r", "error.\n");
	assert_says("h 10 f\r", "1F 1\n");
	assert_says("h 10 g\r", "error.\n");
	assert_says("h\r", "n              next guest state in the log\n");
	assert_says("qq\r", "error.\n");
	assert_says("q\r", "\n> ");
}

/* 4-level tables in the first pages: 1 GiB + 0x2000 is at 0x1000. */
/* Another command, and back to the debugger as it was. */
static void runs_a_command_inside(void **state)
{
	(void)state;
	memset(world_memory, 0x11, sizeof(world_memory));
	type("debug\rdp/10 1000\rr CR3 1234\r");
	assert_says("! version\r", "BitVisor ");
	assert_true(terminal_shows(&term, "debug> ", "", 0));
	assert_says("!stats all 5\r", "!stats all 5\n");
	assert_string_equal(type("\x03"), "^C\ndebug> ");
	assert_says("! debug\r", "error.\ndebug> ");
	assert_says("! nothing\r", "nothing not found.\ndebug> ");
	assert_says("!\r", "error.\ndebug> ");
	assert_says("r\r", "CR3  0000000000001234");
	assert_says("d\r", "00001010  11 11");
	assert_says("! exit now\r", "exit takes no arguments.\ndebug> ");
	type("! sendint\r");
	assert_true(terminal_shows(&term, "sendint> ", "", 0));
	type("\r");
	assert_true(terminal_shows(&term, "debug> ", "", 0));
	assert_string_equal(type("\x03"), "^C\n> ");
	type("debug\r! exit\r");
	assert_true(dbgsh_ended(&sh));
}

static void dumps_through_page_tables(void **state)
{
	uint64_t *pt = (uint64_t *)(void *)world_memory;

	(void)state;
	memset(world_memory, 0, sizeof(world_memory));
	pt[0x4000 / 8] = 0x5003;
	pt[0x5000 / 8 + 1] = 0x6003;
	pt[0x6000 / 8] = 0x7003;
	pt[0x7000 / 8 + 2] = 0x1003;
	memcpy(world_memory + 0x1ff8, "the end of it", 8);
	world_vcpu.reg[VMM_REG_CR3] = 0x4000;
	world_vcpu.reg[VMM_REG_CR4] = 0x20;
	world_vcpu.reg[VMM_REG_EFER] = 0x500;
	type("debug\r");
	assert_says("r\r", "CR3  0000000000004000");
	assert_says("dv/8 40002ff8\r", "the end \n");
	assert_says("dv/10 40002ff8\r",
		    "Error: get_pte failed (virt=0x40003000)\n");
	assert_says("r cr3 0\r", "debug> ");
	assert_says("dv 40002ff8\r", "Error: get_pte failed");
	assert_says("r cr9 0\r", "error.\n");
	assert_says("q\r", "> ");
}

static void finds_guest_states_in_the_log(void **state)
{
	(void)state;
	for (unsigned i = 1; i < 3; i++) {
		world_vcpu.reg[VMM_REG_RIP] = 0x1110u * i;
		world_vcpu.reg[VMM_REG_CR3] = 0x555000;
		world_vcpu.reg[VMM_REG_GDTR_BASE] = 0x77000;
		vmm_log_info("Guest state and registers of cpu 0 ---\n");
		vmm_log_info("RAX 00000000    CR3 %08lX\n",
			     world_vcpu.reg[VMM_REG_CR3]);
		vmm_log_info("RIP %08lX    RFLAGS 00000002    GDTR %08lX+007F"
			     "    IDTR 00001000+0FFF\n",
			     world_vcpu.reg[VMM_REG_RIP],
			     world_vcpu.reg[VMM_REG_GDTR_BASE]);
		vmm_log_info("-----------\n");
	}
	world_vcpu.reg[VMM_REG_RIP] = 0x9999;
	assert_says("debug\r", "guest state loaded\ndebug> ");
	type("r\r");
	assert_non_null(strstr(out, "RIP  0000000000001110"));
	assert_non_null(strstr(out, "GDTR 0000000000077000"));
	assert_non_null(strstr(out, "CR3  0000000000555000"));
	type("n\rr\r");
	assert_non_null(strstr(out, "RIP  0000000000002220"));
	assert_says("n\r", "guest state not found\n");
	assert_says("r\r", "RIP  0000000000009999");
}

/* --- hypercall --- */

static int32_t call(int32_t said)
{
	world_vcpu.reg[VMM_REG_RAX] = 1;
	world_vcpu.reg[VMM_REG_RBX] = (uint64_t)(int64_t)said;
	vmm_hypercall_dispatch(&world_vcpu);
	return (int32_t)world_vcpu.reg[VMM_REG_RAX];
}

/* Take what the shell prints from its first answer on; the last answer. */
static int32_t listen(int32_t said)
{
	out_len = 0;
	while (said > 0 && said != DBGSH_SAYS_END) {
		assert_int_equal(call(DBGSH_CALL_POLL), said);
		out[out_len++] = (char)said;
		said = call(DBGSH_CALL_TAKEN);
	}
	out[out_len] = '\0';
	return said;
}

static void speaks_the_hypercall(void **state)
{
	(void)state;
	assert_int_equal(bvnet_dbgsh_guest.init(&world_vmm), 0);
	config.vmm.dbgsh = 1;
	/* Two processes, from the first call on, in turns. */
	world_vcpu.reg[VMM_REG_CR3] = 0x1000;
	assert_int_equal(listen(call(DBGSH_CALL_POLL)), DBGSH_SAYS_KEY);
	assert_string_equal(out, "> ");
	assert_int_equal(listen(call('x')), DBGSH_SAYS_KEY);
	world_vcpu.reg[VMM_REG_CR3] = 0x2fff;
	assert_int_equal(call(DBGSH_CALL_OPEN), DBGSH_SAYS_WAIT);
	assert_int_equal(listen(call(DBGSH_CALL_POLL)), DBGSH_SAYS_KEY);
	assert_int_equal(listen(call('y')), DBGSH_SAYS_KEY);
	world_vcpu.reg[VMM_REG_CR3] = 0x1800;
	assert_int_equal(listen(call('\r')), DBGSH_SAYS_KEY);
	assert_string_equal(out, "\nx not found.\n> ");
	world_vcpu.reg[VMM_REG_CR3] = 0x2000;
	assert_int_equal(listen(call(DBGSH_CALL_NUL)), DBGSH_SAYS_KEY);
	assert_int_equal(listen(call('\r')), DBGSH_SAYS_KEY);
	assert_string_equal(out, "\ny not found.\n> ");
	/* The VMM's memory is not for the guest. */
	for (const char *p = "debug\rDp 0\rq\rexit"; *p; p++)
		listen(call(*p));
	assert_int_equal(listen(call('\r')), DBGSH_SAYS_END);
	assert_string_equal(out, "\n");
	/* A new one is new. */
	assert_int_equal(listen(call(DBGSH_CALL_POLL)), DBGSH_SAYS_KEY);
	assert_string_equal(out, "> ");
}

static void has_so_many_sessions(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= 6; i++) {
		world_vcpu.reg[VMM_REG_CR3] = 0x1000u * i;
		world_now += 1000;
		assert_int_equal(call(DBGSH_CALL_OPEN), DBGSH_SAYS_WAIT);
		assert_int_equal(listen(call(DBGSH_CALL_POLL)), i <= 4 ?
				 DBGSH_SAYS_KEY : DBGSH_SAYS_END);
		assert_string_equal(out, i <= 4 ? "> " :
				    "All debug shells are in use.\n");
	}
	/* One that closes makes room, and so does one that is forgotten. */
	world_vcpu.reg[VMM_REG_CR3] = 0x3000;
	assert_int_equal(call(DBGSH_CALL_CLOSE), DBGSH_SAYS_END);
	world_vcpu.reg[VMM_REG_CR3] = 0x7000;
	assert_int_equal(listen(call(DBGSH_CALL_POLL)), DBGSH_SAYS_KEY);
	world_now += 61000000;
	world_vcpu.reg[VMM_REG_CR3] = 0x8000;
	assert_int_equal(listen(call(DBGSH_CALL_POLL)), DBGSH_SAYS_KEY);
	config.vmm.dbgsh = 0;
	assert_int_equal(call(DBGSH_CALL_OPEN), DBGSH_SAYS_WAIT);
	assert_int_equal(listen(call(DBGSH_CALL_POLL)), DBGSH_SAYS_END);
	assert_string_equal(out, "The debug shell is disabled: vmm.dbgsh is "
			    "0.\n");
	/* An ordinary process is refused. */
	world_vcpu.seg[VMM_SEG_CS].selector = 0x33;
	assert_int_equal(call(DBGSH_CALL_OPEN), 0);
	bvnet_dbgsh_guest.shutdown(&world_vmm);
}

static void takes_more_than_it_can_hold(void **state)
{
	uint8_t flood[2 * DBGSH_IN_SIZE];

	(void)state;
	memset(flood, 'x', sizeof(flood));
	assert_int_equal(dbgsh_input(&sh, flood, sizeof(flood)),
			 DBGSH_IN_SIZE);
	assert_int_equal(dbgsh_input(&sh, flood, 1), 0);
	flood[0] = 3;
	assert_int_equal(dbgsh_input(&sh, flood, 1), 1);
	settle();
	assert_shows("", 0);
	/* Nobody takes the output: nothing is lost for that. */
	type("log all\r");
	out_len = 0;
	assert_int_equal(dbgsh_input(&sh, (const uint8_t *)"log all\r", 8), 8);
	for (unsigned i = 0; i < 1000; i++)
		dbgsh_run(&sh, &world_vcpu);
	assert_true(sh.out_count <= DBGSH_OUT_SIZE);
	settle();
	assert_non_null(strstr(out, "line 49\nLLL"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(edits_as_the_keys_say, setup),
		cmocka_unit_test_setup(bounds_the_line, setup),
		cmocka_unit_test_setup(takes_each_end_of_a_line_once, setup),
		cmocka_unit_test_setup(remembers_lines, setup),
		cmocka_unit_test_setup(lists_several_completions, setup),
		cmocka_unit_test_setup(runs_commands, setup),
		cmocka_unit_test_setup(beeps, setup),
		cmocka_unit_test_setup(sends_messages, setup),
		cmocka_unit_test_setup(tests_the_serial_port, setup),
		cmocka_unit_test_setup(nests_and_ends, setup),
		cmocka_unit_test_setup(reboots_after_the_text_was_shown,
				       setup),
		cmocka_unit_test_setup(tells_exits_per_second, setup),
		cmocka_unit_test_setup(shows_no_secret, setup),
		cmocka_unit_test_setup(dumps_memory, setup),
		cmocka_unit_test_setup(runs_a_command_inside, setup),
		cmocka_unit_test_setup(dumps_through_page_tables, setup),
		cmocka_unit_test_setup(pages_through_the_log, setup),
		cmocka_unit_test_setup(finds_guest_states_in_the_log, setup),
		cmocka_unit_test_setup(speaks_the_hypercall, setup),
		cmocka_unit_test_setup(has_so_many_sessions, setup),
		cmocka_unit_test_setup(takes_more_than_it_can_hold, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
