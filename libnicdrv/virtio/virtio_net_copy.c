/* SPDX-License-Identifier: BSD-3-Clause */
/* Bytes of scattered buffers. */
#include <string.h>
#include "virtio_net_priv.h"

/* The part of frag that begins at *offset, which counts from it on; NULL if
 * that is behind it, with *offset counting from the next. */
static void *at(const struct vring_memory *m, const struct nic_frag *frag,
		uint64_t *offset, size_t *len)
{
	void *p;

	if (*offset >= frag->len) {
		*offset -= frag->len;
		return NULL;
	}
	if (*len > frag->len - *offset)
		*len = (size_t)(frag->len - *offset);
	p = m->mem(m->ctx, frag->pa + *offset, *len);
	*offset = 0;
	return p;
}

size_t vnet_gather(const struct vring_memory *m, const struct nic_frag *frag,
		   unsigned n, uint64_t offset, void *to, size_t len)
{
	size_t done = 0;
	unsigned i;

	for (i = 0; i < n && done < len; i++) {
		size_t part = len - done;
		const void *from = at(m, &frag[i], &offset, &part);

		if (!from)
			continue;
		memcpy((uint8_t *)to + done, from, part);
		done += part;
	}
	return done;
}

size_t vnet_scatter(const struct vring_memory *m, const struct nic_frag *frag,
		    unsigned n, uint64_t offset, const void *from, size_t len)
{
	size_t done = 0;
	unsigned i;

	for (i = 0; i < n && done < len; i++) {
		size_t part = len - done;
		void *to = at(m, &frag[i], &offset, &part);

		if (!to)
			continue;
		memcpy(to, (const uint8_t *)from + done, part);
		done += part;
	}
	return done;
}

/* A word at any address, loaded and stored once: the compiler is not to make
 * a call of memcpy() of it. */
struct VMM_PACKED word {
	uint64_t value;
};

/* String instructions take as long to begin as half a segment to copy, and in
 * emulators many times as long for each step. */
void vnet_copy(void *to, const void *from, size_t len)
{
	volatile struct word *d = to;
	const volatile struct word *s = from;
	volatile uint8_t *d8;
	const volatile uint8_t *s8;

	for (; len >= 4 * sizeof(*d); len -= 4 * sizeof(*d), d += 4, s += 4) {
		uint64_t a = s[0].value, b = s[1].value;
		uint64_t c = s[2].value, e = s[3].value;

		d[0].value = a;
		d[1].value = b;
		d[2].value = c;
		d[3].value = e;
	}
	for (; len >= sizeof(*d); len -= sizeof(*d))
		(d++)->value = (s++)->value;
	for (d8 = (volatile uint8_t *)d, s8 = (const volatile uint8_t *)s; len;
	     len--)
		*d8++ = *s8++;
}
