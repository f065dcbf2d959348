# SPDX-License-Identifier: BSD-3-Clause
"""Bochs: a second emulation of SVM, and the one of VMX."""

import shutil

from bvemu import flow, probe
from bvemu.bochs import Bochs
from bvemu.case import Skip, test
from bvemu.machine import Failure

# Models: one with VMX, EPT and unrestricted guest; one with SVM.
INTEL, AMD = "corei7_haswell_4770", "ryzen"
# Bochs keeps a pending single-step trap over #VMEXIT: not memory, where the
# VMM itself steps the guest, which then gets that trap.
GROUPS = "cpuid insn exception step nmi xsetbv efer tsc port msr"


def need_bochs():
    if not shutil.which("bochs"):
        raise Skip("bochs is not installed: packages bochs, bochsbios")


def bare(t, cpu):
    return t.once(f"bochs {cpu}", lambda: probe.run(
        t.folder / "bare", machine=Bochs, cpu=cpu, time_limit=200))


@test("bochs/shell-bare")
def shell(t):
    """The emulated machine is good for the tests: firmware, shell."""
    need_bochs()
    with Bochs(t.folder, flow.shell(["echo SHELL-GOES-ON", "reset -s"]),
               time_limit=200) as m:
        m.wait_for("^SHELL-GOES-ON", 150)
        m.wait_exit(30)


@test("bochs/probe-bare-intel")
def probe_intel(t):
    need_bochs()
    t.check(len(bare(t, INTEL)) > 25000, "few answers")


@test("bochs/probe-bare-amd")
def probe_amd(t):
    need_bochs()
    t.check(len(bare(t, AMD)) > 25000, "few answers")


def probe_as_guest(cpu, groups=""):
    """groups: those of the probe that can be compared, all if empty."""
    left_out = ("memory.", "cost.", "task.") if groups else ()

    def run(t):
        need_bochs()
        expected = {k: v for k, v in bare(t, cpu).items()
                    if not k.startswith(left_out)}
        got = probe.run(t.folder, groups, "minimal", machine=Bochs, cpu=cpu,
                        time_limit=300)
        wrong = probe.compare(expected, got,
                              "svm" if cpu == AMD else "vmx")
        if wrong:
            raise Failure(f"{len(wrong)} differences to the bare machine:\n" +
                          "\n".join(wrong[:60]))
    return run


test("bochs/probe-minimal-amd")(probe_as_guest(AMD, GROUPS))
test("bochs/probe-minimal-intel")(probe_as_guest(INTEL))
