/* SPDX-License-Identifier: BSD-3-Clause */
/* Registry and dispatch of hypercalls. */
#include <core/core_priv.h>
#include <errno.h>
#include <string.h>
#include <vmm/error.h>
#include <vmm/gmem.h>
#include <vmm/hypercall.h>
#include <vmm/vcpu.h>
#include <vmm/x86.h>

#define MAX_CALLS	128
#define MAX_NAME	256	/* with its NUL */

struct entry {
	const char *name;
	vmm_hypercall_fn fn;
	void *ctx;
	unsigned flags;
};

static struct {
	unsigned count;
	struct entry entry[MAX_CALLS];
} calls;

/* Number of a name, 0 if unknown.  Number n is entry n - 1. */
static unsigned find_call(const char *name)
{
	for (unsigned i = 0; i < calls.count; i++)
		if (!strcmp(calls.entry[i].name, name))
			return i + 1;
	return 0;
}

int vmm_hypercall_register(const char *name, vmm_hypercall_fn fn, void *ctx,
			   unsigned flags)
{
	if (!name || !fn || !*name || strlen(name) >= MAX_NAME ||
	    (flags & ~VMM_HYPERCALL_PRIVILEGED))
		return VMM_ERROR(EINVAL);
	if (find_call(name))
		return VMM_ERROR(EEXIST);
	if (calls.count == MAX_CALLS)
		return VMM_ERROR(ENOSPC);
	calls.entry[calls.count++] = (struct entry){ name, fn, ctx, flags };
	return 0;
}

/* --- who may call --- */

#define TSS_IO_MAP_BASE	0x66u	/* in 32- and 64-bit TSS alike:
				 * SDM vol. 3, figures 8-2 and 8-11 */
#define TSS_TYPE_MASK	0x1fu	/* with the S bit, 0 for system segments */
#define TSS_AVAILABLE	0x09u
#define TSS_BUSY	0x0bu

/* Read a part of the guest's TSS as its processor would. */
static bool read_tss(struct vmm_vcpu *v, const struct vmm_segment *tr,
		     uint32_t offset, void *buf, uint32_t n)
{
	/* The limit is the offset of the last byte. */
	if (offset > tr->limit || n - 1 > tr->limit - offset)
		return false;
	return vmm_gva_read(v, tr->base + offset, buf, n,
			    VMM_ACCESS_READ | VMM_ACCESS_IMPLICIT, NULL,
			    NULL) == 0;
}

/* Does the I/O permission bitmap of the guest's task open the port?  The
 * processor always reads two bytes of it, both of which must be within the
 * limit (SDM vol. 1, 19.5.2 "I/O Permission Bit Map"). */
static bool io_bitmap_opens(struct vmm_vcpu *v, uint16_t port)
{
	struct vmm_segment tr;
	uint16_t base;
	uint8_t bits[2];

	vmm_vcpu_get_seg(v, VMM_SEG_TR, &tr);
	if ((tr.attr & VMM_SEG_UNUSABLE) ||
	    ((tr.attr & TSS_TYPE_MASK) != TSS_AVAILABLE &&
	     (tr.attr & TSS_TYPE_MASK) != TSS_BUSY))
		return false;
	if (!read_tss(v, &tr, TSS_IO_MAP_BASE, &base, sizeof(base)) ||
	    !read_tss(v, &tr, base + port / 8u, bits, sizeof(bits)))
		return false;
	return !(bits[0] & 1u << port % 8);
}

/* The rule for IN and OUT (SDM vol. 1, 19.5 "Protected-Mode I/O"; vol. 3,
 * 21.3 for virtual-8086 mode, where IOPL does not count). */
static bool may_do_port_io(struct vmm_vcpu *v, uint16_t port)
{
	uint64_t rflags = vmm_vcpu_get(v, VMM_REG_RFLAGS);
	unsigned iopl = rflags >> X86_RFLAGS_IOPL_SHIFT & 3;
	struct vmm_segment cs;

	if (!(vmm_vcpu_get(v, VMM_REG_CR0) & X86_CR0_PE))
		return true;
	if (!(rflags & X86_RFLAGS_VM)) {
		/* CPL is CS.RPL; SS.DPL is not kept up by AMD's SYSRET. */
		vmm_vcpu_get_seg(v, VMM_SEG_CS, &cs);
		if ((cs.selector & 3u) <= iopl)
			return true;
	}
	return io_bitmap_opens(v, port);
}

/* --- calls --- */

/* Read the name at a linear address, as the caller itself could, page by
 * page: what is behind its end need not be readable. */
static bool read_name(struct vmm_vcpu *v, uint64_t linear, char *name)
{
	size_t got = 0;

	while (got < MAX_NAME) {
		size_t n = VMM_PAGE_SIZE - ((linear + got) & VMM_PAGE_MASK);

		if (n > MAX_NAME - got)
			n = MAX_NAME - got;
		if (vmm_gva_read(v, linear + got, name + got, n,
				 VMM_ACCESS_READ, NULL, NULL))
			return false;
		if (memchr(name + got, '\0', n))
			return true;
		got += n;
	}
	return false;
}

static unsigned number_of_name(struct vmm_vcpu *v, uint64_t linear)
{
	char name[MAX_NAME];

	return read_name(v, linear, name) ? find_call(name) : 0;
}

bool vmm_hypercall_is_64bit(struct vmm_vcpu *v)
{
	struct vmm_segment cs;

	if (!(vmm_vcpu_get(v, VMM_REG_EFER) & X86_EFER_LMA))
		return false;
	vmm_vcpu_get_seg(v, VMM_SEG_CS, &cs);
	return cs.attr & VMM_SEG_ATTR_L;
}

void vmm_hypercall_dispatch(struct vmm_vcpu *v)
{
	/* Elsewhere the upper halves of registers mean nothing. */
	uint64_t mask = vmm_hypercall_is_64bit(v) ? UINT64_MAX : UINT32_MAX;
	uint64_t number = vmm_vcpu_get(v, VMM_REG_RAX) & mask;
	const struct entry *e;

	if (number == 0 || number > calls.count) {
		uint64_t name = vmm_vcpu_get(v, VMM_REG_RBX) & mask;

		vmm_vcpu_set(v, VMM_REG_RAX,
			     number ? 0 : number_of_name(v, name));
		return;
	}
	e = &calls.entry[number - 1];
	if ((e->flags & VMM_HYPERCALL_PRIVILEGED) &&
	    !may_do_port_io(v, VMM_PRIVILEGE_PORT)) {
		vmm_vcpu_set(v, VMM_REG_RAX, 0);
		return;
	}
	e->fn(v, e->ctx);
}
