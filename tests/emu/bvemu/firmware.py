# SPDX-License-Identifier: BSD-3-Clause
"""Programs inside the firmware's image: its UEFI shell, for a stick that has
it as a file.  Formats: Platform Initialization specification, volume 3."""

import lzma
import struct
import uuid
from pathlib import Path

from . import where

SHELL = uuid.UUID("7c04a583-9e3e-4f1c-ad65-e05268d0b4d1").bytes_le
LZMA = uuid.UUID("ee4e5898-3914-4259-9d6e-dc7bd79403cf").bytes_le
GUIDED, PE32, VOLUME = 0x02, 0x10, 0x17     # types of sections


def sections(data):
    """(type, header and content) of a list of sections, 4-byte aligned."""
    at = 0
    while at + 4 <= len(data):
        size = int.from_bytes(data[at:at + 3], "little")
        head = 4
        if size == 0xffffff:
            size, head = struct.unpack_from("<I", data, at + 4)[0], 8
        if size < head:
            return
        yield data[at + 3], data[at + head:at + size]
        at = (at + size + 3) & ~3


def files(volume):
    """(name, content) of the files of a firmware volume."""
    length, = struct.unpack_from("<Q", volume, 32)
    at = struct.unpack_from("<H", volume, 48)[0]
    extended = struct.unpack_from("<H", volume, 52)[0]
    if extended:
        at = extended + struct.unpack_from("<I", volume, extended + 16)[0]
    while True:
        at = (at + 7) & ~7
        if at + 24 > min(length, len(volume)):
            return
        head = 24
        size = int.from_bytes(volume[at + 20:at + 23], "little")
        if volume[at + 19] & 1:     # a large file
            size, head = struct.unpack_from("<Q", volume, at + 24)[0], 32
        if size < head or volume[at:at + 16] == b"\xff" * 16:
            return
        yield volume[at:at + 16], volume[at + head:at + size]
        at += size


def search(volume):
    for name, content in files(volume):
        for kind, data in sections(content):
            if name == SHELL and kind == PE32:
                return data
            found = inside(kind, data)
            if found:
                return found
    return None


def inside(kind, data):
    """The shell in a section that holds further ones, or a volume."""
    if kind == VOLUME:
        return search(data)
    if kind == GUIDED and data[:16] == LZMA:
        offset = struct.unpack_from("<H", data, 16)[0] - 4
        unpacked = lzma.decompress(data[offset:], lzma.FORMAT_ALONE)
        for inner, content in sections(unpacked):
            found = inside(inner, content)
            if found:
                return found
    return None


def shell():
    """The shell as an EFI program."""
    image = Path(where.firmware()).read_bytes()
    at = image.find(b"_FVH")
    while at >= 0:
        found = search(image[at - 40:])
        if found:
            return found
        at = image.find(b"_FVH", at + 4)
    raise where.Missing(f"no UEFI shell in {where.firmware()}")
