/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hypercall of the debug shell: processes of the guest that call it in any
 * order with anything in their registers, allowed to or not.  Each sees what a
 * shell of its own would say to the same keys, character by character; there
 * are as many of them as there may be; nothing but RAX changes.
 */
#include <stdlib.h>
#include <string.h>
#include <core/core_priv.h>
#include <bvnet/dbgshcall.h>
#include <vmm/log.h>
#include <vmm/x86.h>
#include "dbgsh_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SHELLS		4u
#define FORGOTTEN	UINT64_C(60000000)	/* usec */
#define OWNER		UINT64_C(0x000ffffffffff000)
#define CALLS		4000u	/* of one input */
#define OWNERS		64u
#define ESC		"\x1b"

/* All that neither reset the machine nor touch ports. */
const struct dbgsh_command *const bvnet_dbgsh_commands[] = {
	&dbgsh_help, &dbgsh_config, &dbgsh_cpu, &dbgsh_debug, &dbgsh_log,
	&dbgsh_mem, &dbgsh_recvexample, &dbgsh_sendexample, &dbgsh_shell,
	&dbgsh_stats, &dbgsh_version, &dbgsh_exit, NULL
};

static struct input {
	const uint8_t *at, *end;
} input;

static void check(bool ok)
{
	if (!ok)
		abort();
}

static uint32_t take(unsigned bytes)
{
	uint32_t value = 0;

	while (bytes-- && input.at < input.end)
		value = value << 8 | *input.at++;
	return value;
}

/* --- how it should be --- */

static struct model {
	bool used;
	uint64_t owner, last_call;
	const char *refusal;
	int32_t character;	/* shown, and not taken yet; 0: none */
	struct dbgsh sh;
} model[SHELLS + 1];		/* the last one: of who is refused */

/* Not once there are messages: the model's shells would send them, too. */
static bool compared;

static struct model *find(uint64_t owner)
{
	for (unsigned i = 0; i <= SHELLS; i++)
		if (model[i].used && model[i].owner == owner)
			return &model[i];
	return NULL;
}

/* A free place, that of who was silent longest, or the last. */
static struct model *place(void)
{
	struct model *m = NULL;

	for (unsigned i = 0; i < SHELLS; i++)
		if (!model[i].used)
			return &model[i];
	for (unsigned i = 0; i < SHELLS; i++)
		if (!m || model[i].last_call < m->last_call)
			m = &model[i];
	return world_now - m->last_call >= FORGOTTEN ? m : &model[SHELLS];
}

static struct model *begin(uint64_t owner)
{
	struct model *m = place();

	m->used = true;
	m->owner = owner;
	m->character = 0;
	m->refusal = m == &model[SHELLS] ? "All debug shells are in use.\n" :
		NULL;
	if (!config.vmm.dbgsh)
		m->refusal = "The debug shell is disabled: vmm.dbgsh is 0.\n";
	if (!m->refusal)
		dbgsh_start(&m->sh, &world_vmm, bvnet_dbgsh_commands, 0);
	return m;
}

/* The next character, 0 if there is none. */
static int32_t next_character(struct model *m)
{
	char c;

	if (m->refusal)
		return *m->refusal ? *m->refusal++ : 0;
	if (!dbgsh_output(&m->sh, &c, 1)) {
		dbgsh_run(&m->sh, &world_vcpu);
		if (!dbgsh_output(&m->sh, &c, 1))
			return 0;
	}
	check(c == '\n' || c == '\b' || c == '\r' || c == '\a' ||
	      (c >= ' ' && c < 0x7f));
	return c;
}

static bool is_message(const struct dbgsh_command *c)
{
	return c == &dbgsh_recvexample || c == &dbgsh_sendexample;
}

static int32_t talk(struct model *m, int32_t said)
{
	uint8_t key = (uint8_t)said;

	if (said == DBGSH_CALL_TAKEN)
		m->character = 0;
	if (said > 0 && said <= DBGSH_CALL_NUL && !m->refusal)
		dbgsh_input(&m->sh, &key, 1);
	if (!m->character)
		m->character = next_character(m);
	if (!m->refusal && (is_message(m->sh.command) ||
			    is_message(m->sh.outer)))
		compared = false;
	if (m->character)
		return m->character;
	if (m->refusal || dbgsh_ended(&m->sh)) {
		m->used = false;
		return DBGSH_SAYS_END;
	}
	return dbgsh_wants_key(&m->sh) ? DBGSH_SAYS_KEY : DBGSH_SAYS_WAIT;
}

static int32_t expected(uint64_t owner, int32_t said)
{
	struct model *m = find(owner);

	if (m && (said == DBGSH_CALL_OPEN || said == DBGSH_CALL_CLOSE)) {
		m->used = false;
		m = NULL;
	}
	if (said == DBGSH_CALL_CLOSE)
		return DBGSH_SAYS_END;
	if (!m)
		m = begin(owner);
	m->last_call = world_now;
	return said == DBGSH_CALL_OPEN ? DBGSH_SAYS_WAIT : talk(m, said);
}

