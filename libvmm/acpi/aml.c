/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * AML is a prefix code: an operator's byte says what raw bytes follow it, and
 * its operands follow as operators again.  So a list of terms can be walked
 * token by token without knowing how many arguments a method takes, which is
 * what makes parsing AML hard.  Objects whose length is given (20.2.4) either
 * open a frame, or are stepped over if nothing in them defines a root object.
 */
#include <string.h>
#include <acpi/aml.h>

enum {
	OP_ZERO = 0x00,
	OP_ONE = 0x01,
	OP_ALIAS = 0x06,
	OP_NAME = 0x08,
	OP_BYTE = 0x0a,
	OP_WORD = 0x0b,
	OP_DWORD = 0x0c,
	OP_STRING = 0x0d,
	OP_QWORD = 0x0e,
	OP_SCOPE = 0x10,
	OP_BUFFER = 0x11,
	OP_PACKAGE = 0x12,
	OP_VAR_PACKAGE = 0x13,
	OP_METHOD = 0x14,
	OP_EXTERNAL = 0x15,
	OP_DUAL_NAME = 0x2e,
	OP_MULTI_NAME = 0x2f,
	OP_EXTENDED = 0x5b,
	OP_ROOT = 0x5c,
	OP_PARENT = 0x5e,
	OP_LOCAL0 = 0x60,
	OP_ARG6 = 0x6e,
	OP_STORE = 0x70,
	OP_LLESS = 0x95,
	OP_TO_BUFFER = 0x96,
	OP_TO_INTEGER = 0x99,
	OP_TO_STRING = 0x9c,
	OP_CONTINUE = 0x9f,
	OP_IF = 0xa0,
	OP_ELSE = 0xa1,
	OP_WHILE = 0xa2,
	OP_NOOP = 0xa3,
	OP_BREAK = 0xa5,
	OP_BREAK_POINT = 0xcc,
	OP_ONES = 0xff,
	/* behind OP_EXTENDED */
	EXT_MUTEX = 0x01,
	EXT_EVENT = 0x02,
	EXT_COND_REF_OF = 0x12,
	EXT_CREATE_FIELD = 0x13,
	EXT_LOAD_TABLE = 0x1f,
	EXT_SLEEP = 0x22,
	EXT_ACQUIRE = 0x23,
	EXT_SIGNAL = 0x24,
	EXT_UNLOAD = 0x2a,
	EXT_REVISION = 0x30,
	EXT_DEBUG = 0x31,
	EXT_FATAL = 0x32,
	EXT_TIMER = 0x33,
	EXT_REGION = 0x80,
	EXT_FIELD = 0x81,
	EXT_DEVICE = 0x82,
	EXT_PROCESSOR = 0x83,
	EXT_POWER = 0x84,
	EXT_THERMAL = 0x85,
	EXT_INDEX_FIELD = 0x86,
	EXT_BANK_FIELD = 0x87,
	EXT_DATA_REGION = 0x88,
};

/* Firmware nests a dozen deep; Else-If chains more. */
#define MAX_DEPTH 64

/* An open term list: where it ends, and whether a simple name in it is one of
 * the root. */
struct frame {
	uint32_t end;
	bool root;
};

struct walk {
	const uint8_t *aml;
	uint32_t pos;
	unsigned depth;		/* frame[depth] is the innermost */
	struct frame frame[MAX_DEPTH];
	struct aml_visitor *visitor;
};

/* A name string (20.2.2). */
struct name {
	uint32_t last;		/* offset of the last segment */
	unsigned segments;
	bool absolute, parent;
};

static uint32_t left(const struct walk *w)
{
	return w->frame[w->depth].end - w->pos;
}

static bool skip(struct walk *w, uint32_t n)
{
	if (n > left(w))
		return false;
	w->pos += n;
	return true;
}

static bool is_lead_char(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || c == '_';
}

static bool skip_segment(struct walk *w)
{
	const uint8_t *p = w->aml + w->pos;

	if (!skip(w, AML_NAME_SEG) || !is_lead_char(p[0]))
		return false;
	for (unsigned i = 1; i < AML_NAME_SEG; i++)
		if (!is_lead_char(p[i]) && !(p[i] >= '0' && p[i] <= '9'))
			return false;
	return true;
}

/* Number of segments at the position, by their prefix. */
static bool read_segment_count(struct walk *w, unsigned *count)
{
	uint8_t c;

	if (!left(w))
		return false;
	c = w->aml[w->pos];
	*count = 1;
	if (is_lead_char(c))
		return true;
	w->pos++;
	if (c == OP_ZERO)
		*count = 0;
	else if (c == OP_DUAL_NAME)
		*count = 2;
	else if (c == OP_MULTI_NAME && left(w))
		*count = w->aml[w->pos++];
	else
		return false;
	return true;
}

