/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All opcodes of all maps, with all ModRM bytes and many prefixes, in all
 * modes, against the reference.
 */
#include <stdio.h>
#include <string.h>
#include <vmm/compiler.h>
#include <vmm/insn.h>
#include "insn_reference.h"

#define SHOWN 20

static unsigned long tried, wrong;

/* Bytes behind the opcode: SIB, displacement, immediate. */
static const uint8_t tail[] = {
	0x25, 0x81, 0xc2, 0x93, 0x44, 0x75, 0xf6, 0x27, 0x18, 0x09,
};
static const unsigned modes[] = { 16, 32, 64 };

static void try(const uint8_t *head, unsigned n, unsigned mode)
{
	uint8_t bytes[VMM_INSN_MAX];
	char text[160];

	memcpy(bytes, head, n);
	for (unsigned i = 0; n + i < sizeof(bytes); i++)
		bytes[n + i] = tail[i % sizeof(tail)];
	tried++;
	if (insn_reference_agrees(bytes, sizeof(bytes), mode, text,
				  sizeof(text)) || wrong++ >= SHOWN)
		return;
	printf("%u bits:", mode);
	for (unsigned i = 0; i < sizeof(bytes); i++)
		printf(" %02x", bytes[i]);
	printf(": %s\n", text);
}

/* Prefixes, an escape, any opcode, any ModRM byte */
static void legacy(const char *prefixes, const char *escape, unsigned mode)
{
	uint8_t head[8];
	unsigned n = 0;

	memcpy(head, prefixes, strlen(prefixes));
	n += (unsigned)strlen(prefixes);
	memcpy(head + n, escape, strlen(escape));
	n += (unsigned)strlen(escape);
	for (unsigned i = 0; i < 0x10000; i++) {
		head[n] = (uint8_t)(i >> 8);
		head[n + 1] = (uint8_t)i;
		try(head, n + 2, mode);
	}
}

static void legacy_maps(void)
{
	static const char *const prefixes[] = {
		"", "\x66", "\x67", "\xf2", "\xf3", "\xf0", "\x48", "\x4f",
		"\x42", "\x66\x48", "\x66\x67", "\xf3\x48", "\x64\x67", "\x2e",
		"\x65\x26", "\x66\xf3", "\xf3\xf2", "\x48\x66", "\x67\xf2\x66",
	};
	static const char *const escapes[] = {
		"", "\x0f", "\x0f\x38", "\x0f\x3a",
	};

	for (unsigned m = 0; m < VMM_ARRAY_SIZE(modes); m++)
		for (unsigned p = 0; p < VMM_ARRAY_SIZE(prefixes); p++)
			for (unsigned e = 0; e < VMM_ARRAY_SIZE(escapes); e++)
				legacy(prefixes[p], escapes[e], modes[m]);
}

static const uint8_t forms[] = { 0x44, 0xc8, 0x05, 0x93 };

/* VEX and XOP of three bytes: any map, vvvv all or none */
static void vex(uint8_t escape, unsigned mode)
{
	for (unsigned i = 0; i < 16 * 256 * 32; i++) {
		unsigned map = i & 15, opcode = i >> 4 & 255, bits = i >> 12;
		uint8_t head[5] = {
			escape, (uint8_t)(0xe0 | map),
			/* W, L, pp; vvvv */
			(uint8_t)((bits & 8) << 4 | (bits & 7) |
				  (bits & 16 ? 0x78 : 0x30)),
			(uint8_t)opcode,
		};

		for (unsigned f = 0; f < sizeof(forms); f++) {
			head[4] = (uint8_t)(forms[f] | (opcode << 3 & 0x38));
			head[1] ^= mode == 64 && f == 3 ? 0x60 : 0;
			try(head, sizeof(head), mode);
		}
	}
}

static void evex(unsigned mode)
{
	for (unsigned i = 0; i < 8 * 256 * 64; i++) {
		unsigned map = i & 7, opcode = i >> 3 & 255, bits = i >> 11;
		uint8_t head[6] = {
			0x62, (uint8_t)(0xf0 | map),
			/* W, pp; vvvv; broadcast, length, mask */
			(uint8_t)((bits & 4) << 5 | (bits & 3) | 4 |
				  (bits & 8 ? 0x78 : 0x30)),
			(uint8_t)((bits & 48) << 1 | (bits & 16 ? 8 : 9)),
			(uint8_t)opcode,
		};

		for (unsigned f = 0; f < sizeof(forms); f++) {
			head[5] = (uint8_t)(forms[f] | (opcode << 3 & 0x38));
			try(head, sizeof(head), mode);
		}
	}
}

/* `part` of what was tried, in per cent, has to be known to the reference: it
 * must not be a reference that refuses all. */
static void report(const char *what, unsigned long part)
{
	printf("%s: %lu encodings, %lu instructions, %lu differ\n", what,
	       tried, insn_reference_known, wrong);
	if (insn_reference_known * 100 < tried * part) {
		printf("%s: less than %lu %% are instructions\n", what, part);
		wrong++;
	}
}

int main(void)
{
	legacy_maps();
	report("legacy", 30);
	tried = insn_reference_known = 0;
	for (unsigned m = 0; m < VMM_ARRAY_SIZE(modes); m++) {
		vex(0xc4, modes[m]);
		vex(0x8f, modes[m]);
	}
	report("VEX and XOP", 2);
	tried = insn_reference_known = 0;
	for (unsigned m = 0; m < VMM_ARRAY_SIZE(modes); m++)
		evex(modes[m]);
	report("EVEX", 2);
	return wrong != 0;
}
