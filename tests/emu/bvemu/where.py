# SPDX-License-Identifier: BSD-3-Clause
"""Where things are: the source tree, the build tree, the system's files."""

import glob
import os
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[3]
# Names this run of the tests; its forked processes have the same.
RUN = f"{os.getpid()} {time.time()}"


class Missing(Exception):
    """Something the test needs is not there; the message says what and how
    to get it."""


def build():
    """The build tree: $BV_BUILD, or the current folder if something was
    built there."""
    path = Path(os.environ.get("BV_BUILD", ".")).resolve()
    if not (path / "config.status").exists():
        raise Missing(f"{path} is no build tree: run from it or set BV_BUILD")
    return path


def built(name, hint="make"):
    """A file of the build tree."""
    path = build() / name
    if not path.exists():
        raise Missing(f"{path} is not built: run `{hint}`")
    return path


def guest_program(name):
    """An EFI program of tests/guest."""
    return built(f"tests/guest/{name}.efi", "make guest-programs")


def vmm_image(variant):
    """The ELF image of a variant."""
    return built(f"{variant}.elf")


def system_file(patterns, package):
    for pattern in patterns:
        found = sorted(glob.glob(pattern, recursive=True))
        if found:
            return Path(found[-1])
    raise Missing(f"{patterns[0]} not found: install {package}")


def firmware():
    return system_file(["/usr/share/ovmf/OVMF.fd",
                        "/usr/share/OVMF/OVMF.fd",
                        "/usr/share/edk2/x64/OVMF.fd"], "ovmf")


def flash():
    """Firmware for flash memory, which keeps variables: its code, and the
    variables of a new machine."""
    names = [("OVMF_CODE_4M.fd", "OVMF_VARS_4M.fd"),
             ("OVMF_CODE.fd", "OVMF_VARS.fd"),
             ("x64/OVMF_CODE.4m.fd", "x64/OVMF_VARS.4m.fd")]
    for folder in ("/usr/share/OVMF", "/usr/share/edk2"):
        for code, variables in names:
            pair = Path(folder, code), Path(folder, variables)
            if all(p.exists() for p in pair):
                return pair
    raise Missing("/usr/share/OVMF/OVMF_CODE_4M.fd not found: install ovmf")
