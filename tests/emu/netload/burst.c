/* SPDX-License-Identifier: BSD-3-Clause */
/* A program for the Linux guest on AMD: burst N: the hypercall of that name of
 * tests/emu/netlab. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t vmmcall(uint64_t number, uint64_t argument)
{
	__asm__ volatile("vmmcall"
			 : "+a"(number) : "b"(argument) : "memory");
	return number;
}

int main(int argc, char **argv)
{
	/* The VMM reads only pages that are there. */
	static volatile char name[] = "burst";
	uint64_t number;

	(void)name[0];
	number = vmmcall(0, (uintptr_t)name);
	if (argc < 2 || !number)
		return 1;
	vmmcall(number, strtoull(argv[1], NULL, 10));
	puts("BURST done");
	return 0;
}
