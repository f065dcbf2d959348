# SPDX-License-Identifier: BSD-3-Clause
"""starts.efi: INIT, SIPI and what else starts processors, as guest what it is
bare."""

import shutil

from bvemu import flow, where
from bvemu.bochs import Bochs
from bvemu.case import Skip, test
from bvemu.machine import Failure
from bvemu.probe import parse
from bvemu.qemu import Qemu


def files(options, variant=None, config=None):
    return flow.direct([f"\\starts.efi {options}".rstrip()], variant,
                       {"starts.efi": where.guest_program("starts")}, config)


def run(folder, options, variant=None, machine=Qemu, time_limit=120, **more):
    """One run; the parsed lines."""
    with machine(folder, files(options, variant), time_limit=time_limit,
                 **more) as m:
        end = m.wait_port(r"^PROBE (end|crash.*)$")
        if end[1] != "end":
            m.fail(f"starts.efi: {end[1]}")
        m.wait_exit()
        return parse(m.port.text())


# key -> the guest's value that is right though it is not the bare one.  An INIT
# leaves CD and NW of CR0, STAR and x2APIC mode as they are and puts the CPU's
# signature into EDX (Intel SDM vol. 3, table 10-1 and 11.12.5; AMD APM vol. 2,
# table 14-1).
MEANT = {Qemu: {"state.first.cr0": "10", "state.again.cr0": "10"},
         Bochs: {"state.first.cr0": "10", "state.again.cr0": "10",
                 "state.first.edx": "306c3", "state.again.edx": "306c3",
                 "state.star-after-init": "1122334400000000 1122334400000001",
                 "x2apic.logical": "1",
                 "x2apic.apic.1": "ff 0 fee00c00"}}


def differences(bare, got, left_out=(), machine=Qemu):
    meant = {k: v for k, v in MEANT[machine].items() if k in bare}
    return [f"{key}\n    bare  {bare.get(key)}\n    guest {got.get(key)}"
            for key in sorted(set(bare) | set(got))
            if got.get(key) != meant.get(key, bare.get(key)) and
            not key.endswith(left_out)]


def compare(t, options, variant="minimal", left_out=(), thread="single",
            **more):
    """One processor after the other, each until it pauses: then it is known
    how long to wait for what should not come.  So it is always bare."""
    bare = t.once(f"starts {options} {sorted(more.items())}",
                  lambda: run(t.folder / "bare", options, thread="single",
                              **more))
    got = run(t.folder, options, variant, thread=thread, **more)
    wrong = differences(bare, got, left_out)
    if wrong:
        raise Failure(f"{len(wrong)} differences to the bare machine:\n" +
                      "\n".join(wrong[:60]))
    t.check(len(got) > 200, f"only {len(got)} answers")
    changed = dict(got, **{"again.others": "0 0"})
    t.check(differences(bare, changed), "a missing start was not noticed")


def register(name, smp, options, **more):
    @test(f"{name}-{smp}")
    def as_guest(t):
        compare(t, options, smp=smp, **more)


register("starts/alone", 2, "alone")
register("starts/firmware", 4, "")
register("long/starts/alone", 4, "alone", variant="full")
register("long/starts/firmware", 2, "", variant="full")
# Here an INIT may take its time: what depends on it is left out.
register("long/starts/multi", 4, "alone", thread="multi",
         left_out=("flat-sipi-logical", "flat-one", "sipi-after-that"))


def on_bochs(options, smp):
    """VMX, and x2APIC."""
    @test(f"long/starts/bochs-{options.replace(' ', '-')}-{smp}")
    def as_guest(t):
        if not shutil.which("bochs"):
            raise Skip("bochs is not installed: packages bochs, bochsbios")
        bare = run(t.folder / "bare", options, machine=Bochs, smp=smp,
                   time_limit=600)
        got = run(t.folder, options, "minimal", machine=Bochs, smp=smp,
                  time_limit=900)
        wrong = differences(bare, got, machine=Bochs)
        t.check(not wrong, "\n".join(wrong[:60]))
        t.check(len(got) > 30, f"only {len(got)} answers")


on_bochs("patterns", 2)
on_bochs("x2apic state", 2)
