/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The log: one ring of lines with time and level.
 *
 * Writers append; they never wait for a reader.  Sinks are readers of the
 * ring, each with its own cursor, so one that starts late replays from the
 * oldest line still held.  A reader that was overtaken is told how many lines
 * it lost.
 *
 * Any CPU, any context but an NMI handler; callable before and after the
 * guest starts; never sleeps.  Lines of one call are kept together; text
 * after the last '\n' is kept until the line is completed, by any CPU, or
 * until a message of another level comes.  A call's text is cut at 511 bytes,
 * with "..." as its end.  Control characters are replaced.
 */
#ifndef VMM_LOG_H
#define VMM_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <vmm/compiler.h>

VMM_BEGIN_DECLS

enum vmm_log_level {
	VMM_LOG_ERR = 3,	/* numbers of RFC 5424 section 6.2.1 */
	VMM_LOG_WARNING = 4,
	VMM_LOG_NOTICE = 5,
	VMM_LOG_INFO = 6,
	VMM_LOG_DEBUG = 7,
};

void vmm_log(enum vmm_log_level level, const char *fmt, ...) VMM_PRINTF(2, 3);
void vmm_vlog(enum vmm_log_level level, const char *fmt, va_list ap)
	VMM_PRINTF(2, 0);

#define vmm_log_err(...)	vmm_log(VMM_LOG_ERR, __VA_ARGS__)
#define vmm_log_warning(...)	vmm_log(VMM_LOG_WARNING, __VA_ARGS__)
#define vmm_log_info(...)	vmm_log(VMM_LOG_INFO, __VA_ARGS__)
#define vmm_log_debug(...)	vmm_log(VMM_LOG_DEBUG, __VA_ARGS__)

/* One line of the log, as a reader gets it. */
struct vmm_log_line {
	uint64_t seq;		/* line number since start, from 0 */
	uint64_t usec;		/* since start; 0 before the clock is known */
	enum vmm_log_level level;
	uint16_t len;		/* bytes of text, without newline */
	const char *text;	/* not NUL-terminated; valid during the call */
};

/* A sink gets each line once, in order.  emit runs with the log's lock not
 * held, on the CPU that logged (or that attached it); it must not log.  When
 * lines were lost since the previous call, lost counts them. */
struct vmm_log_sink {
	const char *name;
	void (*emit)(struct vmm_log_sink *sink, const struct vmm_log_line *line,
		     uint64_t lost);
	/* NULL, or tells if emit may run on this CPU now; if not, the lines
	 * wait until something is logged where it may.  Runs with the log's
	 * lock held: must be short and must not log. */
	bool (*ready)(struct vmm_log_sink *sink);
	uint64_t next_seq;		/* private to the log */
	struct vmm_log_sink *next;	/* private to the log */
};

/* Attach a sink: it is handed every line from the oldest still held (lines
 * older than that count as lost).  The object stays the caller's and must
 * live until it is detached. */
void vmm_log_attach(struct vmm_log_sink *sink);
/* Not from emit.  When it returns, emit is not running and will not. */
void vmm_log_detach(struct vmm_log_sink *sink);

/*
 * Read for pull-type readers: copies the line with the number *seq, or the
 * oldest held if that one is gone, into line and its text into buf (at most
 * size bytes), and sets *seq to the number to ask for next.
 * Returns true if there was one.
 */
bool vmm_log_read(uint64_t *seq, struct vmm_log_line *line, char *buf,
		  size_t size);

/* Token for rate-limited messages: at most burst lines per second. */
struct vmm_ratelimit {
	uint64_t window_start;	/* usec */
	uint32_t count, suppressed, burst;
};
#define VMM_RATELIMIT(n) { 0, 0, 0, (n) }
/* True if the caller may log now; *suppressed gets the number of messages
 * swallowed since the last permitted one. */
bool vmm_ratelimit_ok(struct vmm_ratelimit *rl, uint32_t *suppressed);

VMM_END_DECLS

#endif
