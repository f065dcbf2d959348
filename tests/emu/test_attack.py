# SPDX-License-Identifier: BSD-3-Clause
"""What a careless or hostile guest does (tests/guest/probe_attack.c), and the
ways to reset a PC: as guest it ends as it ends bare."""

from bvemu import flow, probe
from bvemu.case import test
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


def survives(variant, group):
    def run(t):
        answers = probe.run(t.folder, group, variant, time_limit=90)
        t.check(f"attack.{group.replace('bad-', '')}" in answers,
                f"no answer: {answers}")
        if group == "exec":
            # Bare, zeros fault at their first access; ones are no code.
            t.check(answers["attack.exec"] in ("#GP(0)", "#UD"),
                    f"running zeros: {answers['attack.exec']}")
    return run


# What `full` has more than `minimal` takes no part in this.
for variant in (flow.BARE, "minimal"):
    for name in RESETS:
        test(f"attack/{name}-{label(variant)}")(resets(variant, name))
    for name in SURVIVES:
        test(f"attack/{name}-{label(variant)}")(survives(variant, name))