/* --- what the guest does --- */

static uint64_t number;		/* of the hypercall */
static unsigned calls;
static uint64_t *const reg = world_vcpu.reg;
static uint64_t owners[OWNERS];	/* who has called */
static unsigned owner_count;

static void note_owner(void)
{
	uint64_t owner = reg[VMM_REG_CR3] & OWNER;

	for (unsigned i = 0; i < owner_count; i++)
		if (owners[i] == owner)
			return;
	check(owner_count < OWNERS);
	owners[owner_count++] = owner;
}

static bool may_call(void)
{
	unsigned iopl = reg[VMM_REG_RFLAGS] >> X86_RFLAGS_IOPL_SHIFT & 3;

	if (!(reg[VMM_REG_CR0] & X86_CR0_PE))
		return true;
	return !(reg[VMM_REG_RFLAGS] & X86_RFLAGS_VM) &&
		(world_vcpu.seg[VMM_SEG_CS].selector & 3u) <= iopl;
}

/* RAX is set, everything else is as it was. */
static uint64_t dispatch(uint64_t rax, uint64_t rbx)
{
	uint64_t before[VMM_ARRAY_SIZE(world_vcpu.reg)];

	reg[VMM_REG_RAX] = rax;
	reg[VMM_REG_RBX] = rbx;
	memcpy(before, reg, sizeof(before));
	vmm_hypercall_dispatch(&world_vcpu);
	before[VMM_REG_RAX] = reg[VMM_REG_RAX];
	check(!memcmp(before, reg, sizeof(before)));
	return reg[VMM_REG_RAX];
}

/* Upper halves mean nothing, that of RAX only to 64-bit code.  Who may not
 * call gets an answer that ends it. */
static int32_t call(int32_t said, uint32_t upper)
{
	uint64_t high = (uint64_t)upper << 32;
	bool wide = vmm_hypercall_is_64bit(&world_vcpu);
	uint64_t rax;
	int32_t says;

	calls++;
	world_now++;
	note_owner();
	rax = dispatch(number | (wide ? 0 : high), high | (uint32_t)said);
	says = (int32_t)rax;
	check(rax == (uint64_t)(int64_t)says);
	if (!may_call()) {
		check(!says);
		return DBGSH_SAYS_END;
	}
	check(says >= DBGSH_SAYS_WAIT && (says <= DBGSH_CALL_NUL ||
					  says == DBGSH_SAYS_END));
	if (compared) {
		int32_t right = expected(reg[VMM_REG_CR3] & OWNER, said);

		check(says == right || !compared);
	}
	return says;
}

/* As the tool does: take what is shown, up to so many characters. */
static void listen(int32_t says, unsigned most)
{
	while (says > 0 && says != DBGSH_SAYS_END && most-- && calls < CALLS)
		says = call(DBGSH_CALL_TAKEN, 0);
}

static void type_word(const char *word, unsigned most)
{
	for (; *word; word++)
		listen(call(*word, 0), most);
}

static void type_bytes(unsigned n, unsigned most)
{
	while (n-- && input.at < input.end) {
		uint32_t key = take(1);

		listen(call(key ? (int32_t)key : DBGSH_CALL_NUL, 0), most);
	}
}

static void type_command(void)
{
	static const char *const words[] = {
		"help\r", "debug\r", "dp/20 1000\r", "Dp 70000000\r",
		"Dv 70000000\r", "dv 2000\r", "d\r", "q\r", "log\r", " ",
		"log all\r", "shell\r", "exit\r", "version\r", "config\r",
		"stats all 1\r", "mem\r", "cpu\r", "recvexample\r",
		"sendexample\r", "s hello\r", "\r", "\x03", "! version\r",
		"\t", ESC "[A", "r cr3 4000\r", "help e\t\r",
	};
	unsigned n = take(1);

	type_word(words[n % VMM_ARRAY_SIZE(words)], take(1) * 16);
}

static void become(void)
{
	uint32_t n = take(1);

	/* Few processes, with any PCID, and now and then any. */
	if (n < 240 || owner_count + 8 >= OWNERS)
		reg[VMM_REG_CR3] = (uint64_t)(n % 7) << 12 | n >> 3;
	else
		reg[VMM_REG_CR3] = (uint64_t)take(4) << 32 | take(4);
}

