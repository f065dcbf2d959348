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


# key -> the guest's value that is right though it is not the bare one, for
# these emulators do an INIT otherwise than processors (Intel SDM vol. 3, table
# 10-1 with its notes, and 10.1; AMD APM vol. 2, table 14-1).
INIT_KEEPS_CD_AND_NW = {    # all else of CR0 is cleared, and bit 4 is 1
    "state.first.cr0": "10", "state.again.cr0": "10"}
INIT_SETS_EDX = {           # to the processor's signature, CPUID 1 EAX
    "state.first.edx": "306c3", "state.again.edx": "306c3"}
INIT_KEEPS_MSRS = {         # so STAR stays what each processor wrote
    "state.star-after-init": "1122334400000000 1122334400000001"}
INIT_KEEPS_X2APIC = {       # the mode, that is (SDM vol. 3, 11.12.5.1)
    "x2apic.logical": "1", "x2apic.apic.1": "ff 0 fee00c00"}
MEANT = {Qemu: INIT_KEEPS_CD_AND_NW,
         Bochs: {**INIT_KEEPS_CD_AND_NW, **INIT_SETS_EDX, **INIT_KEEPS_MSRS,
                 **INIT_KEEPS_X2APIC}}


def differences(bare, got, machine=Qemu):
    meant = {k: v for k, v in MEANT[machine].items() if k in bare}
    return [f"{key}\n    bare  {bare.get(key)}\n    guest {got.get(key)}"
            for key in sorted(set(bare) | set(got))
            if got.get(key) != meant.get(key, bare.get(key))]


def late_init(bare, got):
    """What bare would have been, had an INIT by logical ID taken its time as
    in got: it makes the logical ID zero, so a SIPI to that ID starts nobody
    and the next one, by physical ID, does; or just the other way round."""
    expected = dict(bare)
    for phase in "first", "again":
        keys = f"{phase}.flat-sipi-logical", f"{phase}.flat-one"
        if all(got.get(k) == bare.get(other)
               for k, other in zip(keys, reversed(keys))):
            expected.update({k: got[k] for k in keys})
    return expected


def compare(t, options, variant="minimal", thread="single", how="", **more):
    """Bare, one processor runs after the other, each until it pauses: then it
    is known how long to wait for what should not come."""
    bare = t.once(f"starts {options} {sorted(more.items())}",
                  lambda: run(t.folder / "bare", options, thread="single",
                              **more))
    got = run(t.folder, f"{options} {how}", variant, thread=thread, **more)
    if thread == "multi":
        bare = late_init(bare, got)
    wrong = differences(bare, got)
    if wrong:
        raise Failure(f"{len(wrong)} differences to the bare machine:\n" +
                      "\n".join(wrong[:60]))
    t.check(len(got) > 200, f"only {len(got)} answers")
    for key in "again.others", "again.flat-one":
        changed = dict(got, **{key: "0 0 0"})
        t.check(differences(bare, changed), f"another {key} is not noticed")


def register(name, smp, options, **more):
    @test(f"{name}-{smp}")
    def as_guest(t):
        compare(t, options, smp=smp, **more)


register("starts/alone", 2, "alone")
register("starts/firmware", 4, "")
register("long/starts/alone", 4, "alone", variant="full")
register("long/starts/firmware", 2, "", variant="full")
register("long/starts/multi", 4, "alone", thread="multi", how="slow",
         time_limit=300)


def on_bochs(options, smp, cpu="", least=30):
    """VMX, and what QEMU has not: x2APIC, APICs that move."""
    name = "-".join([*options.split(), *cpu.split(), str(smp)])

    @test(f"long/starts/bochs-{name}")
    def as_guest(t):
        if not shutil.which("bochs"):
            raise Skip("bochs is not installed: packages bochs, bochsbios")
        more = {"cpu": cpu} if cpu else {}
        bare = run(t.folder / "bare", options, machine=Bochs, smp=smp,
                   time_limit=600, **more)
        got = run(t.folder, options, "minimal", machine=Bochs, smp=smp,
                  time_limit=900, **more)
        wrong = differences(bare, got, machine=Bochs)
        t.check(not wrong, "\n".join(wrong[:60]))
        t.check(len(got) >= least, f"only {len(got)} answers")


on_bochs("patterns", 2)
on_bochs("x2apic state", 2)
on_bochs("moved", 2, least=16)
on_bochs("moved", 2, "ryzen", least=16)    # SVM
