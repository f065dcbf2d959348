/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages by name: sendint, sendexample, recvexample.
 *
 * There are no processes that could receive any.  Receivers are the functions
 * below, and the shells in which recvexample runs: those all see what any shell
 * sends.
 */
#include <string.h>
#include <vmm/spinlock.h>
#include <vmm/vmm.h>
#include <vmm/x86.h>
#include "dbgsh_priv.h"

/* --- what goes to recvexample --- */

#define HELD		8u	/* messages, for receivers that are slow */
/* A receiver is asked for steps far more often than that; one that was
 * interrupted is no more, without having to say so. */
#define LISTENING_USEC	UINT64_C(2000000)

struct message {
	uint64_t number;	/* if it has no text */
	uint8_t len;
	char text[DBGSH_LINE_MAX];
};

static struct {
	struct vmm_spinlock lock;
	uint64_t next;		/* how many were ever sent */
	uint64_t listened;	/* when a receiver looked last, usec */
	bool any;		/* one ever did */
	struct message held[HELD];
} box;

/* False if nobody is there to receive it. */
static bool send(const struct message *m)
{
	bool sent;

	vmm_spin_lock(&box.lock);
	sent = box.any && vmm_uptime_usec() - box.listened < LISTENING_USEC;
	if (sent)
		box.held[box.next++ % HELD] = *m;
	vmm_spin_unlock(&box.lock);
	return sent;
}

/* The message *at, or the oldest that is held; false if it was not sent yet. */
static bool receive(uint64_t *at, struct message *m)
{
	bool found;

	vmm_spin_lock(&box.lock);
	box.listened = vmm_uptime_usec();
	box.any = true;
	if (box.next - *at > HELD)
		*at = box.next - HELD;
	found = *at != box.next;
	if (found)
		*m = box.held[(*at)++ % HELD];
	vmm_spin_unlock(&box.lock);
	return found;
}

static enum dbgsh_next recv_step(struct dbgsh *sh)
{
	struct message m;

	if (!receive(dbgsh_scratch(sh), &m))
		return DBGSH_LATER;
	if (m.len) {
		dbgsh_printf(sh, "received %u bytes: ", m.len);
		dbgsh_write(sh, m.text, m.len);
		dbgsh_putc(sh, '\n');
	} else {
		dbgsh_printf(sh, "received %llu\n",
			     (unsigned long long)m.number);
	}
	return DBGSH_MORE;
}

static enum dbgsh_next recv_start(struct dbgsh *sh, int argc,
				  const char *const *argv)
{
	uint64_t *at = dbgsh_scratch(sh);

	(void)argc;
	(void)argv;
	*at = __atomic_load_n(&box.next, __ATOMIC_RELAXED);
	dbgsh_puts(sh, "Waiting for messages; ^C ends.\n");
	return DBGSH_MORE;
}

const struct dbgsh_command dbgsh_recvexample = {
	.name = "recvexample",
	.help = "msgregister() example",
	.start = recv_start,
	.step = recv_step,
};

/* --- sendexample --- */

static enum dbgsh_next sendexample_line(struct dbgsh *sh, const char *line)
{
	struct message m = { 0 };

	while (*line == ' ')
		line++;
	if (!*line)
		return DBGSH_DONE;
	if (line[0] != 's' || line[1] != ' ' || !line[2]) {
		dbgsh_puts(sh, "usage: s DATA; an empty line ends.\n");
		return DBGSH_LINE;
	}
	m.len = (uint8_t)strlen(line + 2);
	memcpy(m.text, line + 2, m.len);
	if (send(&m))
		dbgsh_printf(sh, "send %u bytes to recvexample\n", m.len);
	else
		dbgsh_puts(sh, "recvexample not found.\n");
	return DBGSH_LINE;
}

static enum dbgsh_next sendexample_start(struct dbgsh *sh, int argc,
					 const char *const *argv)
{
	(void)argc;
	(void)argv;
	sh->prompt = "sendexample> ";
	return DBGSH_LINE;
}

const struct dbgsh_command dbgsh_sendexample = {
	.name = "sendexample",
	.help = "msgsendbuf() example",
	.start = sendexample_start,
	.line = sendexample_line,
};

/* --- sendint: receivers --- */

