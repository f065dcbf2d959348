# SPDX-License-Identifier: BSD-3-Clause
"""The machine seen from the inside: as guest it is what it is bare."""

from bvemu import flow, probe
from bvemu.case import test
from bvemu.machine import Failure

DETERMINISTIC = "shift=5,sleep=off"


def bare(t, **machine):
    """The bare machine's answers, found once for each kind of machine."""
    return t.once(f"probe {sorted(machine.items())}",
                  lambda: probe.run(t.folder / "bare", **machine))


def compare(t, variant, **machine):
    expected = bare(t, **machine)
    got = probe.run(t.folder, variant=variant, **machine)
    wrong = probe.compare(expected, got)
    if wrong:
        raise Failure(f"{len(wrong)} differences to the bare machine:\n" +
                      "\n".join(wrong[:60]))


@test("probe/bare")
def probe_bare(t):
    """Two bare runs agree: what differs as guest is no noise."""
    machine = {"icount": DETERMINISTIC}
    expected = bare(t, **machine)
    got = probe.run(t.folder, **machine)
    t.equal(got, expected, "second bare run")
    t.check(len(got) > 25000, f"only {len(got)} answers")
    # The comparison itself must be able to fail.
    t.check(probe.compare(expected, got), "bare passed for a guest")
    changed = dict(expected, **{"nmi.one-by-one": "99"})
    t.check(any(w.startswith("nmi.one-by-one")
                for w in probe.compare(expected, changed)),
            "a lost NMI was not noticed")


def register(variant):
    @test(f"probe/{variant}")
    def as_guest(t):
        compare(t, variant, icount=DETERMINISTIC)

    @test(f"probe/{variant}-8g")
    def large_memory(t):
        compare(t, variant, memory=8192)


for each in flow.VARIANTS:
    register(each)


@test("probe/minimal-2-cpus")
def two_processors(t):
    """With a second processor NMIs are intercepted, and the page of the APIC
    is trapped as long as the firmware keeps that processor."""
    compare(t, "minimal", smp=2)


@test("probe/hidden-minimal")
def hidden(t):
    """vmm.hide_cpuid: no leaf tells."""
    got = probe.run(t.folder, "cpuid", "minimal", "vmm.hide_cpuid=1\n",
                    icount=DETERMINISTIC)
    expected = bare(t, icount=DETERMINISTIC)
    for key, value in got.items():
        if key.startswith("cpuid.4"):
            t.equal(value, expected.get(key), key)
