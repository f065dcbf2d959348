/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bvpasswd: make the value of vmm.dbgsh_password.
 *
 *	bvpasswd [-i ITERATIONS]	asks for the password, prints the setting
 *
 * Built from the VMM's own sources, so that both agree.
 */
#include <getopt.h>
#include <stdbool.h>
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

static int usage(FILE *to)
{
	fprintf(to, "Usage: bvpasswd [-i ITERATIONS]\n"
		"Ask for a password, twice, or read it from standard input, "
		"and print the line of\nbitvisor.conf that lets it open "
		"BitVisor's debug shell over the network.\n\n"
		"  -i, --iterations=ITERATIONS  how often the hash is "
		"repeated, %u to %u;\n"
		"                               %u if not given\n"
		"      --help                   print this\n",
		PASSWORD_ITERATIONS_MIN, PASSWORD_ITERATIONS_MAX, ITERATIONS);
	return to == stdout ? 0 : 2;
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

/* False, with a message, if the text is not such a number. */
static bool read_iterations(const char *text, uint32_t *iterations)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end ||
	    n < PASSWORD_ITERATIONS_MIN || n > PASSWORD_ITERATIONS_MAX) {
		fprintf(stderr, "bvpasswd: '%s' are no iterations; accepted "
			"are %u to %u\n", text, PASSWORD_ITERATIONS_MIN,
			PASSWORD_ITERATIONS_MAX);
		return false;
	}
	*iterations = (uint32_t)n;
	return true;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "iterations", required_argument, NULL, 'i' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	struct password_hash p = { .iterations = ITERATIONS };
	char password[MAX_PASSWORD + 3];
	int c;

	while ((c = getopt_long(argc, argv, "i:h", longs, NULL)) != -1) {
		if (c != 'i')
			return usage(c == 'h' ? stdout : stderr);
		if (!read_iterations(optarg, &p.iterations))
			return 2;
	}
	if (optind != argc) {
		fprintf(stderr, "bvpasswd: '%s' is not wanted: the password "
			"is asked for\n", argv[optind]);
		return usage(stderr);
	}
	if (ask(password, sizeof(password)))
		return 1;
	return print_setting(&p, password);
}
