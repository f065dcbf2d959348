/* SPDX-License-Identifier: BSD-3-Clause */
/* The instruction decoder against the reference.  Input: mode, instruction. */
#include <stdio.h>
#include <stdlib.h>
#include "../unit/insn_reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t modes[4] = { 16, 32, 64, 64 };
	char text[160];

	if (size < 2)
		return 0;
	if (!insn_reference_agrees(data + 1, (unsigned)size - 1,
				   modes[data[0] & 3], text, sizeof(text))) {
		fprintf(stderr, "%s\n", text);
		abort();
	}
	return 0;
}
