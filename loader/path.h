/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * File names on the loader's volume: UTF-16, NUL-terminated, '\' between the
 * parts, from the root.  Pure functions; what they read comes from firmware,
 * boot entries and users.
 */
#ifndef LOADER_PATH_H
#define LOADER_PATH_H

#include <stddef.h>
#include <stdint.h>

#define PATH_CHARS	1024u	/* with the NUL */

/*
 * The directory, with a '\' at its end, of the file that a device path names.
 * The last run of file-path nodes (UEFI specification, section 10.3.5.4)
 * counts; without any, the directory is the root.  At most `limit` bytes are
 * read.  Returns 0, -EBADMSG (malformed device path) or -E2BIG.
 */
int path_directory(uint16_t dir[PATH_CHARS], const void *device_path,
		   size_t limit);

/*
 * The ELF file that load options name.  UEFI Shell passes the whole command
 * line with the loader's own name in front, boot entries and GRUB pass the
 * arguments alone; so a first word that does not end in ".elf" is taken for
 * the loader's name.  Words may stand in double quotes.  Options that are no
 * UTF-16 text (some firmware passes binary data) count as none.
 * Returns 1 with the name, 0 if there is none, or -E2BIG: too many words.
 */
int path_from_options(uint16_t name[PATH_CHARS], const void *options,
		      size_t size);

/* dir + name, or name alone if it starts at the root; '/' becomes '\'.
 * Returns 0 or -E2BIG. */
int path_join(uint16_t path[PATH_CHARS], const uint16_t *dir,
	      const uint16_t *name);

/* The directory of a path, with a '\\' at its end.  Returns 0 or -E2BIG. */
int path_directory_of(uint16_t dir[PATH_CHARS], const uint16_t *path);

/* Convert UTF-8 of at most n bytes (or up to a NUL).  Returns 0, -EINVAL (not
 * UTF-8) or -E2BIG. */
int path_from_utf8(uint16_t path[PATH_CHARS], const char *text, size_t n);

#endif
