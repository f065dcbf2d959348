# SPDX-License-Identifier: BSD-3-Clause
"""Starts again and again, and what ends badly: run by `make check-long`."""

from bvemu import flow
from bvemu.case import test
from bvemu.machine import EmulatorFault
from bvemu.qemu import Qemu
from test_starts import files, run

STARTS, CPUS = 20, 4
SCRIPT = """
echo "ONLINE $(cat /sys/devices/system/cpu/online)"
echo "COUNT $(nproc)"
"""


def one_start(t, number):
    """Firmware, VMM, Linux with all processors, end."""
    thread = ("multi", "single")[number % 2]
    disk = flow.linux_direct(SCRIPT, "minimal",
                             command_line="no_timer_check")
    with Qemu(t.folder / str(number), disk, smp=CPUS, time_limit=200,
              thread=thread) as m:
        m.wait_for(rf"^ONLINE 0-{CPUS - 1}\s*$", 180)
        m.wait_for(rf"^COUNT {CPUS}\s*$", 20)
        m.wait_exit(60)


@test("long/starts/linux-20-times")
def again_and_again(t):
    """Every one of them must do: 20 of 20."""
    failed = []
    for number in range(STARTS):
        try:
            one_start(t, number)
        except EmulatorFault:
            raise               # all of them once more
        except AssertionError as reason:
            failed.append(f"start {number}: {reason}")
    t.say(f"{STARTS - len(failed)} of {STARTS} starts with {CPUS} "
          "processors")
    t.check(not failed, "\n".join(failed))


@test("long/starts/first-only")
def first_only(t):
    """Processors that the guest never starts are in nobody's way."""
    for options in ("first-only", "alone first-only"):
        got = run(t.folder / options.replace(" ", "-"), options, "minimal",
                  smp=4)
        t.equal(got, {"first-only.started": "1", "first-only.again": "1"},
                options)


@test("long/starts/triple-fault")
def triple(t):
    """On another than the boot processor: the machine is reset, and the log
    says where it happened."""
    with Qemu(t.folder, files("triple", "full", "vmm.tty_serial = 1\n"),
              smp=4, time_limit=90) as m:
        m.wait_port(r"^PROBE triple", 60)
        m.wait_for(r"^CPU3: triple fault in the guest, resetting", 20)
        m.wait_exit(20)
