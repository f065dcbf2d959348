# SPDX-License-Identifier: BSD-3-Clause
"""The local APIC in steady state, in either of its modes: Linux with several
processors makes no exits for what it interrupts.  QEMU's TCG has x2APIC from
version 9 on."""

import re

from bvemu import flow
from bvemu.case import Skip, test
from bvemu.qemu import Qemu, version
from test_smp import UNDER_VMM, under
from test_starts import differences, run

X2APIC = "max,+svm,+npt,+x2apic"
XAPIC = "max,+svm,+npt,-x2apic"
# Linux uses x2APIC only with interrupt remapping.
REMAPPING = ["-device", "amd-iommu,intremap=on,xtsup=on"]
LOG_EXITS = ["-d", "in_asm", "-dfilter", "0x1+0x1", "-D", "exits.log"]
EXIT = re.compile(r"^vmexit\(([0-9a-f]+), ", re.MULTILINE)
# Programs with a C library execute some CPUIDs when they start.
CPUID, MSR, NESTED_PAGE_FAULT = 0x72, 0x7c, 0x400

# Pipes between processors, and all translations of a program's memory dropped
# on each: reschedule, call and TLB interrupts.
HOTPLUG = """
cd /sys/devices/system/cpu
for cpu in cpu[1-9]; do echo 0 >$cpu/online; done
echo "OFFLINE $(cat offline)"
for cpu in cpu[1-9]; do echo 1 >$cpu/online; done
"""
LOAD = """
echo 4 >/proc/sys/kernel/printk
modprobe msr
cd /sys/devices/system/cpu
echo "ONLINE $(cat online) $(nproc)"
echo "MODE $(dmesg | grep -c 'x2apic enabled')"
interrupts()
{
	awk '$1 ~ /^(LOC|RES|CAL|TLB):/ {
		n = 0
		for (i = 2; i <= NF && $i ~ /^[0-9]+$/; i++) n += $i
		printf "%s %s%d\\n", who, $1, n
	}' who=$1 /proc/interrupts
}
sleep 3
interrupts BEFORE
echo BEGIN
sleep 2
@MTRR@
for i in 1 2 3 4 5 6; do
	taskset 1 dd if=/dev/zero bs=4k count=2000 2>/dev/null |
		taskset 2 dd bs=512 2>/dev/null | taskset 4 wc -c
done
sleep 2
echo END
interrupts AFTER
"""


# What announces the start of a processor: MTRR 0x250.
READ_MTRR = """
dd if=/dev/cpu/0/msr of=/tmp/mtrr bs=8 skip=$((0x250)) iflag=skip_bytes count=1
"""


def need_x2apic():
    found = version()
    if found < (9, 0):
        raise Skip("QEMU %d.%d does not emulate x2APIC; 9.0 does (BV_QEMU "
                   "names another one)" % found)


def counts(text, who):
    return {name: int(n) for name, n in
            re.findall(rf"^{who} (\w+):(\d+)\s*$", text, re.MULTILINE)}


def load(t, script, cpu, x2, smp, setting="auto"):
    """Exit codes during LOAD, other than of CPUID."""
    disk = flow.linux_direct(UNDER_VMM + script, "minimal",
                             command_line="no_timer_check",
                             config=f"vmm.localapic_intercept={setting}\n")
    extra = LOG_EXITS + (REMAPPING if x2 else [])
    with Qemu(t.folder, disk, smp=smp, cpu=cpu, extra=extra,
              time_limit=240) as m:
        log = t.folder / "exits.log"
        m.wait_for(rf"^ONLINE 0-{smp - 1} {smp}\s*$", 200)
        t.equal(m.wait_for(r"^MODE (\d)", 20)[1] != "0", x2,
                "Linux uses x2APIC")
        m.wait_for("^BEGIN", 30)
        begin = log.stat().st_size
        m.wait_for("^END", 90)
        exits = [int(code, 16) for code in
                 EXIT.findall(log.read_text()[begin:])]
        m.wait_exit(60)
    t.check(CPUID in exits, "no exit was logged at all")
    check_load(t, m.serial.text(), smp)
    return [code for code in exits if code != CPUID]


def check_load(t, text, smp):
    t.equal(under(text), list(range(smp)), "numbers of the vCPUs")
    before, after = counts(text, "BEFORE"), counts(text, "AFTER")
    came = {name: after[name] - before[name] for name in after}
    t.check(came["LOC"] >= 100 and
            came["RES"] + came["CAL"] + came["TLB"] >= 500,
            f"few interrupts: {came}")


def quiet(cpu, x2, smp):
    """Offline, online, then a load with interrupts among all processors and
    without a single exit for them."""
    def body(t):
        if x2:
            need_x2apic()
        exits = load(t, HOTPLUG + LOAD.replace("@MTRR@", ""), cpu, x2, smp)
        t.check(f"OFFLINE 1-{smp - 1}" in (t.folder / "serial.log")
                .read_text(), "the others did not go offline")
        t.check(not exits, f"exits in the load: {exits[:20]}")
    return body


test("smp/quiet-xapic-4")(quiet(XAPIC, False, 4))
test("smp/quiet-x2apic-4")(quiet(X2APIC, True, 4))


def trapped(setting, least, most):
    """How many of the accesses to the APIC's page exit, though a start was
    announced meanwhile."""
    def body(t):
        exits = load(t, LOAD.replace("@MTRR@", READ_MTRR), XAPIC, False, 4,
                     setting)
        t.check(MSR in exits, "reading an MTRR made no exit")
        faults = exits.count(NESTED_PAGE_FAULT)
        t.check(least <= faults <= most, f"{faults} nested page faults")
    return body


# 0: never again; auto: until both have served an interrupt; 1: all of them.
test("long/smp/intercept-0")(trapped("0", 0, 0))
test("long/smp/intercept-auto")(trapped("auto", 1, 1500))
test("long/smp/intercept-1")(trapped("1", 3000, 1 << 30))


# As in test_starts: an INIT does not leave x2APIC mode (Intel SDM vol. 3,
# 11.12.5.1), though QEMU's does.
@test("smp/starts-x2apic")
def starts(t):
    need_x2apic()
    options = "alone x2apic"
    bare = run(t.folder / "bare", options, smp=2, cpu=X2APIC,
               thread="single")
    got = run(t.folder, options, "minimal", smp=2, cpu=X2APIC,
              thread="single")
    wrong = differences(bare, got)
    t.check(not wrong, "\n".join(wrong))
    t.check(got.get("x2apic.served-again") == "2", f"answers: {got}")
