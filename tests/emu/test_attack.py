# SPDX-License-Identifier: BSD-3-Clause
"""What a careless or hostile guest does (tests/guest/probe_attack.c), and the
ways to reset a PC: as guest it ends as it ends bare."""

import shutil

from bvemu import flow, probe
from bvemu.bochs import Bochs
from bvemu.case import Skip, test
from bvemu.flow import label
from bvemu.qemu import Qemu

# The guest is gone and the machine starts anew.
RESETS = ("triple", "idt", "cr3", "keyboard", "cf9", "port92", "init")
# The guest comes back.
SURVIVES = ("exec", "hypercall", "apic-base", "bad-msr")


def resets(variant, group):
    def run(t):
        with Qemu(t.folder, probe.files(group, variant), no_reboot=False,
                  time_limit=60) as m:
            for _ in range(2):
                m.wait_port("FLOW begin", 30)
                m.wait_port(f"PROBE group {group}", 30)
    return run


def check_answer(t, answers, group):
    t.check(f"attack.{group.replace('bad-', '')}" in answers,
            f"no answer: {answers}")
    if group == "exec":
        # Bare, zeros fault at their first access; ones are no code.
        t.check(answers["attack.exec"] in ("#GP(0)", "#UD"),
                f"running zeros: {answers['attack.exec']}")


def survives(variant, group):
    def run(t):
        check_answer(t, probe.run(t.folder, group, variant, time_limit=90),
                     group)
    return run


def need_bochs():
    if not shutil.which("bochs"):
        raise Skip("bochs is not installed: packages bochs, bochsbios")


@test("attack/bad-cr4")
def bad_cr4(t):
    """Reserved bits of CR4: where the emulator lets the guest have them, as
    QEMU 7.2 does, the next entry is refused.  That is the guest's fault, so it
    ends like a triple fault, in a reset with a message."""
    files = probe.files("bad-cr4", "full", "vmm.tty_serial = 1\n")
    with Qemu(t.folder, files, no_reboot=False, time_limit=90) as m:
        m.wait_port("PROBE group bad-cr4", 60)
        found = m.wait_port(r"^(FLOW begin|PROBE attack\.cr4 .*?)\r?$", 30)
        text = m.serial.text()
    if not found[1].startswith("FLOW"):
        t.equal(found[1], "PROBE attack.cr4 #GP(0)", "the processor's answer")
        return
    t.check("CPU0: the processor refuses the guest's registers: " in text,
            f"no message of the VMM's: {text[-2000:]}")
    t.check("panic" not in text, "the VMM panics")


@test("long/attack/bochs-survives")
def bochs_survives(t):
    """All in one guest, on VMX."""
    need_bochs()
    groups = SURVIVES + ("bad-cr4",)
    answers = probe.run(t.folder, " ".join(groups), "minimal",
                        machine=Bochs, time_limit=300)
    for group in groups:
        check_answer(t, answers, group)
    t.equal(answers["attack.cr4"], "#GP(0)", "reserved bits of CR4")


def bochs_resets(group):
    def run(t):
        need_bochs()
        with Bochs(t.folder, probe.files(group, "minimal"), no_reboot=False,
                   time_limit=300) as m:
            m.wait_port(f"PROBE group {group}")
            m.wait_reset(60)
    return run


# What `full` has more than `minimal` takes no part in this.
for variant in (flow.BARE, "minimal"):
    for name in RESETS:
        test(f"attack/{name}-{label(variant)}")(resets(variant, name))
    for name in SURVIVES:
        test(f"attack/{name}-{label(variant)}")(survives(variant, name))

# The keyboard's controller and port 0x92 reset the processor alone on Bochs, of
# which its log says nothing.
for name in RESETS:
    if name not in ("keyboard", "port92"):
        test(f"long/attack/bochs-{name}")(bochs_resets(name))
