# SPDX-License-Identifier: BSD-3-Clause
"""Several processors under VMX, on Bochs, which runs them in turns: a Linux
takes it minutes for each."""

from bvemu import flow, linux
from bvemu.bochs import Bochs
from bvemu.case import test
from bvemu.flow import label
from test_intel import need_bochs, with_tables
from test_smp import LIFE, UNDER_VMM, under

# Linux uses x2APIC only with interrupt remapping, which Bochs has not.
# Processors in turns are no good for its measuring of time.
COMMAND_LINE = "no_timer_check tsc=reliable nmi_watchdog=0 nokaslr"


def lives(smp, variant):
    """All processors under the VMM and online, off and on again, NMIs, load,
    reboot."""
    def run(t):
        need_bochs()
        script = (UNDER_VMM if variant else "") + LIFE
        steps = ["\\acpitables.efi"] + ([flow.LOADVMM] if variant else [])
        steps.append(linux.boot_line("reboot", COMMAND_LINE))
        files = flow.direct(steps, files=linux.boot_files(script))
        files.update(flow.vmm_files(variant))
        with Bochs(t.folder, with_tables(files), memory=512, smp=smp,
                   time_limit=400 + 400 * smp) as m:
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


for count, name in ((2, None), (2, "minimal"), (2, "full"), (4, "minimal")):
    test(f"long/intel-smp/{label(name)}-{count}")(lives(count, name))
