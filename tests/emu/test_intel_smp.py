# SPDX-License-Identifier: BSD-3-Clause
"""Several processors under VMX, on Bochs, which runs them in turns: a Linux
takes it minutes for each."""

import test_kexec
from bvemu import flow, linux
from bvemu.bochs import Bochs
from bvemu.case import test
from bvemu.flow import label
from test_intel import need_bochs, with_tables
from test_smp import LIFE, UNDER_VMM, under

# Linux uses x2APIC only with interrupt remapping, which Bochs has not.
# Processors in turns are no good for its measuring of time.  What another
# processor writes may not end an MWAIT of Bochs': without idle=halt an idle
# Linux, bare too, waits seconds for each thing that it should do at once.
COMMAND_LINE = ("no_timer_check tsc=reliable nmi_watchdog=0 nokaslr "
                "idle=halt")
# Time goes on by one tick when all processors are idle: fewer ticks a second
# make its waiting shorter.
IPS = 20000000


def bochs(t, variant, files, smp, end="poweroff", config=None):
    """The machine with firmware, VMM and Linux; files: of its disk."""
    need_bochs()
    steps = ["\\acpitables.efi"] + ([flow.LOADVMM] if variant else [])
    steps.append(linux.boot_line(end, COMMAND_LINE))
    files = flow.direct(steps, files=with_tables(files))
    files.update(flow.vmm_files(variant, config))
    return Bochs(t.folder, files, memory=512, smp=smp, ips=IPS,
                 time_limit=400 + 400 * smp)


def lives(smp, variant):
    """All processors under the VMM and online, off and on again, NMIs, load,
    reboot."""
    def run(t):
        script = (UNDER_VMM if variant else "") + LIFE
        with bochs(t, variant, linux.boot_files(script), smp, "reboot") as m:
            m.wait_port(rf"^ACPI tables {smp} cpus")
            m.wait_for(rf"^ONLINE 0-{smp - 1}\s*$")
            m.wait_for(rf"^OFFLINE 1-{smp - 1}\s*$" if smp > 2
                       else r"^OFFLINE 1\s*$")
            m.wait_for(rf"^AGAIN 0-{smp - 1}\b")
            m.wait_for("^LIVED")
            check(t, m.serial.text(), smp, variant)
            m.wait_reset(60)
    return run


def check(t, text, smp, variant):
    t.equal(text.count("LOAD "), smp, "finished loads")
    for cpu in range(1, smp):
        t.check(f"NMI backtrace for cpu {cpu}" in text,
                f"no NMI backtrace of processor {cpu}")
    if variant:
        t.equal(under(text), list(range(smp)), "numbers of their vCPUs")


def kexec(smp, variant):
    """An NMI of the VMM's would end the HLT of a processor that the first
    kernel has left behind (docs/testing.md).  The trap that is always armed
    needs none."""
    def run(t):
        files = test_kexec.boot_files(variant, options=COMMAND_LINE)
        with bochs(t, variant, files, smp,
                   config="vmm.localapic_intercept=1\n") as m:
            m.wait_for(rf"^FIRST 0-{smp - 1} {smp}\s*$")
            test_kexec.second_is_complete(t, m, variant, smp)
            m.wait_exit(60)
    return run


for count, name in ((2, None), (2, "minimal"), (2, "full"), (4, "minimal")):
    test(f"long/intel-smp/{label(name)}-{count}")(lives(count, name))
test("long/intel-smp/kexec-minimal-2")(kexec(2, "minimal"))
