/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The guest page walk on any CPU state and any tables.  Input: a struct
 * vmm_walk_state, the linear address (8 bytes), the kind of access (1 byte);
 * the rest is physical memory, repeated over all addresses.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vmm/gmem.h>
#include <vmm/x86.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(x) do { if (!(x)) abort(); } while (0)

struct input {
	struct vmm_walk_state st;
	uint64_t linear;
	uint8_t access;
};

struct memory {
	const uint8_t *data;
	size_t size;
	unsigned reads;
};

static bool read_memory(void *ctx, uint64_t pa, void *buf, unsigned size)
{
	struct memory *mem = ctx;
	uint64_t at = pa % mem->size;

	REQUIRE(size == 4 || size == 8);
	REQUIRE(pa % size == 0);
	REQUIRE(++mem->reads <= 5);
	if (at > mem->size - size)
		return false;
	memcpy(buf, mem->data + at, size);
	return true;
}

static void check_page(const struct input *in,
		       const struct vmm_walk_result *res)
{
	unsigned phys_bits = in->st.phys_bits;

	phys_bits = phys_bits < 32 ? 32 : phys_bits > 52 ? 52 : phys_bits;
	REQUIRE(res->page_size == 4096 || res->page_size == 1u << 21 ||
		res->page_size == 1u << 22 || res->page_size == 1u << 30);
	REQUIRE(!((res->pa ^ in->linear) & (res->page_size - 1)));
	REQUIRE(res->pa >> phys_bits == 0);
}

static void check_fault(const struct input *in,
			const struct vmm_walk_result *res)
{
	REQUIRE(in->st.cr0 & X86_CR0_PG);
	REQUIRE(!(res->error_code & ~0x3fu));
	REQUIRE((res->error_code & 1) || !(res->error_code & 0x28));
	REQUIRE(!(res->error_code & 2) == !(in->access & VMM_ACCESS_WRITE));
	REQUIRE(!(res->error_code & 0x10) || (in->access & VMM_ACCESS_FETCH));
}

static int run(const struct input *in, unsigned access, struct memory *mem,
	       struct vmm_walk_result *res)
{
	mem->reads = 0;
	return vmm_walk(&in->st, in->linear, access, read_memory, mem, res);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t head = sizeof(struct vmm_walk_state) + 9;
	struct vmm_walk_result res, as_read;
	struct memory mem;
	struct input in;
	int error;

	if (size < head + 8)
		return 0;
	memcpy(&in.st, data, sizeof(in.st));
	memcpy(&in.linear, data + sizeof(in.st), 8);
	in.access = data[head - 1] & 7;
	if (in.access & VMM_ACCESS_WRITE)	/* no access is both */
		in.access &= ~VMM_ACCESS_FETCH;
	mem.data = data + head;
	mem.size = size - head;
	error = run(&in, in.access, &mem, &res);
	REQUIRE(error == 0 || error == -EFAULT || error == -ERANGE);
	if (error == 0)
		check_page(&in, &res);
	else if (error == -EFAULT)
		check_fault(&in, &res);
	/* What may be written may be read, at the same place. */
	if (error == 0 && (in.access & VMM_ACCESS_WRITE)) {
		error = run(&in, in.access & VMM_ACCESS_IMPLICIT, &mem,
			    &as_read);
		REQUIRE(error == 0 && as_read.pa == res.pa);
	}
	return 0;
}
