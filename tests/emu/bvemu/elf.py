# SPDX-License-Identifier: BSD-3-Clause
"""Changing fields of an ELF64 image, to see how the loader takes it."""

import struct

PT_DYNAMIC, PT_NOTE = 2, 4
DT_RELA = 7


class Elf:
    """An image in memory; every change gives a new one's bytes."""

    def __init__(self, data):
        self.data = bytes(data)

    def patched(self, offset, form, value):
        data = bytearray(self.data)
        struct.pack_into("<" + form, data, offset, value)
        return bytes(data)

    def field(self, offset, form):
        return struct.unpack_from("<" + form, self.data, offset)[0]

    def segment(self, kind):
        """(file offset, size in the file) of the first of its type."""
        table, count = self.field(32, "Q"), self.field(56, "H")
        for at in range(table, table + 56 * count, 56):
            if self.field(at, "I") == kind:
                return self.field(at + 8, "Q"), self.field(at + 32, "Q")
        raise ValueError(f"no program header of type {kind}")

    def relocation(self):
        """File offset of the first Elf64_Rela (for images whose headers
        are loaded at their file offset)."""
        offset, size = self.segment(PT_DYNAMIC)
        for at in range(offset, offset + size, 16):
            if self.field(at, "Q") == DT_RELA:
                return self.field(at + 8, "Q")
        raise ValueError("no DT_RELA")

    def note(self):
        """File offset of the BitVisor note."""
        offset, size = self.segment(PT_NOTE)
        return self.data.index(b"BitVisor\0", offset, offset + size) - 12

    # The ways to break or change it, named as the tests name them.

    def machine(self, number):
        return self.patched(18, "H", number)

    def kind(self, number):
        return self.patched(16, "H", number)

    def relocation_type(self, number):
        return self.patched(self.relocation() + 8, "Q", number)

    def relocation_target(self, address):
        return self.patched(self.relocation(), "Q", address)

    def handoff_version(self, number):
        return self.patched(self.note() + 24, "I", number)

    def heap(self, size):
        return self.patched(self.note() + 32, "Q", size)

    def without_note(self):
        return self.patched(self.note() + 8, "I", 0x7fff)
