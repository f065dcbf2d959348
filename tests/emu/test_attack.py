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


@test("long/attack/bochs-survives")
def bochs_survives(t):
    """All in one guest, on VMX."""
    need_bochs()
    answers = probe.run(t.folder, " ".join(SURVIVES), "minimal",
                        machine=Bochs, time_limit=300)
    for group in SURVIVES:
        check_answer(t, answers, group)


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
