/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program for the Linux guest, without a C library: start another kernel
 * from the running one.
 *
 *	kexec KERNEL INITRD ARGUMENTS		now
 *	kexec KERNEL INITRD ARGUMENTS crash	when this one panics (it needs
 *						crashkernel=)
 *
 * It exits with the errno of what failed.
 */
#include <stddef.h>

#define SYS_OPEN		2
#define SYS_EXIT		60
#define SYS_REBOOT		169
#define SYS_KEXEC_FILE_LOAD	320
#define ON_CRASH		2	/* KEXEC_FILE_ON_CRASH */
#define MAGIC1			0xfee1deadL
#define MAGIC2			0x28121969L
#define REBOOT_KEXEC		0x45584543L

static long call(long number, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	long r;

	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10),
			   "r"(r8)
			 : "rcx", "r11", "memory");
	return r;
}

static long open(const char *name)
{
	return call(SYS_OPEN, (long)name, 0, 0, 0, 0);
}

static long size_with_end(const char *s)
{
	long n = 1;

	while (*s++)
		n++;
	return n;
}

static long load(char **argv, long flags)
{
	long kernel = open(argv[1]), initrd = open(argv[2]);

	if (kernel < 0)
		return kernel;
	if (initrd < 0)
		return initrd;
	return call(SYS_KEXEC_FILE_LOAD, kernel, initrd,
		    size_with_end(argv[3]), (long)argv[3], flags);
}

__attribute__((used, noreturn)) static void run(long *stack)
{
	long argc = stack[0], rc = -22;		/* EINVAL */

	if (argc == 4 || argc == 5)
		rc = load((char **)&stack[1], argc == 5 ? ON_CRASH : 0);
	if (rc == 0 && argc == 4)
		rc = call(SYS_REBOOT, MAGIC1, MAGIC2, REBOOT_KEXEC, 0, 0);
	for (;;)
		(void)call(SYS_EXIT, -rc, 0, 0, 0, 0);
}

/* The kernel starts us with RSP at argc, argv[0], argv[1]... */
__asm__(".globl _start\n_start:\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n"
	"\tcall run");
