/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program for the Linux guest: moves data between it and the host's server
 * (tests/emu/bvemu/netload.py), both sides checking every byte.
 *
 *	netload get PORT MIB [soak]	receive
 *	netload put PORT MIB [soak]	send
 *
 * It prints "NETLOAD <what> <bytes> <usec> <TSC ticks> <loops>".  With soak a
 * second process of the lowest priority counts loops in all the time that the
 * processor would idle: in an emulator whose time is counted in instructions,
 * what is left over was the transfer's.  One loop is two instructions.
 *
 * The stream consists of blocks of 1 MiB, all the same but for their number in
 * the first eight bytes, so that nothing can be missing, twice or elsewhere.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BLOCK	(1u << 20)
#define HOST	"10.0.2.2"

static uint8_t pattern[BLOCK], block[BLOCK];

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* Marsaglia's xorshift, as in netload.py. */
static void make_pattern(void)
{
	uint64_t x = 1;

	for (size_t i = 0; i < BLOCK; i += sizeof(x)) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		memcpy(pattern + i, &x, sizeof(x));
	}
}

static void number(uint64_t n)
{
	memcpy(pattern, &n, sizeof(n));
}

static int dial(const char *port)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)),
	};
	int s = socket(AF_INET, SOCK_STREAM, 0);

	if (inet_pton(AF_INET, HOST, &to.sin_addr) != 1 || s < 0 ||
	    connect(s, (struct sockaddr *)&to, sizeof(to)))
		fail("connect");
	return s;
}

static void get(int s, uint64_t blocks)
{
	for (uint64_t n = 0; n < blocks; n++) {
		number(n);
		if (recv(s, block, BLOCK, MSG_WAITALL) != BLOCK)
			fail("recv");
		if (memcmp(block, pattern, BLOCK)) {
			printf("NETLOAD block %llu is damaged\n",
			       (unsigned long long)n);
			exit(1);
		}
	}
}

static void send_all(int s, const uint8_t *data, size_t left)
{
	while (left) {
		ssize_t n = send(s, data, left, 0);

		if (n <= 0)
			fail("send");
		data += n;
		left -= (size_t)n;
	}
}

/* The server's answer says that it has all. */
static void put(int s, uint64_t blocks)
{
	char answer;

	for (uint64_t n = 0; n < blocks; n++) {
		number(n);
		send_all(s, pattern, BLOCK);
	}
	if (recv(s, &answer, 1, 0) != 1 || answer != 'k')
		fail("the server's answer");
}

/* A loop is an increment and a jump. */
static pid_t soak(volatile uint64_t *loops)
{
	struct sched_param param = { 0 };
	pid_t child = fork();

	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (sched_setscheduler(0, SCHED_IDLE, &param))
		fail("sched_setscheduler");
	__asm__ volatile("1: incq (%0)\n\tjmp 1b" : : "r"(loops) : "memory");
	__builtin_unreachable();
}

static uint64_t usec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
	volatile uint64_t *loops = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
					MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t blocks, t, ticks, counted;
	pid_t child = 0;
	int s;

	if (argc < 4 || loops == MAP_FAILED)
		return 2;
	make_pattern();
	blocks = strtoull(argv[3], NULL, 10);
	s = dial(argv[2]);
	dprintf(s, "%s %llu\n", argv[1], (unsigned long long)blocks);
	if (argc > 4) {
		child = soak(loops);
		sleep(1);
	}
	counted = *loops;
	t = usec();
	ticks = __builtin_ia32_rdtsc();
	if (argv[1][0] == 'g')
		get(s, blocks);
	else
		put(s, blocks);
	ticks = __builtin_ia32_rdtsc() - ticks;
	t = usec() - t;
	counted = *loops - counted;
	if (child > 0)
		kill(child, SIGKILL);
	printf("NETLOAD %s %llu %llu %llu %llu\n", argv[1],
	       (unsigned long long)blocks * BLOCK, (unsigned long long)t,
	       (unsigned long long)ticks, (unsigned long long)counted);
	return 0;
}
