# SPDX-License-Identifier: BSD-3-Clause
"""Harness of the emulator tests: disks, emulators, guests and test cases."""
