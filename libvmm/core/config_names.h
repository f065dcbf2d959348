/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The names of a bitvisor.conf: one row for each member of struct
 * config_data.  The parser, its messages, `bvconf list` and the table of
 * docs/configuration.md are all made from these rows.
 */
#ifndef LIBVMM_CORE_CONFIG_NAMES_H
#define LIBVMM_CORE_CONFIG_NAMES_H

#include <stdbool.h>
#include <bitvisor/config.h>

enum config_type {
	CONFIG_INT,	/* int within one of the row's ranges */
	CONFIG_IPV4,	/* unsigned char[4], network order */
	CONFIG_MAC,	/* unsigned char[6] */
	CONFIG_STRING,	/* char[size], NUL-terminated, padded with NULs */
};

struct config_range {
	int min, max;	/* both included; min > max: empty */
};

struct config_name {
	const char *name;	/* dotted path of the member */
	const char *alias;	/* a second accepted name, or NULL */
	enum config_type type;
	size_t offset, size;	/* of the member in struct config_data */
	struct config_range range[2];	/* CONFIG_INT */
	const char *word;	/* a word accepted for word_value, or NULL */
	int word_value;
	const char *accepted;	/* the ranges in words, or the form */
	const char *example;	/* a value that is accepted */
	const char *doc;	/* one line */
	bool secret;		/* its value is not shown */
};

/* A name that the existing system has and this one does not. */
struct config_absent {
	const char *name;	/* ending in '.': all names that begin so */
	const char *why;
	const char *instead;	/* what to do */
};

/* Longest name, without NUL; suggestions are made up to this length. */
#define CONFIG_NAME_MAX 40

extern const struct config_name config_names[];
extern const size_t config_names_count;
extern const struct config_absent config_absent_names[];
extern const size_t config_absent_names_count;

/* The row of a name or alias, of n characters; NULL if there is none. */
const struct config_name *config_find(const char *name, size_t n);

/* The row of a known name that is not supported; NULL if there is none. */
const struct config_absent *config_find_absent(const char *name, size_t n);

/* The row that somebody who wrote this probably meant; NULL if none is near:
 * the name without its leading components, or one with few typing errors
 * (edit distance; letters compared without case). */
const struct config_name *config_nearest(const char *name, size_t n);

/* True if a CONFIG_INT row takes this value. */
bool config_int_ok(const struct config_name *row, long long value);

#endif
