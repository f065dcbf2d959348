/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An image for loadvmm.efi that is no VMM: it checks everything the loader
 * hands over, prints one line for each check and returns.  The text of
 * bitvisor.conf tells how:
 *	(none)		success
 *	chain=PATH	success, and the loader goes on with PATH
 *	fail=N TEXT	the error -N with TEXT
 * The boot processor runs it under the firmware's own page tables and stack.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <boot/handoff.h>

#define PAGE		UINT64_C(4096)
#define HEAP_BASE	(3 * UINT64_C(0x100000) + 100)
#define HEAP_PER_CPU	UINT64_C(0x2001)

__attribute__((section(".note.bitvisor"), used, aligned(4)))
static const struct {
	uint32_t namesz, descsz, type;
	char name[12];
	struct bv_image_request request;
} note = {
	sizeof(BV_NOTE_NAME), sizeof(struct bv_image_request),
	BV_NOTE_TYPE_REQUEST, BV_NOTE_NAME,
	{ BV_HANDOFF_VERSION, 0, HEAP_BASE, HEAP_PER_CPU },
};

int64_t payload_entry(struct bv_handoff *h);
int payload_marker(int x);

static const struct bv_boot_services *services;
static unsigned good, bad;

/* --- output --- */

static void print(const char *s)
{
	services->console_write(services->ctx, s, strlen(s));
}

/* A value for the test to judge. */
static void tell(const char *what, uint64_t x)
{
	char text[18];

	for (int i = 0; i < 16; i++)
		text[i] = "0123456789abcdef"[x >> (60 - 4 * i) & 15];
	text[16] = '\n';
	text[17] = '\0';
	print("payload: ");
	print(what);
	print(" ");
	print(text);
}

static void check(bool ok, const char *what)
{
	print(ok ? "payload: good: " : "payload: BAD: ");
	print(what);
	print("\n");
	*(ok ? &good : &bad) += 1;
}

/* --- image --- */

static _Alignas(8) uint8_t zeroes[3 * 4096 + 5];
static volatile uint64_t data = UINT64_C(0x123456789abcdef0);

/* Noinline and volatile: the calls go through relocated pointers. */
__attribute__((noinline)) int payload_marker(int x)
{
	return x * 3 + 1;
}

static int (*volatile function)(int) = payload_marker;
static const char *const volatile words[] = { "one", "two", "three" };

/* The heap can be large: compare words, then what is left. */
static bool all_zero(const void *p, uint64_t n)
{
	const uint64_t *words64 = p;
	const uint8_t *bytes = p;
	uint64_t i;

	for (i = 0; i < n / 8; i++)
		if (words64[i])
			return false;
	for (i *= 8; i < n; i++)
		if (bytes[i])
			return false;
	return true;
}

static bool inside(uint64_t base, uint64_t size, uint64_t in, uint64_t in_size)
{
	return base >= in && size <= in_size && base - in <= in_size - size;
}

static void check_image(const struct bv_handoff *h)
{
	check(inside((uintptr_t)zeroes, sizeof(zeroes), h->image_base,
		     h->image_size), "image span holds the image");
	check(data == UINT64_C(0x123456789abcdef0), "data copied");
	data = 1;
	check(data == 1, "data writable");
	check(all_zero(zeroes, sizeof(zeroes)), "bss zeroed");
	check(function(2) == 7, "function pointer relocated");
	check(!strcmp(words[0], "one") && !strcmp(words[2], "three"),
	      "data pointers relocated");
}

/* --- memory --- */

struct descriptor {		/* EFI_MEMORY_DESCRIPTOR */
	uint32_t type, pad;
	uint64_t start, virtual_start, pages, attribute;
};

/* Whether the map says reserved (type 0) for all of [base, base + size). */
static bool map_says_reserved(const struct bv_handoff *h)
{
	uint64_t covered = 0, end = h->reserved_base + h->reserved_size;

	for (uint64_t at = 0; at < h->memory_map_size;
	     at += h->memory_desc_size) {
		const struct descriptor *d =
			(const void *)(h->memory_map + at);
		uint64_t low = d->start, high = low + d->pages * PAGE;

		if (d->type != 0)
			continue;
		if (low < h->reserved_base)
			low = h->reserved_base;
		if (high > end)
			high = end;
		if (low < high)
			covered += high - low;
	}
	return covered == h->reserved_size;
}

static void check_memory(const struct bv_handoff *h)
{
	/* Volatile: tests write other wishes into the file. */
	const volatile struct bv_image_request *r = &note.request;
	uint64_t want = r->heap_base_size + r->heap_per_cpu * h->cpu_count;

	check(h->reserved_base % PAGE == 0 && h->reserved_size % PAGE == 0 &&
	      h->heap_base % PAGE == 0 && h->heap_size % PAGE == 0,
	      "blocks are whole pages");
	check(inside(h->image_base, h->image_size, h->reserved_base,
		     h->reserved_size), "image in reserved memory");
	check(inside(h->heap_base, h->heap_size, h->reserved_base,
		     h->reserved_size), "heap in reserved memory");
	check(h->heap_size == ((want + PAGE - 1) & ~(PAGE - 1)),
	      "heap as large as asked for");
	check(all_zero((const void *)h->heap_base, h->heap_size),
	      "heap zeroed");
	check(h->memory_desc_size >= sizeof(struct descriptor) &&
	      h->memory_map_size % h->memory_desc_size == 0,
	      "memory map has descriptors");
	check(map_says_reserved(h), "memory map says reserved");
}

