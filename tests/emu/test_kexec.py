# SPDX-License-Identifier: BSD-3-Clause
"""Linux starts another kernel, which finds the other processors where the
first one left them: halted with their APICs off, or in an NMI of its panic."""

from bvemu import flow, linux, where
from bvemu.case import test
from bvemu.flow import label
from bvemu.qemu import Qemu
from test_smp import UNDER_VMM, under

# The second kernel finds the same script.
SCRIPT = """
grep -q bvsecond /proc/cmdline && which=SECOND || which=FIRST
echo "$which $(cat /sys/devices/system/cpu/online) $(nproc)"
@UNDER@
if [ $which = SECOND ]; then
	cd /sys/devices/system/cpu
	for cpu in cpu[1-9]; do echo 0 >$cpu/online; done
	for cpu in cpu[1-9]; do echo 1 >$cpu/online; done
	echo "AGAIN $(cat online)"
	exit
fi
/kexec /vmlinuz /initrd "@LINE@" @HOW@
echo "KEXEC $?"
@THEN@
"""
# On the boot processor: it is the one that can start the others.
PANIC = "taskset 1 sh -c 'echo c >/proc/sysrq-trigger'"
CRASH_MEMORY = "256M"
OPTIONS = "no_timer_check"


def boot_files(variant, crash=False, options=OPTIONS):
    """Of a disk; options: for both kernels."""
    line = f"{linux.COMMAND_LINE} {options} bvend=poweroff bvsecond"
    script = SCRIPT.replace("@UNDER@", UNDER_VMM if variant else "")
    script = script.replace("@LINE@", line)
    script = script.replace("@HOW@", "crash" if crash else "")
    script = script.replace("@THEN@", PANIC if crash else "")
    inner = linux.boot_files(script)
    program = where.built("tests/guest/kexec", "make guest-programs")
    return linux.boot_files(script, {"kexec": program,
                                     "vmlinuz": inner["vmlinuz.efi"],
                                     "initrd": inner["initrd.img"]})


def disk(variant, crash):
    more = f" crashkernel={CRASH_MEMORY}" if crash else ""
    return flow.direct([linux.boot_line(more=OPTIONS + more)], variant,
                       boot_files(variant, crash))


def second_is_complete(t, m, variant, smp, limit=None):
    """All processors came up in the second kernel, under the VMM, and went
    and came once more."""
    m.wait_for(rf"^SECOND 0-{smp - 1} {smp}\s*$", limit)
    m.wait_for(rf"^AGAIN 0-{smp - 1}\b", limit)
    if variant:
        second = m.serial.text().split("SECOND", 1)[1]
        t.equal(under(second), list(range(smp)),
                "numbers of the vCPUs of the second kernel")


def kexec(variant, smp, crash, **more):
    def run(t):
        with Qemu(t.folder, disk(variant, crash), smp=smp, time_limit=300,
                  **more) as m:
            m.wait_for(rf"^FIRST 0-{smp - 1} {smp}\s*$", 150)
            if crash:
                m.wait_for(r"^KEXEC 0\s*$", 60)
            second_is_complete(t, m, variant, smp, 150)
            m.wait_exit(60)
    return run


test("smp/kexec-minimal-4")(kexec("minimal", 4, False))
for name, count in ((None, 4), ("minimal", 2), ("full", 8)):
    test(f"long/kexec/{label(name)}-{count}")(kexec(name, count, False))
for name in (None, "minimal"):
    test(f"long/kexec/crash-{label(name)}-4")(kexec(name, 4, True))
test("long/kexec/minimal-4-single")(
    kexec("minimal", 4, False, thread="single"))
