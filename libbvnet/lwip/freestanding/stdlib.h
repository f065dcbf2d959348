/* SPDX-License-Identifier: BSD-3-Clause */
/* What lwIP wants of <stdlib.h>: the number in an interface's name. */
#ifndef BVNET_STDLIB_H
#define BVNET_STDLIB_H

static inline int atoi(const char *s)
{
	int n = 0;

	while (*s >= '0' && *s <= '9')
		n = n * 10 + (*s++ - '0');
	return n;
}

#endif
