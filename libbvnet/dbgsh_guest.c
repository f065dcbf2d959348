/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The debug shell for the guest's tool: the hypercall of bvnet/dbgshcall.h.
 *
 * A process of the guest is known by its page tables' address: CR3 without the
 * low bits, of which the system may use some as PCID.  A tool that was killed leaves
 * its session behind; when all are in use, the one that was idle longest goes,
 * if it was idle long enough to be forgotten.
 */
#include <string.h>
#include <bitvisor/config.h>
#include <bvnet/dbgsh.h>
#include <bvnet/dbgshcall.h>
#include <vmm/error.h>
#include <vmm/hypercall.h>
#include <vmm/spinlock.h>
#include <vmm/vcpu.h>
#include <vmm/vmm.h>

#define SESSIONS	4u
#define CR3_OWNER	UINT64_C(0x000ffffffffff000)
#define FORGET_USEC	(UINT64_C(60) * 1000000)
#define BUSY_TEXT	"All debug shells are in use.\n"
#define DISABLED_TEXT	"The debug shell is disabled: vmm.dbgsh is 0.\n"

struct session {
	struct dbgsh sh;
	uint64_t owner;		/* 0: not in use */
	uint64_t last_call;	/* usec */
	bool shown;		/* a character waits to be acknowledged */
	char character;
	const char *refusal;	/* what is left of it; NULL: the shell runs */
};

static struct {
	struct vmm_spinlock lock;
	struct session *session;	/* SESSIONS of them, then one more
					 * for those who are refused */
} guests;

#define SESSION_PAGES (((SESSIONS + 1) * sizeof(struct session) + \
			VMM_PAGE_SIZE - 1) / VMM_PAGE_SIZE)

/* refusal: what to tell instead of running a shell; NULL for none. */
static void begin(struct session *s, struct vmm *vmm, uint64_t owner,
		  const char *refusal)
{
	s->owner = owner;
	s->shown = false;
	s->refusal = refusal;
	if (!config.vmm.dbgsh)
		s->refusal = DISABLED_TEXT;
	if (!s->refusal)
		dbgsh_start(&s->sh, vmm, bvnet_dbgsh_commands, 0);
}

/* The session of an owner, also that of a refused one. */
static struct session *find(uint64_t owner)
{
	for (unsigned i = 0; i <= SESSIONS; i++)
		if (guests.session[i].owner == owner)
			return &guests.session[i];
	return NULL;
}

/* A place for a new session: one that is free, or forgotten. */
static struct session *place(uint64_t now)
{
	struct session *oldest = &guests.session[0];

	for (unsigned i = 0; i < SESSIONS; i++) {
		struct session *s = &guests.session[i];

		if (!s->owner)
			return s;
		if (s->last_call < oldest->last_call)
			oldest = s;
	}
	return now - oldest->last_call >= FORGET_USEC ? oldest : NULL;
}

/* Never fails: who comes when all are in use is told so in the last place. */
static struct session *open_session(struct vmm *vmm, uint64_t owner,
				    uint64_t now)
{
	struct session *s = place(now);

	if (s)
		begin(s, vmm, owner, NULL);
	else
		begin(s = &guests.session[SESSIONS], vmm, owner, BUSY_TEXT);
	return s;
}

/* A key is taken with whatever call it comes. */
static void type_key(struct session *s, int32_t key)
{
	uint8_t byte = (uint8_t)key;

	if (key > 0 && key <= DBGSH_CALL_NUL && !s->refusal &&
	    !dbgsh_input(&s->sh, &byte, 1))
		return;	/* more than can be worked on: lost */
}

/* The next character to show; false if there is none now. */
static bool next_character(struct session *s, struct vmm_vcpu *v)
{
	if (s->shown)
		return true;
	if (s->refusal && *s->refusal)
		s->character = *s->refusal++;
	else if (s->refusal)
		return false;
	else if (!dbgsh_output(&s->sh, &s->character, 1)) {
		dbgsh_run(&s->sh, v);
		if (!dbgsh_output(&s->sh, &s->character, 1))
			return false;
	}
	s->shown = true;
	return true;
}

/* Once the character is acknowledged, the next call asks for the next one. */
static int32_t answer(struct session *s, struct vmm_vcpu *v)
{
	if (next_character(s, v))
		return s->character ? (uint8_t)s->character : DBGSH_CALL_NUL;
	if (s->refusal || dbgsh_ended(&s->sh)) {
		s->owner = 0;
		return DBGSH_SAYS_END;
	}
	return dbgsh_wants_key(&s->sh) ? DBGSH_SAYS_KEY : DBGSH_SAYS_WAIT;
}

static int32_t call(struct vmm_vcpu *v, uint64_t owner, int32_t said)
{
	uint64_t now = vmm_uptime_usec();
	struct session *s = find(owner);

	if (said == DBGSH_CALL_OPEN || said == DBGSH_CALL_CLOSE) {
		if (s)
			s->owner = 0;
		s = NULL;
	}
	if (said == DBGSH_CALL_CLOSE)
		return DBGSH_SAYS_END;
	if (!s)
		s = open_session(vmm_vcpu_vmm(v), owner, now);
	s->last_call = now;
	if (said == DBGSH_CALL_OPEN)
		return DBGSH_SAYS_WAIT;
	if (said == DBGSH_CALL_TAKEN)
		s->shown = false;
	type_key(s, said);
	return answer(s, v);
}

/* Results are sign-extended so that 32- and 64-bit programs see the same. */
static void hypercall(struct vmm_vcpu *v, void *ctx)
{
	/* Not 0, whatever CR3 is; without paging all are the same one. */
	uint64_t owner = (vmm_vcpu_get(v, VMM_REG_CR3) & CR3_OWNER) | 1;
	int32_t said = (int32_t)vmm_vcpu_get(v, VMM_REG_RBX), says;

	(void)ctx;
	vmm_spin_lock(&guests.lock);
	says = call(v, owner, said);
	vmm_spin_unlock(&guests.lock);
	vmm_vcpu_set(v, VMM_REG_RAX, (uint64_t)(int64_t)says);
}

static int guest_init(struct vmm *vmm)
{
	guests.session = vmm_pages_alloc(&vmm->pool, SESSION_PAGES);
	if (!guests.session)
		return VMM_ERROR(ENOMEM);
	return vmm_hypercall_register(DBGSH_CALL_NAME, hypercall, NULL,
				      VMM_HYPERCALL_PRIVILEGED);
}

static void guest_shutdown(struct vmm *vmm)
{
	vmm_pages_free(&vmm->pool, guests.session, SESSION_PAGES);
	guests.session = NULL;
}

const struct vmm_unit bvnet_dbgsh_guest = {
	.name = "debug shell for the guest",
	.init = guest_init,
	.shutdown = guest_shutdown,
};
