# SPDX-License-Identifier: BSD-3-Clause
"""Boot disks: a raw image with an MBR and one FAT partition, made with
mtools and without root; QEMU and Bochs both take it.  Or a plain folder for
QEMU's fat:rw:."""

import shutil
import struct
import subprocess
from pathlib import Path

SECTOR = 512
START = 2048            # sectors before the partition: 1 MiB
HEADS, SPT = 16, 63     # the geometry Bochs wants to hear about


def write_folder(folder, files):
    """files: path in the volume -> bytes, str or Path of a file to copy."""
    for name, content in files.items():
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            shutil.copyfile(content, path)
        else:
            if isinstance(content, str):
                content = content.encode()
            path.write_bytes(content)


def folder_size(folder):
    return sum(p.stat().st_size for p in Path(folder).rglob("*")
               if p.is_file())


def mbr(sectors):
    """One active partition of type 0x0c (FAT, LBA)."""
    entry = struct.pack("<B3sB3sII", 0x80, b"\xfe\xff\xff", 0x0c,
                        b"\xfe\xff\xff", START, sectors)
    return bytes(446) + entry + bytes(48) + b"\x55\xaa"


def cylinders(image):
    return Path(image).stat().st_size // SECTOR // (HEADS * SPT)


def make_image(image, files, spare_mib=8):
    """Build an image that holds files, with some room to write to."""
    image = Path(image)
    tree = image.with_suffix(".tree")
    shutil.rmtree(tree, ignore_errors=True)
    write_folder(tree, files)
    size = folder_size(tree) + (40 + spare_mib) * 1048576
    track = HEADS * SPT * SECTOR
    total = (START * SECTOR + size + track - 1) // track * track // SECTOR
    with open(image, "wb") as f:
        f.write(mbr(total - START))
        f.truncate(total * SECTOR)
    at = f"{image}@@{START * SECTOR}"
    run = lambda *cmd: subprocess.run(
        cmd, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    run("mformat", "-i", at, "-T", str(total - START), "-h", str(HEADS),
        "-s", str(SPT), "-F", "::")
    entries = sorted(str(p) for p in tree.iterdir())
    if entries:
        run("mcopy", "-i", at, "-s", "-Q", *entries, "::")
    shutil.rmtree(tree)
    return image


def read_file(image, name):
    """Content of a file of an image, after the machine has ended."""
    at = f"{image}@@{START * SECTOR}"
    return subprocess.run(["mtype", "-i", at, f"::{name}"], check=True,
                          stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE).stdout