static bool read_name(struct walk *w, struct name *name)
{
	memset(name, 0, sizeof(*name));
	if (left(w) && w->aml[w->pos] == OP_ROOT) {
		name->absolute = true;
		w->pos++;
	}
	while (left(w) && w->aml[w->pos] == OP_PARENT) {
		name->parent = true;
		w->pos++;
	}
	if (!read_segment_count(w, &name->segments))
		return false;
	for (unsigned i = 0; i < name->segments; i++) {
		name->last = w->pos;
		if (!skip_segment(w))
			return false;
	}
	return true;
}

/* Tell of a definition, if it is one of the root. */
static bool define(struct walk *w)
{
	struct name name;

	if (!read_name(w, &name) || name.segments == 0)
		return false;
	if (name.segments == 1 && !name.parent &&
	    (name.absolute || w->frame[w->depth].root))
		w->visitor->root_object(w->visitor, name.last);
	return true;
}

/* Read a package length (20.2.4) and the offset where what it covers ends,
 * which must be within the frame. */
static bool read_package(struct walk *w, uint32_t *end)
{
	uint32_t start = w->pos, length;
	unsigned more;

	if (!left(w))
		return false;
	length = w->aml[w->pos++];
	more = length >> 6;
	if (more > left(w) || (more && (length & 0x30)))
		return false;
	for (unsigned i = 0; i < more; i++) {
		if (i == 0)
			length &= 0x0f;
		length |= (uint32_t)w->aml[w->pos++] << (4 + 8 * i);
	}
	*end = start + length;
	return length >= w->pos - start &&
		length <= w->frame[w->depth].end - start;
}

static bool open_frame(struct walk *w, uint32_t end, bool root)
{
	if (w->pos > end || w->depth + 1 == MAX_DEPTH)
		return false;
	w->depth++;
	w->frame[w->depth].end = end;
	w->frame[w->depth].root = root;
	return true;
}

/* Step over an object whose length is given. */
static bool skip_package(struct walk *w)
{
	uint32_t end;

	if (!read_package(w, &end))
		return false;
	w->pos = end;
	return true;
}

/* If, Else, While: what they hold is in the scope they are in. */
static bool enter_block(struct walk *w)
{
	bool root = w->frame[w->depth].root;
	uint32_t end;

	return read_package(w, &end) && open_frame(w, end, root);
}

/* Scope, Device and their like: a name, then some raw bytes.  Only Scope (\)
 * is the root again. */
static bool enter_scope(struct walk *w, uint32_t raw)
{
	struct name name;
	uint32_t end;

	return read_package(w, &end) && read_name(w, &name) && skip(w, raw) &&
		open_frame(w, end, name.absolute && name.segments == 0);
}

/* A method is stepped over, but its own name counts. */
static bool define_method(struct walk *w)
{
	uint32_t end;

	if (!read_package(w, &end) || !define(w) || w->pos >= end)
		return false;
	w->pos = end;
	return true;
}

static bool skip_name(struct walk *w, uint32_t raw)
{
	struct name name;

	return read_name(w, &name) && skip(w, raw);
}

static bool skip_string(struct walk *w)
{
	const uint8_t *nul = memchr(w->aml + w->pos, 0, left(w));

	if (!nul)
		return false;
	w->pos = (uint32_t)(nul - w->aml) + 1;
	return true;
}

/* Acquire (mutex, timeout): the timeout is raw and behind an operand.  Any
 * but a plain operand would need to be parsed for its end. */
static bool skip_acquire(struct walk *w)
{
	uint8_t c = left(w) ? w->aml[w->pos] : 0;

	if (c >= OP_LOCAL0 && c <= OP_ARG6)
		return skip(w, 1 + 2);
	return skip_name(w, 2);
}

static bool extended_token(struct walk *w)
{
	uint8_t op;

	if (!left(w))
		return false;
	op = w->aml[w->pos++];
	switch (op) {
	case EXT_MUTEX:
	case EXT_REGION:
		return skip_name(w, 1);	/* flags; address space */
	case EXT_EVENT:
	case EXT_DATA_REGION:
		return skip_name(w, 0);
	case EXT_ACQUIRE:
		return skip_acquire(w);
	case EXT_FATAL:
		return skip(w, 1 + 4);	/* type, code */
	case EXT_FIELD:
	case EXT_INDEX_FIELD:
	case EXT_BANK_FIELD:
		return skip_package(w);
	case EXT_DEVICE:
	case EXT_THERMAL:
		return enter_scope(w, 0);
	case EXT_PROCESSOR:
		return enter_scope(w, 1 + 4 + 1);	/* ID, address, length */
	case EXT_POWER:
		return enter_scope(w, 1 + 2);	/* level, order */
	case EXT_REVISION:
	case EXT_DEBUG:
	case EXT_TIMER:
		return true;
	default:
		return op == EXT_COND_REF_OF || op == EXT_CREATE_FIELD ||
			(op >= EXT_LOAD_TABLE && op <= EXT_SLEEP) ||
			(op >= EXT_SIGNAL && op <= EXT_UNLOAD);
	}
}

