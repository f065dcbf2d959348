/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * usage: insn_corpus MODE <LISTING
 * Decode each instruction of a listing, for code of MODE (16, 32, 64) bits, of
 * `objdump -d --insn-width=15 -M intel64`.  Writes what is decoded to another length
 * and the number of instructions; fails if there was any such, or nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmm/insn.h>

/* The hexadecimal bytes between the first two tabs; 0 if there are none. */
static unsigned listed_bytes(const char *line, uint8_t *bytes, unsigned max)
{
	const char *p = strchr(line, '\t');
	unsigned n = 0, value;
	int used;

	while (p && n < max && sscanf(p, " %2x%n", &value, &used) == 1 &&
	       strchr(" \t\n", p[used])) {
		bytes[n++] = (uint8_t)value;
		p += used;
		if (strchr(p, '\t') == p + strspn(p, " "))
			break;
	}
	return n;
}

/* How many characters of the text are names of prefixes? */
static size_t prefixes(const char *text)
{
	static const char names[] = " es cs ss ds fs gs data16 data32 addr16"
		" addr32 lock repz repnz rep bnd notrack xacquire xrelease ";
	char word[32], spaced[40];
	size_t length = 0;
	int used;

	while (sscanf(text + length, "%31s%n", word, &used) == 1) {
		snprintf(spaced, sizeof(spaced), " %s ", word);
		if (!strstr(names, spaced) && strncmp(word, "rex", 3) != 0)
			break;
		length += (size_t)used;
	}
	return length;
}

/* What objdump takes for an instruction in places where there is data:
 *  - prefixes in front of what is none, or behind FWAIT;
 *  - VEX and EVEX behind REX, LOCK, 66, F2, F3: #UD (SDM vol. 2, 2.3.2);
 *  - MOV of the test registers of the 386. */
static bool is_instruction(const char *line)
{
	const char *text = strrchr(line, '\t') + 1;
	size_t n = prefixes(text);

	return !strstr(text, "(bad)") && !strstr(text, ".byte") &&
		!strstr(text, "%tr") && text[n] && text[n] != '\n' &&
		(!n || (strncmp(text + n, " v", 2) != 0 &&
			strncmp(text + n, " fwait", 6) != 0));
}

/* Objdump takes FWAIT for a prefix of what follows. */
static int decode(struct vmm_insn *insn, const uint8_t *bytes, unsigned n,
		  unsigned mode)
{
	int rc = vmm_insn_decode(insn, bytes, n, mode);
	unsigned done = insn->len;

	if (rc || done == n || bytes[done - 1] != 0x9b)
		return rc;
	rc = vmm_insn_decode(insn, bytes + done, n - done, mode);
	insn->len += done;
	return rc;
}

int main(int argc, char **argv)
{
	unsigned mode = argc == 2 ? (unsigned)atoi(argv[1]) : 0;
	unsigned long count = 0, wrong = 0;
	char line[512];

	if (mode != 16 && mode != 32 && mode != 64) {
		fprintf(stderr, "usage: insn_corpus 16|32|64 <LISTING\n");
		return 2;
	}
	while (fgets(line, sizeof(line), stdin)) {
		uint8_t bytes[32];
		unsigned n = listed_bytes(line, bytes, sizeof(bytes));
		struct vmm_insn insn;
		int rc;

		if (!n || !is_instruction(line))
			continue;
		count++;
		rc = decode(&insn, bytes, n, mode);
		if (!rc && insn.len == n)
			continue;
		wrong++;
		printf("%d, length %u: %s", rc, rc ? 0 : insn.len, line);
	}
	printf("%lu instructions, %lu wrong\n", count, wrong);
	return !count || wrong;
}
