/* SPDX-License-Identifier: BSD-3-Clause */
/* Compiles the guide's defconfig the way config_default.c does. */
#include <bitvisor/config.h>

#include "defconfig-guide"