/* Operators without raw bytes, and match operators (20.2.5.4, MatchOpcode),
 * which are raw bytes below 6. */
static bool is_plain(uint8_t op)
{
	return op < OP_ALIAS || (op >= OP_LOCAL0 && op <= OP_ARG6) ||
		(op >= OP_STORE && op <= OP_LLESS) ||
		(op >= OP_TO_BUFFER && op <= OP_TO_INTEGER) ||
		(op >= OP_TO_STRING && op <= OP_CONTINUE) ||
		(op >= OP_NOOP && op <= OP_BREAK) || op == OP_BREAK_POINT ||
		op == OP_ONES;
}

static bool other_token(struct walk *w, uint8_t op)
{
	if (is_plain(op))
		return true;
	w->pos--;	/* the first byte of a name, if anything */
	return skip_name(w, 0);
}

/* Step over one token.  False if it is none, or leaves its frame. */
static bool token(struct walk *w)
{
	uint8_t op = w->aml[w->pos++];

	switch (op) {
	case OP_NAME:
		return define(w);
	case OP_ALIAS:
		return skip_name(w, 0) && define(w);
	case OP_METHOD:
		return define_method(w);
	case OP_SCOPE:
		return enter_scope(w, 0);
	case OP_IF:
	case OP_ELSE:
	case OP_WHILE:
		return enter_block(w);
	case OP_BUFFER:
	case OP_PACKAGE:
	case OP_VAR_PACKAGE:
		return skip_package(w);
	case OP_EXTERNAL:
		return skip_name(w, 2);	/* type, arguments */
	case OP_BYTE:
		return skip(w, 1);
	case OP_WORD:
		return skip(w, 2);
	case OP_DWORD:
		return skip(w, 4);
	case OP_QWORD:
		return skip(w, 8);
	case OP_STRING:
		return skip_string(w);
	case OP_EXTENDED:
		return extended_token(w);
	default:
		return other_token(w, op);
	}
}

static void close_frames(struct walk *w)
{
	while (w->depth > 0 && w->pos == w->frame[w->depth].end)
		w->depth--;
}

void aml_walk(const uint8_t *aml, uint32_t len, struct aml_visitor *visitor)
{
	struct walk w = { .aml = aml, .visitor = visitor };

	w.frame[0].end = len;
	w.frame[0].root = true;
	while (w.pos < len) {
		uint32_t start = w.pos;
		unsigned depth = w.depth;

		if (!token(&w)) {
			/* What encloses it has a length: go on behind. */
			w.depth = depth;
			w.pos = w.frame[depth].end;
			visitor->lost(visitor, start, w.pos);
		}
		close_frames(&w);
	}
}

/* Offset behind an integer constant, or 0. */
static uint32_t skip_integer(const uint8_t *aml, uint32_t end, uint32_t at)
{
	uint32_t size;

	switch (aml[at]) {
	case OP_ZERO:
	case OP_ONE:
	case OP_ONES:
		size = 1;
		break;
	case OP_BYTE:
		size = 1 + 1;
		break;
	case OP_WORD:
		size = 1 + 2;
		break;
	case OP_DWORD:
		size = 1 + 4;
		break;
	default:
		return 0;
	}
	return size <= end - at ? at + size : 0;
}

/* Is this the rest of a Package of up to four integers? */
static bool is_sleep_package(struct walk *w)
{
	uint32_t end, at, elements = 0;
	uint8_t count;

	if (!left(w) || w->aml[w->pos++] != OP_PACKAGE ||
	    !read_package(w, &end) || w->pos == end)
		return false;
	count = w->aml[w->pos];
	for (at = w->pos + 1; at < end; elements++) {
		at = skip_integer(w->aml, end, at);
		if (at == 0)
			return false;
	}
	return count >= 1 && count <= 4 && elements >= 1 && elements <= count;
}

uint32_t aml_match_object(const uint8_t *aml, uint32_t len, uint32_t offset,
			  const char *name)
{
	struct walk w = { .aml = aml, .pos = offset + 1 };
	uint32_t end = len;
	struct name n;

	w.frame[0].end = len;
	if (aml[offset] == OP_METHOD) {
		if (!read_package(&w, &end))
			return 0;
		w.frame[0].end = end;
	} else if (aml[offset] != OP_NAME) {
		return 0;
	}
	if (!read_name(&w, &n) || n.segments != 1 || n.parent ||
	    memcmp(aml + n.last, name, AML_NAME_SEG) != 0)
		return 0;
	if (aml[offset] == OP_NAME)
		return is_sleep_package(&w) ? n.last : 0;
	/* Flags: no arguments; then a body. */
	return left(&w) > 1 && (aml[w.pos] & 7) == 0 ? n.last : 0;
}
