/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bvpasswd: make the value of vmm.dbgsh_password.
 *
 *	bvpasswd [-i ITERATIONS]	asks for the password, prints the setting
 *
 * Built from the VMM's own sources, so that both agree.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <termios.h>
#include <unistd.h>
#include <bvnet/password.h>

#define ITERATIONS	50000u
#define SALT_BYTES	16u
#define MAX_PASSWORD	99u	/* what the login takes */

static int usage(void)
{
	fprintf(stderr, "usage: bvpasswd [-i ITERATIONS]\n"
		"Ask for a password and print the setting that lets it open "
		"BitVisor's debug\nshell over the network.  ITERATIONS (%u to "
		"%u, %u) is how long it takes to try one.\n",
		PASSWORD_ITERATIONS_MIN, PASSWORD_ITERATIONS_MAX, ITERATIONS);
	return 2;
}

/* A line of standard input, without echo if that is a terminal. */
static int read_password(const char *prompt, char *line, size_t size)
{
	struct termios saved, quiet;
	int terminal = !tcgetattr(STDIN_FILENO, &saved);
	char *got;

	if (terminal) {
		quiet = saved;
		quiet.c_lflag &= (tcflag_t)~ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
		fputs(prompt, stderr);
	}
	got = fgets(line, (int)size, stdin);
	if (terminal) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved);
		fputc('\n', stderr);
	}
	if (!got || !*line) {
		fputs("bvpasswd: no password\n", stderr);
		return -1;
	}
	line[strcspn(line, "\n")] = '\0';
	return terminal;
}

/* The password, typed twice at a terminal.  0 or -1, with a message. */
static int ask(char *password, size_t size)
{
	char again[MAX_PASSWORD + 3];
	int terminal = read_password("Password: ", password, size);
	size_t n;

	if (terminal < 0)
		return -1;
	n = strlen(password);
	if (!n || n > MAX_PASSWORD) {
		fprintf(stderr, "bvpasswd: a password has 1 to %u "
			"characters\n", MAX_PASSWORD);
		return -1;
	}
	for (size_t i = 0; i < n; i++) {
		if (password[i] < ' ' || password[i] == 0x7f) {
			fputs("bvpasswd: only printable ASCII, which every "
			      "terminal sends alike\n", stderr);
			return -1;
		}
	}
	if (terminal && (read_password("Again: ", again, sizeof(again)) < 0 ||
			 strcmp(password, again))) {
		fputs("bvpasswd: the two differ\n", stderr);
		return -1;
	}
	return 0;
}

static void print_hex(const uint8_t *bytes, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		printf("%02x", bytes[i]);
}

static int print_setting(struct password_hash *p, const char *password)
{
	struct password_work work;

	p->salt_len = SALT_BYTES;
	if (getrandom(p->salt, p->salt_len, 0) != (ssize_t)p->salt_len) {
		perror("bvpasswd: random numbers");
		return 1;
	}
	password_begin(&work, p, password, strlen(password));
	password_step(&work, p->iterations);
	printf("vmm.dbgsh_password=pbkdf2-sha256$%u$", p->iterations);
	print_hex(p->salt, p->salt_len);
	putchar('$');
	print_hex(work.hash, SHA256_BYTES);
	putchar('\n');
	return fflush(stdout) ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct password_hash p = { .iterations = ITERATIONS };
	char password[MAX_PASSWORD + 3];
	char *end;
	int c;

	while ((c = getopt(argc, argv, "i:")) != -1) {
		unsigned long n;

		if (c != 'i')
			return usage();
		n = strtoul(optarg, &end, 10);
		if (*optarg < '0' || *optarg > '9' || *end ||
		    n < PASSWORD_ITERATIONS_MIN || n > PASSWORD_ITERATIONS_MAX)
			return usage();
		p.iterations = (uint32_t)n;
	}
	if (optind != argc)
		return usage();
	if (ask(password, sizeof(password)))
		return 1;
	return print_setting(&p, password);
}
