# SPDX-License-Identifier: BSD-3-Clause
"""What is seen when the VMM has a bug: the variant of tests/emu/paniclab."""

from bvemu import flow, where
from bvemu.case import test
from bvemu.qemu import Qemu

# What each call makes of the VMM: the message, and a function in the
# backtrace.  The stack's has none to check: it is one function many times.
CALLS = {
    "panic": (r"panic\(CPU0\): asked to, with 42", "panic_call"),
    "assert": (r"panic\(CPU0\): assertion failed in assert_call "
               r"\(main\.c:\d+\): v == ctx", "assert_call"),
    "fault": (r"Interrupt number: 0x0E", "fault_call"),
    "text": (r"Interrupt number: 0x0E", "text_call"),
    "data": (r"Interrupt number: 0x0E", "vmm_hypercall_dispatch"),
    "stack": (r"Interrupt number: 0x08", None),
    # (QEMU leaves the VMM's own registers in the VMCB then.)
    "asid": (r"^panic\(CPU0\): VMRUN refused the VMM's state "
             r"\(VMEXIT_INVALID\): ASID must not be 0", "refused"),
}


def files(name, config):
    disk = flow.direct([flow.LOADVMM, f":hypercall {name}"])
    disk["bitvisor/loadvmm.efi"] = where.built("loadvmm.efi")
    disk["bitvisor/bitvisor.elf"] = where.built("tests/emu/paniclab.elf",
                                                "make guest-programs")
    disk["bitvisor/bitvisor.conf"] = "vmm.tty_serial = 1\n" + config
    return disk


def shows_the_panic(name):
    message, function = CALLS[name]

    def run(t):
        with Qemu(t.folder, files(name, ""), time_limit=60) as m:
            m.wait_for(r"^Starting a virtual machine\.", 40)
            m.wait_for(message, 10)
            m.wait_for(r"^RFLAGS \S+ +GDTR \S+ +IDTR \S+", 10)
            if function:
                m.wait_for(rf"\b{function}(\.cold)?\+0x", 10)
            m.wait_for(r"^Guest state and registers of cpu 0 -+", 10)
            m.wait_for(r"^paniclab: dump of a unit", 10)
            m.wait_for(r"^Unrecoverable error\.", 10)
    return run


for call in CALLS:
    test(f"panic/{call}")(shows_the_panic(call))


@test("panic/network")
def tells_of_the_network(t):
    """The NIC of the VMM's: its registers, rings, and the guest's device."""
    config = "vmm.driver.pci = driver=pro1000, net=pass, virtio=1, tty=1\n"
    with Qemu(t.folder, files("panic", config), nic="e1000e",
              time_limit=60) as m:
        m.wait_for(r"^panic\(CPU0\): asked to", 50)
        m.wait_for(r"^\[0000:00:02\.0\] pro1000  52:54:00:12:34:56", 10)
        m.wait_for(r"^  rx  +\d+ frames, \d+ bytes", 10)
        m.wait_for(r"^CTRL [0-9a-f]+", 10)
        m.wait_for(r"^  virtio  +\d+ notifications", 10)
        m.wait_for(r"^Unrecoverable error\.", 10)


@test("panic/reboot")
def reboots(t):
    with Qemu(t.folder, files("panic", "vmm.panic_reboot = 1\n"),
              time_limit=90) as m:
        m.wait_for(r"^panic\(CPU0\): asked to", 40)
        m.wait_for(r"^Reboot in 5 seconds\.\.\.", 10)
        m.wait_for(r"^Rebooting\.\.\.", 20)
        m.wait_exit(20)


@test("panic/screen")
def on_the_screen(t):
    """Light text on the panic screen; a black screen would be all one."""
    with Qemu(t.folder, files("panic", ""), time_limit=60) as m:
        m.wait_for(r"^Unrecoverable error\.", 50)
        picture = t.folder / "screen.ppm"
        m.qmp("screendump", filename=str(picture))
        data = picture.read_bytes()
        pixels = data[len(data) - len(data) // 3 * 3:]
        colours = {pixels[i:i + 3] for i in range(0, len(pixels) - 2, 3)}
        t.check(len(colours) >= 2, "the screen is empty")