static void change_mode(void)
{
	uint32_t n = take(1);

	/* Mostly root's. */
	world_vcpu.seg[VMM_SEG_CS].selector = (uint16_t)(0x30 | (n & 3));
	world_vcpu.seg[VMM_SEG_CS].attr = n & 4 ? 0xafb : 0xcfb;
	reg[VMM_REG_RFLAGS] = X86_RFLAGS_FIXED |
		(n & 8 ? UINT64_C(3) << X86_RFLAGS_IOPL_SHIFT : 0) |
		((n & 0xf0) == 0xf0 ? X86_RFLAGS_VM : 0);
	reg[VMM_REG_CR0] = X86_CR0_PG | ((n & 0xf0) == 0xe0 ? 0 : X86_CR0_PE);
}

/* A name, whole or not, that ends where memory ends or not. */
static void ask_number(void)
{
	uint32_t page = take(1) % FAKE_PAGES, before = take(1) % 16;
	uint32_t at = (page + 1) * 4096 - before;
	uint64_t rax;
	bool known;

	memset(world_vcpu.memory, 'x', sizeof(world_vcpu.memory));
	for (unsigned i = 0; i < sizeof(DBGSH_CALL_NAME); i++)
		if (at + i < sizeof(world_vcpu.memory))
			world_vcpu.memory[at + i] =
				(uint8_t)DBGSH_CALL_NAME[i];
	if (take(1) % 4 == 0)
		world_vcpu.memory[(at + take(1) % 6) %
				  sizeof(world_vcpu.memory)] ^= 1;
	known = at + sizeof(DBGSH_CALL_NAME) <= sizeof(world_vcpu.memory) &&
		!memcmp(world_vcpu.memory + at, DBGSH_CALL_NAME,
			sizeof(DBGSH_CALL_NAME));
	world_vcpu.missing[0] = take(1) & 1;
	known = known && !(page == 0 && before && world_vcpu.missing[0]);
	rax = dispatch(0, FAKE_BASE + at);
	check(rax == (known ? number : 0));
}

/* There are no other calls, and no other names. */
static void call_another(void)
{
	uint64_t rax = take(4), rbx = (uint64_t)take(4) << 32 | take(4);

	if (rax != number && (rax || rbx - FAKE_BASE >= FAKE_PAGES * 4096))
		check(!dispatch(rax, rbx));
}

static void step(void)
{
	uint32_t what = take(1);

	if (what < 90)
		type_command();
	else if (what < 130)
		type_bytes(take(1) % 16, take(1));
	else if (what < 150)
		listen(call(DBGSH_CALL_POLL, 0), take(1) * 16);
	else if (what < 180)
		call((int8_t)take(1) % 8, take(4));
	else if (what < 190)
		call((int32_t)take(4), take(4));
	else if (what < 220)
		become();
	else if (what < 235)
		world_now += (uint64_t)take(1) * 500000;
	else if (what < 240)
		change_mode();
	else if (what < 250)
		ask_number();
	else
		call_another();
}

/* --- the machine --- */

/* What the log has, for the commands that read it. */
static void fill_log(void)
{
	for (unsigned i = 0; i < 60; i++)
		vmm_log_info("line %u\n", i);
	vmm_log_info("Guest state and registers of cpu 0 ---\n");
	vmm_log_info("RAX 00000000    CR3 00004000\n");
	vmm_log_info("RIP 00001110    GDTR 00077000+007F\n");
	vmm_log_info("-----------\n");
}

static void build(void)
{
	static bool once;

	world_init();
	world_vcpu.host_memory = false;
	if (!once) {
		check(bvnet_dbgsh_guest.init(&world_vmm) == 0);
		fill_log();
		for (unsigned i = 0; i < WORLD_MEMORY; i++)
			world_memory[i] = (uint8_t)(i * 7);
		number = 1;
		once = true;
	}
	config.vmm.dbgsh = take(1) != 0;
	world_now = 1;
	calls = owner_count = 0;
	compared = true;
	memset(world_vcpu.memory, 'x', sizeof(world_vcpu.memory));
	for (unsigned i = 0; i <= SHELLS; i++)
		model[i].used = false;
}

static void close_all(void)
{
	unsigned n = owner_count;

	while (n--) {
		reg[VMM_REG_CR3] = owners[n];
		check(call(DBGSH_CALL_CLOSE, 0) == DBGSH_SAYS_END);
	}
}

/* When all have closed, there is room for as many as ever. */
static void finish(void)
{
	static const char first[] = ">>>>A";

	world_init();
	world_vcpu.host_memory = false;
	close_all();
	owner_count = 0;
	for (unsigned i = 0; i <= SHELLS; i++) {
		reg[VMM_REG_CR3] = UINT64_C(0x1000) * (i + 1);
		check(call(DBGSH_CALL_POLL, 0) ==
		      (config.vmm.dbgsh ? first[i] : 'T'));
	}
	close_all();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input = (struct input){ data, data + size };
	build();
	while (input.at < input.end && calls < CALLS)
		step();
	finish();
	return 0;
}
