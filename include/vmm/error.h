/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Error values.  A function that can fail returns a negative errno (values
 * as in <errno.h>) and is marked VMM_MUST_CHECK.  The place that first finds
 * the error returns VMM_ERROR(EINVAL) instead of -EINVAL: that notes its file
 * and line, and whoever reports the failure to the user prints the note.
 */
#ifndef VMM_ERROR_H
#define VMM_ERROR_H

#include <errno.h>
#include <vmm/compiler.h>

VMM_BEGIN_DECLS

/* Where the latest error of this machine came from; for messages only. */
struct vmm_error_origin {
	const char *file;
	int line;
	int error;	/* negative errno */
};

/* Note the origin; returns -error.  Any CPU, any context; never fails. */
int vmm_error_at(int error, const char *file, int line);

/* The latest note (file NULL if there is none). */
struct vmm_error_origin vmm_error_origin(void);

/* Name of an errno ("EINVAL"), "E?" for unknown ones.  Takes either sign. */
const char *vmm_error_name(int error);

#define VMM_ERROR(e) vmm_error_at((e), __FILE_NAME__, __LINE__)

VMM_END_DECLS

#endif
