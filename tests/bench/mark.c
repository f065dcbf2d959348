/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program for the Linux guest of the bench, without a C library:
 *
 *	mark N [S]	print "MARK N <TSC>", N from 0 to 8; with S, sleep for 2 S
 *			seconds (S a digit) and do the same for N + 1
 *
 *	mark N S exits	the same with the number of exits of this processor in
 *			the place of the TSC: as guest of paniclab.elf, on Intel
 *
 * With it goes one CPUID at the address mark_site_N, whose exit, as guest,
 * the emulator's log shows with that address: it divides the log into phases.
 */
#include <stdint.h>

#define SYS_WRITE	1
#define SYS_NANOSLEEP	35
#define SYS_EXIT	60

#define SITE(n)								\
	__asm__(".globl mark_site_" #n "\n"				\
		"mark_" #n ":\n\tpush %rbx\n\txor %eax, %eax\n"		\
		"mark_site_" #n ":\n\tcpuid\n\tpop %rbx\n\tret");	\
	extern void mark_##n(void);
SITE(0) SITE(1) SITE(2) SITE(3) SITE(4) SITE(5) SITE(6) SITE(7) SITE(8)
SITE(9)

static void (*const sites[])(void) = {
	mark_0, mark_1, mark_2, mark_3, mark_4, mark_5, mark_6, mark_7,
	mark_8, mark_9,
};

static long call(long number, long a, long b, long c)
{
	long r;

	__asm__ volatile("syscall"
			 : "=a"(r) : "a"(number), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return r;
}

static uint64_t tsc(void)
{
	uint32_t lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (uint64_t)hi << 32 | lo;
}

/* RBX: an argument (vmm/hypercall.h).  The VMM reads only pages that are
 * there: touch it. */
static uint64_t vmcall(uint64_t number, const char *name)
{
	uint64_t r;

	(void)*(const volatile char *)name;
	__asm__ volatile("vmcall"
			 : "=a"(r) : "a"(number), "b"(name) : "memory");
	return r;
}

/* Asking makes two. */
static uint64_t exits(void)
{
	return vmcall(vmcall(0, "exits"), "");
}

static void print(unsigned n, uint64_t t)
{
	char text[40] = "\nMARK 0 ";
	unsigned at = sizeof(text);

	text[--at] = '\n';
	do {
		text[--at] = (char)('0' + t % 10);
		t /= 10;
	} while (t);
	text[6] = (char)('0' + n);
	(void)call(SYS_WRITE, 1, (long)text, 8);
	(void)call(SYS_WRITE, 1, (long)&text[at], (long)(sizeof(text) - at));
}

static void mark(unsigned n)
{
	uint64_t t = tsc();

	sites[n]();
	print(n, t);
}

static void mark_exits(unsigned n)
{
	print(n, exits());
}

static unsigned digit(const char *s)
{
	return (unsigned)(*s - '0') % 10;
}

__attribute__((used, noreturn)) static void run(long *stack)
{
	void (*how)(unsigned) = stack[0] > 3 ? mark_exits : mark;
	long time[2] = { 0, 0 };
	unsigned n = 8;

	if (stack[0] > 1)
		n = digit((const char *)stack[2]) % 9;
	how(n);
	if (stack[0] > 2) {
		time[0] = 2 * (long)digit((const char *)stack[3]);
		(void)call(SYS_NANOSLEEP, (long)time, 0, 0);
		how(n + 1);
	}
	for (;;)
		(void)call(SYS_EXIT, 0, 0, 0);
}

/* The kernel starts us with RSP at argc, argv[0], argv[1]... */
__asm__(".globl _start\n_start:\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n"
	"\tcall run");
