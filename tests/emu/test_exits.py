# SPDX-License-Identifier: BSD-3-Clause
"""Records of exits, of both vendors' machines, by the variant of
tests/emu/exitlab.  tests/unit/record_test.c replays those that are kept in
tests/unit/exits; here they are made again and compared with them."""

import re
import shutil

from bvemu import flow, probe, where
from bvemu.bochs import Bochs
from bvemu.case import Skip, test
from bvemu.qemu import Qemu

KEPT = where.SOURCE / "tests/unit/exits"
INTEL, AMD = "corei7_haswell_4770", "ryzen"
HEAD = """\
# SPDX-License-Identifier: BSD-3-Clause
# Exits of probe.efi's groups "exits...", as recorded on {machine} by
# tests/emu/run long/exits/{kept_as} (see tests/emu/exitlab/main.c).
# case: what the guest executes; exit: what the hardware recorded, its answers
# to the VMM, what the guest goes on with; guest: what the guest saw.
# Numbers are hexadecimal; those that are 0 are left out.
"""
LINE = re.compile(r"^(?:PROBE (begin|case|exits)[ .](.*)|EXIT (.*))$")
# What says which exit it is, wherever in memory the guest is.
SAME = re.compile(r"\b(code|reason|length|vectoring|intinfo)=\S+")


def record(text):
    """The text of the guest's and the VMM's output as a record: of each case
    the first exit."""
    lines, case, found = [], None, {}
    for line in text.splitlines():
        match = LINE.match(line)
        if not match:
            continue
        kind, rest, an_exit = match.groups()
        if kind == "begin":
            lines.append(f"vmm {rest}")
        elif kind == "case":
            case, found[rest] = rest, []
            lines.append(f"case {rest}")
        elif an_exit and case and not found[case]:
            found[case] = [m[0] for m in SAME.finditer(
                an_exit.split(" ; ")[0])]
            lines.append(f"exit {an_exit}")
        elif kind == "exits" and case:
            found[case].append(rest.split(" ")[1])
            lines.append(f"guest {rest.split(' ', 1)[1]}")
            case = None
    return "\n".join(lines) + "\n", found


def kept(name):
    """What is to be the same of the record in the source tree."""
    found = {}
    for line in (KEPT / name).read_text().splitlines():
        word, _, rest = line.partition(" ")
        if word == "case":
            case, found[rest] = rest, []
        elif word == "exit":
            found[case] = [m[0] for m in SAME.finditer(rest.split(" ; ")[0])]
        elif word == "guest":
            found[case].append(rest.split(" ")[0])
    return found


def make(t, kept_as, machine, name, groups, **more):
    disk = probe.files(groups, "minimal")
    disk["bitvisor/bitvisor.elf"] = where.built("tests/emu/exitlab.elf",
                                                "make guest-programs")
    with machine(t.folder, disk, **more) as m:
        end = m.wait_port(r"^PROBE (end|crash.*)$")
        m.wait_exit()
        t.equal(end[1], "end", "end of probe.efi")
        text, found = record(m.port.text())
    head = HEAD.format(machine=name, kept_as=kept_as)
    (t.folder / kept_as).write_text(head + text)
    t.equal(found, kept(kept_as), f"record kept in {KEPT / kept_as}")


def need_bochs():
    if not shutil.which("bochs"):
        raise Skip("bochs is not installed: packages bochs, bochsbios")


@test("long/exits/svm-qemu")
def svm(t):
    make(t, "svm-qemu", Qemu, "QEMU", "exits exits-memory", time_limit=120)


@test("long/exits/svm-bochs")
def svm_bochs(t):
    need_bochs()
    make(t, "svm-bochs", Bochs, f"Bochs ({AMD})", "exits exits-cr", cpu=AMD,
         time_limit=300)


@test("long/exits/vmx-bochs")
def vmx(t):
    need_bochs()
    make(t, "vmx-bochs", Bochs, f"Bochs ({INTEL})",
         "exits exits-memory exits-cr", cpu=INTEL, time_limit=300)