/* Intel 8254 data sheet, "Programming the 8254"; the speaker's gate and its
 * switch are in port 61h.  Counter 2 and the speaker are the guest's, and used
 * by it for the same, if at all: nothing else depends on them once a system
 * has measured its clocks. */
#define PIT_COUNTER2	0x42
#define PIT_CONTROL	0x43
#define PIT_SQUARE_WAVE	0xb6	/* counter 2, both bytes, mode 3 */
#define PIT_HZ		1193182u
#define PORT_B		0x61
#define PORT_B_SPEAKER	0x03	/* gate of counter 2, its output to it */
#define BEEP_MIN_HZ	19u	/* below, the counter is too narrow */
#define BEEP_MAX_HZ	20000u

/* 0: off, 1: on, more: at so many hertz. */
static enum dbgsh_next beep(struct dbgsh *sh, uint64_t n)
{
	uint8_t port_b = x86_inb(PORT_B) & (uint8_t)~PORT_B_SPEAKER;
	uint32_t count;

	if (n > 1 && (n < BEEP_MIN_HZ || n > BEEP_MAX_HZ)) {
		dbgsh_printf(sh, "beep: 0 is off, 1 is on, %u to %u are hertz\n",
			     BEEP_MIN_HZ, BEEP_MAX_HZ);
		return DBGSH_LINE;
	}
	if (n > 1) {
		count = PIT_HZ / (uint32_t)n;
		x86_outb(PIT_CONTROL, PIT_SQUARE_WAVE);
		x86_outb(PIT_COUNTER2, (uint8_t)count);
		x86_outb(PIT_COUNTER2, (uint8_t)(count >> 8));
	}
	/* The upper half is read-only or reserved, written as 0. */
	x86_outb(PORT_B, (uint8_t)((port_b & 0x0f) | (n ? PORT_B_SPEAKER : 0)));
	return DBGSH_LINE;
}

static enum dbgsh_next tell_free(struct dbgsh *sh, uint64_t n)
{
	(void)n;
	dbgsh_print_free(sh);
	return DBGSH_LINE;
}

static enum dbgsh_next begin_reboot(struct dbgsh *sh, uint64_t n)
{
	(void)n;
	return dbgsh_begin_reboot(sh);
}

static enum dbgsh_next send_number(struct dbgsh *sh, uint64_t n)
{
	struct message m = { .number = n };

	if (!send(&m))
		dbgsh_puts(sh, "recvexample not found.\n");
	return DBGSH_LINE;
}

static const struct {
	const char *name;
	enum dbgsh_next (*receive)(struct dbgsh *sh, uint64_t n);
} receivers[] = {
	{ "beep", beep },
	{ "free", tell_free },
	{ "reboot", begin_reboot },
	{ "recvexample", send_number },
};

static enum dbgsh_next sendint_line(struct dbgsh *sh, const char *text)
{
	char line[DBGSH_LINE_MAX];
	const char *words[3];
	uint64_t n = 0;
	int count;

	memcpy(line, text, sizeof(line));
	count = dbgsh_split(line, words, 3);
	if (!count)
		return DBGSH_DONE;
	if (count > 2 || (count == 2 && !dbgsh_number(words[1], 0, &n))) {
		dbgsh_puts(sh, "usage: NAME [NUMBER]; NAME is beep, free, "
			   "reboot or recvexample\n");
		return DBGSH_LINE;
	}
	for (unsigned i = 0; i < VMM_ARRAY_SIZE(receivers); i++) {
		if (strcmp(words[0], receivers[i].name))
			continue;
		dbgsh_printf(sh, "send %llu to %s\n", (unsigned long long)n,
			     words[0]);
		return receivers[i].receive(sh, n);
	}
	dbgsh_printf(sh, "%s not found.\n", words[0]);
	return DBGSH_LINE;
}

static enum dbgsh_next sendint_start(struct dbgsh *sh, int argc,
				     const char *const *argv)
{
	(void)argc;
	(void)argv;
	sh->prompt = "sendint> ";
	return DBGSH_LINE;
}

const struct dbgsh_command dbgsh_sendint = {
	.name = "sendint",
	.help = "call msgsendint()",
	.start = sendint_start,
	.line = sendint_line,
	.step = dbgsh_reboot_step,
};
