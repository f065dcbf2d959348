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