/* --- symbols --- */

struct symbol {			/* Elf64_Sym */
	uint32_t name;
	uint8_t info, other;
	uint16_t section;
	uint64_t value, size;
};

static const struct symbol *find_symbol(const struct bv_handoff *h,
					const char *name)
{
	const struct symbol *s = (const void *)h->symtab;

	for (uint64_t i = 0; i < h->symtab_size / sizeof(*s); i++)
		if (s[i].name < h->strtab_size &&
		    !strcmp((const char *)h->strtab + s[i].name, name))
			return &s[i];
	return NULL;
}

static void check_symbols(const struct bv_handoff *h)
{
	const struct symbol *s = find_symbol(h, "payload_marker");

	check(inside(h->symtab, h->symtab_size, h->reserved_base,
		     h->reserved_size) &&
	      inside(h->strtab, h->strtab_size, h->reserved_base,
		     h->reserved_size), "symbols in reserved memory");
	check(s && s->value + h->image_bias == (uintptr_t)payload_marker,
	      "symbol table names addresses");
}

/* --- processors --- */

static unsigned calls;
static uint32_t apic_ids[256];

static uint32_t apic_id(void)
{
	uint32_t a = 1, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a" (a), "=b" (b), "+c" (c), "=d" (d));
	return b >> 24;
}

static BV_ABI void note_cpu(void *arg)
{
	apic_ids[calls] = apic_id();
	calls += *(unsigned *)arg;
}

static void check_cpus(const struct bv_handoff *h)
{
	unsigned step = 1;
	int64_t n = services->run_on_other_cpus(services->ctx, note_cpu, &step);
	bool distinct = true;

	check(h->cpu_count >= 1 && n == (int64_t)h->cpu_count - 1 &&
	      calls == h->cpu_count - 1, "every other processor called once");
	for (unsigned i = 0; i < calls; i++) {
		distinct &= apic_ids[i] != apic_id();
		for (unsigned j = 0; j < i; j++)
			distinct &= apic_ids[i] != apic_ids[j];
	}
	check(distinct, "each on itself");
}

/* --- firmware --- */

static void check_firmware(const struct bv_handoff *h)
{
	const struct bv_framebuffer *fb = &h->framebuffer;

	check(!memcmp((const void *)h->system_table, "IBI SYST", 8),
	      "system table");
	check(!h->rsdp20 || !memcmp((const void *)h->rsdp20, "RSD PTR ", 8),
	      "ACPI 2.0 RSDP or none");
	check(!h->rsdp10 || !memcmp((const void *)h->rsdp10, "RSD PTR ", 8),
	      "ACPI 1.0 RSDP or none");
	check(fb->format == BV_PIXEL_NONE ? fb->base == 0 :
	      fb->format <= BV_PIXEL_BGRX8 && fb->stride >= fb->width &&
	      fb->size >= UINT64_C(4) * fb->stride * fb->height,
	      "framebuffer or none");
}

/* --- what to do --- */

static void copy_line(char *to, size_t size, const char *from, uint64_t n)
{
	size_t i;

	for (i = 0; i < n && i + 1 < size && from[i] >= ' '; i++)
		to[i] = from[i];
	to[i] = '\0';
}

static int64_t obey(struct bv_handoff *h)
{
	const char *text = (const char *)h->config_text;
	uint64_t n = h->config_size;
	int64_t error = 0;

	if (n > 6 && !memcmp(text, "chain=", 6)) {
		copy_line(h->chain, sizeof(h->chain), text + 6, n - 6);
	} else if (n > 5 && !memcmp(text, "fail=", 5)) {
		for (text += 5, n -= 5; n && *text >= '0' && *text <= '9';
		     text++, n--)
			error = error * 10 + (*text - '0');
		if (n && *text == ' ') {
			text++;
			n--;
		}
		copy_line(h->error, sizeof(h->error), text, n);
	}
	return -error;
}

int64_t payload_entry(struct bv_handoff *h)
{
	if (h->magic != BV_HANDOFF_MAGIC || h->version != BV_HANDOFF_VERSION ||
	    h->size != sizeof(*h))
		return -EINVAL;
	services = (const void *)h->services;
	if (services->version != BV_HANDOFF_VERSION ||
	    services->size != sizeof(*services))
		return -EINVAL;
	check_image(h);
	check_memory(h);
	check_symbols(h);
	check_cpus(h);
	check_firmware(h);
	tell("processors", h->cpu_count);
	tell("rsdp20", h->rsdp20);
	tell("framebuffer", h->framebuffer.base);
	tell("reserved at", h->reserved_base);
	tell("image bias", h->image_bias);
	print(bad ? "payload: FAILED\n" : "payload: all good\n");
	return bad ? -EIO : obey(h);
}

/* --- what the compiler and the code above call --- */

void *memcpy(void *dst, const void *src, size_t n)
{
	void *d = dst;

	__asm__ volatile("rep movsb" : "+D" (d), "+S" (src), "+c" (n)
			 : : "memory");
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	void *d = dst;

	__asm__ volatile("rep stosb" : "+D" (d), "+c" (n) : "a" (c)
			 : "memory");
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a, *y = b;

	for (size_t i = 0; i < n; i++)
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return (unsigned char)*a - (unsigned char)*b;
}
