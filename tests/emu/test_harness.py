# SPDX-License-Identifier: BSD-3-Clause
"""What a failed test tells of a machine that ended without a word."""

import re

from bvemu import probe
from bvemu.case import test
from bvemu.machine import EmulatorFault, Failure
from bvemu.monitor import left_nested_paging_on
from bvemu.qemu import Qemu

# Of a run of QEMU 7.2 with four processors, shortened.
FAULT_LOG = """Starting a virtual machine.CPU0: dropped a write of the guest to
VMM memory at 0x7dfbc000 (1 so far)CPU0: triple fault in the guest, resetting
the machineGuest state and registers of cpu 0RBX 00040800RSP 7DFD8080
CR0 80050033    CR2 7DF94170    CR3 7DFBC000    CR4 00340860"""
FAULT_REGISTERS = """CPU#0
CR0=80050033 CR2=000000007df94170 CR3=000000007dfbc000 CR4=00340860
CPU#1
CR0=80050033 CR2=0000000000476960 CR3=000000007db5e000 CR4=00350ef0
"""


@test("harness/last-words")
def last_words(t):
    """The variant minimal shows its log nowhere; it is read from memory."""
    with Qemu(t.folder, probe.files("triple", "minimal"),
              time_limit=60) as m:
        try:
            m.wait_for("^what never comes", 50)
        except EmulatorFault:
            raise Failure("a guest's own end passed for the emulator's fault")
        except Failure as failure:
            told = re.sub(r"\n +\| ", " ", str(failure))
    for part in ("guest-reset", "CPU0: triple fault in the guest", "RIP="):
        t.check(part in told, f"nothing of {part!r} in:\n{told}")


@test("harness/emulators-fault")
def emulators_fault(t):
    """It is known from what it left behind."""
    t.check(left_nested_paging_on(FAULT_LOG, FAULT_REGISTERS), "not known")
    other = FAULT_LOG.replace("CR3 7DFBC000", "CR3 51302000")
    t.check(not left_nested_paging_on(other, FAULT_REGISTERS),
            "a guest with its own page tables passes for it")
    t.check(not left_nested_paging_on("", FAULT_REGISTERS),
            "a machine without a VMM passes for it")
