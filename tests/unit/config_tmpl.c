/* SPDX-License-Identifier: BSD-3-Clause */
/* The template as the compiled-in configuration, whatever defconfig says. */
#include <bitvisor/config.h>

#include "defconfig.tmpl"
