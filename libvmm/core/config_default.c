/* SPDX-License-Identifier: BSD-3-Clause */
/* The compiled-in configuration: the user's defconfig, found at the root of
 * the build tree or else of the source tree (libvmm/local.mk). */
#include <bitvisor/config.h>

/* The guide's example ends without a semicolon. */
#include "defconfig"
;
