/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#include "call.h"
#include "reader.h"

/* BitVisor has at most this many; another hypervisor's answer to call 0 is an
 * error code, which taken as an unsigned number is far above. */
#define MAX_CALLS 128

enum bvlog_status bvlog_open(struct bvlog_reader *reader)
{
	/* On the stack, so that it is in memory: the VMM does not page. */
	char name[] = BVLOG_CALL_NAME;
	struct bvlog_regs regs;

	memset(&regs, 0, sizeof(regs));
	regs.rbx = (uintptr_t)name;
	if (!bvlog_call(&regs) || regs.rax > MAX_CALLS)
		return BVLOG_NO_VMM;
	reader->number = regs.rax;
	reader->next = 0;
	return regs.rax ? BVLOG_OK : BVLOG_NO_CALL;
}

/* One call: up to BVLOG_TEXT_BYTES of a line from offset on. */
static enum bvlog_status read_piece(struct bvlog_reader *reader,
				    size_t offset, struct bvlog_regs *regs)
{
	memset(regs, 0, sizeof(*regs));
	regs->rax = reader->number;
	regs->rbx = reader->next;
	regs->rcx = offset;
	if (!bvlog_call(regs))
		return BVLOG_NO_VMM;
	switch (regs->rax) {
	case BVLOG_LINE:
		return BVLOG_OK;
	case BVLOG_END:
		return BVLOG_NO_LINE;
	case BVLOG_DENIED:
		return BVLOG_REFUSED;
	default:
		return BVLOG_NO_VMM;
	}
}

enum bvlog_status bvlog_next(struct bvlog_reader *reader,
			     struct bvlog_line *line)
{
	enum bvlog_status status;
	struct bvlog_regs regs;
	size_t got = 0, n;

	do {
		status = read_piece(reader, got, &regs);
		if (status != BVLOG_OK)
			return status;
		/* The line went away, perhaps in the middle of it. */
		if (regs.rbx != reader->next) {
			reader->next = regs.rbx;
			got = 0;
		}
		n = regs.rcx < BVLOG_TEXT_BYTES ? regs.rcx : BVLOG_TEXT_BYTES;
		if (n > BVLOG_LINE_MAX - got)
			n = BVLOG_LINE_MAX - got;
		memcpy(line->text + got, regs.text, n);
		got += n;
	} while (n && regs.rcx > n);
	line->text[got] = '\0';
	line->seq = regs.rbx;
	line->usec = BVLOG_USEC(regs.rdx);
	line->level = BVLOG_LEVEL(regs.rdx);
	reader->next = line->seq + 1;
	return BVLOG_OK;
}
