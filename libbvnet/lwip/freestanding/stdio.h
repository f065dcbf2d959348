/* SPDX-License-Identifier: BSD-3-Clause */
/* lwIP 2.2 includes it for checks of its own heap, which is not used. */
