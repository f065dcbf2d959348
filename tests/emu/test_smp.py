# SPDX-License-Identifier: BSD-3-Clause
"""Several processors.  That Linux counts them proves nothing: each must be
under the VMM, which its CPUID leaf tells (cpu/policy.h)."""

from bvemu import flow, linux, where
from bvemu.case import test
from bvemu.flow import label
from bvemu.qemu import Qemu

# CPUID 0x40004201 on every processor: EBX is the number of its vCPU.
UNDER_VMM = """
modprobe cpuid 2>/dev/null
for cpu in /dev/cpu/*/cpuid; do
	id=$(dd if=$cpu bs=16 skip=$((0x40004201)) iflag=skip_bytes count=1 \\
		2>/dev/null | od -A n -t x4)
	echo "UNDER $cpu $id"
done
"""



def under(text):
    """The numbers of the vCPUs that UNDER_VMM asked."""
    return sorted(int(line.split()[3], 16) for line in text.splitlines()
                  if line.startswith("UNDER "))


LIFE = """
cd /sys/devices/system/cpu
echo "ONLINE $(cat online)"
for cpu in cpu[1-9]; do echo 0 >$cpu/online; done
echo "OFFLINE $(cat offline)"
for cpu in cpu[1-9]; do echo 1 >$cpu/online; done
echo "AGAIN $(cat online)"
echo 8 >/proc/sys/kernel/printk
echo l >/proc/sysrq-trigger
for i in $(seq $(nproc)); do
	(dd if=/dev/zero bs=64k count=64 2>/dev/null | sha256sum |
		sed 's/^/LOAD /') &
done
wait
echo LIVED
"""


def lives(smp, variant, thread):
    """All processors online, off and on again, NMIs, load, reboot."""
    def run(t):
        # Whether the 8254 ticks in time is a matter of the emulator's host,
        # which has fewer processors than the machine.
        disk = flow.linux_direct(LIFE, variant, end="reboot",
                                 command_line="no_timer_check")
        with Qemu(t.folder, disk, smp=smp, time_limit=200 + 40 * smp,
                  thread=thread) as m:
            m.wait_for(rf"^ONLINE 0-{smp - 1}\s*$")
            m.wait_for(rf"^OFFLINE 1-{smp - 1}\s*$" if smp > 2
                       else r"^OFFLINE 1\s*$")
            m.wait_for(rf"^AGAIN 0-{smp - 1}\b")
            m.wait_for("^LIVED")
            text = m.serial.text()
            t.equal(text.count("LOAD "), smp, "finished loads")
            for cpu in range(1, smp):
                t.check(f"NMI backtrace for cpu {cpu}" in text,
                        f"no NMI backtrace of processor {cpu}")
            m.wait_exit(60)
    return run


for count, name, how in ((2, None, "multi"), (2, "minimal", "multi"),
                         (4, "minimal", "single"), (8, "full", "multi")):
    test(f"smp/{label(name)}-{count}-{how}")(lives(count, name, how))
# And what is missing of all: each takes about a minute.
for count, name, how in ((2, "minimal", "single"), (4, "minimal", "multi"),
                         (8, "minimal", "multi"), (8, "minimal", "single"),
                         (4, "full", "multi")):
    test(f"long/smp/{label(name)}-{count}-{how}")(lives(count, name, how))


@test("smp/all-under-the-vmm")
def all_under(t):
    disk = flow.linux_direct(UNDER_VMM + "echo ASKED", "minimal")
    with Qemu(t.folder, disk, smp=4, time_limit=150) as m:
        m.wait_for("^ASKED", 120)
        t.equal(under(m.serial.text()), [0, 1, 2, 3],
                "numbers of the vCPUs")
        m.wait_exit(30)


@test("smp/panic-shows-all")
def panic_shows_all(t):
    """And before it, the guest stopped as a whole."""
    disk = flow.direct([flow.LOADVMM, ":hypercall pause",
                        ":hypercall panic"])
    disk["bitvisor/loadvmm.efi"] = where.built("loadvmm.efi")
    disk["bitvisor/bitvisor.elf"] = where.built("tests/emu/paniclab.elf",
                                                "make guest-programs")
    disk["bitvisor/bitvisor.conf"] = "vmm.tty_serial = 1\n"
    with Qemu(t.folder, disk, smp=3, time_limit=90) as m:
        m.wait_for(r"^pause: all stopped after \d+ us", 60)
        m.wait_for(r"^panic\(CPU0\): asked to", 20)
        m.wait_for(r"^Unrecoverable error\.", 20)
        text = m.serial.text()
        for cpu in range(3):    # the others in any order
            t.check(f"Guest state and registers of cpu {cpu} -" in text,
                    f"no state of processor {cpu}")


@test("smp/mp-services")
def mp_services(t):
    """The firmware's own use of the other processors, before the loader and
    after it, and what it does about them when the guest goes on."""
    steps = [":mp", flow.LOADVMM, ":mp", ":mp", ":stall 500", ":mp",
             ":poweroff"]
    disk = flow.direct(steps, files=flow.vmm_files("minimal"))
    with Qemu(t.folder, disk, smp=4, time_limit=90) as m:
        m.wait_port(r"^FLOW mp 0 count 3 vcpus \w+$", 60)
        for _ in range(3):      # numbers of their vCPUs: 1, 2 and 3
            m.wait_port(r"^FLOW mp 0 count 3 vcpus e$", 30)
        m.wait_exit(30)


@test("smp/disabled-by-firmware")
def disabled(t):
    """A processor that the firmware does without: it stays so, but the guest
    may start it, and the firmware itself wakes it on its way out."""
    script = "echo ONLINE $(cat /sys/devices/system/cpu/online)\n" + UNDER_VMM
    steps = [":mp-disable 1", flow.LOADVMM, ":mp",
             linux.boot_line(more="no_timer_check")]
    disk = flow.direct(steps, files=linux.boot_files(script))
    disk.update(flow.vmm_files("minimal"))
    with Qemu(t.folder, disk, smp=3, time_limit=200) as m:
        m.wait_port(r"^FLOW mp-disable 0$", 60)
        m.wait_port(r"^FLOW mp 0 count 1 vcpus 4$", 30)
        m.wait_for(r"^ONLINE 0-2\s*$", 150)
        m.wait_exit(60)
        t.equal(under(m.serial.text()), [0, 1, 2], "numbers of the vCPUs")
