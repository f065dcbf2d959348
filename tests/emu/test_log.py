# SPDX-License-Identifier: BSD-3-Clause
"""Where the log can be read: by bvlog in the guest, on the serial port, on
the screen of a panic."""

import re
import subprocess

from bvemu import flow, gdb, linux, probe, where
from bvemu.case import test
from bvemu.flow import label
from bvemu.qemu import Qemu
from test_boot import GUIDE_LINES

PASSWD = "root::0:0::/:/bin/sh\nuser::1000:1000::/:/bin/sh\n"
BVLOG = """
mkdir -p /etc
bvlog 2>&1 | sed 's/^/ROOT /'
su user -c 'bvlog 2>&1' | sed 's/^/USER /'
su user -c 'id -u' | sed 's/^/ID /'
"""
SERIAL = "vmm.tty_serial=1\n"


def bvlog(t, variant, config=None):
    """What bvlog prints as root and as an ordinary user."""
    where.built("bvlog")
    files = flow.direct([linux.boot_line()], variant,
                        linux.boot_files(BVLOG, {"etc/passwd": PASSWD}),
                        config)
    with Qemu(t.folder, files, time_limit=120) as m:
        m.wait_for("^GUEST end", 110)
        m.wait_exit(20)
        text = m.serial.text()
    t.equal(re.findall("^ID (.*)$", text, re.MULTILINE), ["1000"],
            "the user's number")
    return [re.findall(f"^{who} (.*)$", text, re.MULTILINE)
            for who in ("ROOT", "USER")]


def is_log(lines, config=None):
    """All lines of the guide, in order?  One is only there without a
    bitvisor.conf."""
    rest = iter(lines)
    return all(any(re.search(wanted, line) for line in rest)
               for wanted in GUIDE_LINES
               if not (config and wanted.startswith("Module")))


def without_log(variant):
    def run(t):
        for lines in bvlog(t, variant):
            t.check(lines and not is_log(lines), f"bvlog printed {lines}")
    return run


for each in (flow.BARE, "minimal"):
    test(f"log/bvlog-{label(each)}")(without_log(each))


@test("log/bvlog-full")
def bvlog_full(t):
    root, user = bvlog(t, "full")
    t.check(is_log(root), f"root's log: {root}")
    t.check(user and not any("BitVisor..." in line for line in user),
            f"the user sees {user}")


@test("log/bvlog-anyone-full")
def bvlog_anyone(t):
    config = "vmm.bvlog_anyone=1\n"
    root, user = bvlog(t, "full", config)
    t.check(is_log(root, config), f"root's log: {root}")
    t.check(is_log(user, config), f"the user's log: {user}")


@test("log/serial-full")
def serial(t):
    """The log from its first line, and the port hidden from the guest."""
    with Qemu(t.folder, probe.files("port", "full", SERIAL),
              time_limit=60) as m:
        m.wait_port("^PROBE end", 50)
        m.wait_exit(20)
        answers = probe.parse(m.port.text())
        text = m.serial.text()
    # The firmware's console is on the port, too: each line comes twice.
    t.check(is_log(text.splitlines(), SERIAL),
            "not all lines on the serial port")
    for port in ("03fb", "03fc", "03ff"):
        t.check(answers[f"port.byte.{port}"] in ("00", "ff"),
                f"port {port} reads {answers[f'port.byte.{port}']}")


@test("log/triple-fault-full")
def triple_fault(t):
    """The machine resets, and the log says of what the guest died."""
    with Qemu(t.folder, probe.files("triple", "full", SERIAL),
              time_limit=60) as m:
        m.wait_for("triple fault in the guest", 50)
        m.wait_for("Guest state and registers of cpu 0", 5)
        m.wait_for(r"RIP [0-9A-F]+ +RFLAGS [0-9A-F]+", 5)
        m.wait_exit(20)


def symbol(variant, name):
    """Address of a function, counted from the begin of the image."""
    text = subprocess.run(
        ["nm", str(where.vmm_image(variant)) + ".debug"], check=True,
        stdout=subprocess.PIPE, text=True).stdout
    return int(re.search(rf"^(\w+) [tT] {name}$", text, re.MULTILINE)[1], 16)


def image_base(machine, debugger, variant):
    """Where the image begins: it is searched in the reserved memory."""
    data = where.vmm_image(variant).read_bytes()
    base, size = (int(x, 16) for x in re.search(
        r"FLOW reserved (\w+)\+(\w+) new", machine.port.text()).groups())
    start = symbol(variant, "vmm_panic")
    # Code is the same in memory and file, one page further in the file.
    wanted = data[start + 0x1000:start + 0x1000 + 64]
    for at in range(base, base + size, 4096):
        if debugger.read(at + start, 64) == wanted:
            return at
    machine.fail("the image was not found in the reserved memory")


def break_vmm(machine, variant):
    """Put an undefined instruction into the VMM's handler of exits, from
    outside the machine."""
    debugger = gdb.Gdb(machine)
    base = image_base(machine, debugger, variant)
    debugger.write(base + symbol(variant, "vmm_exit_dispatch"), b"\x0f\x0b")
    debugger.leave()


def is_blank(path):
    """Is the picture (a PPM) of one colour?"""
    data = path.read_bytes()
    return len(set(data[len(data) // 2:])) < 2 and \
        len(set(data[20:len(data) // 2])) < 2


def expect_panic(m):
    m.wait_for("An exception in VMM!", 20)
    m.wait_for("panic.*#UD", 5)
    m.wait_for(r"CR0 [0-9A-F]+ +CR2 [0-9A-F]+", 5)
    m.wait_for("backtrace:", 5)
    m.wait_for(r"0x[0-9a-f]+ vmm_exit_dispatch\+0x0", 5)
    m.wait_for(r"0x[0-9a-f]+ svm_\w+\+0x", 5)
    m.wait_for("Guest state and registers of cpu 0", 5)


def fragile_machine(t, config):
    """It waits for break_vmm, then makes an exit."""
    return Qemu(t.folder, flow.direct([":map", ":stall 4000", ":mark"],
                                      "full", config=config),
                debugger=True, time_limit=90)


@test("log/panic-full")
def panic_halts(t):
    """A bug of the VMM's: the reason, a backtrace with names, the guest's
    state, on the serial port and on the screen; then the machine halts."""
    with fragile_machine(t, SERIAL) as m:
        m.wait_port("FLOW step :stall", 60)
        break_vmm(m, "full")
        expect_panic(m)
        m.wait_for("Unrecoverable error", 10)
        m.stays_running(1)
        t.check(not is_blank(m.screenshot()), "the screen is blank")


@test("log/panic-reboot-full")
def panic_reboots(t):
    with fragile_machine(t, SERIAL + "vmm.panic_reboot=1\n") as m:
        m.wait_port("FLOW step :stall", 60)
        break_vmm(m, "full")
        expect_panic(m)
        m.wait_for("Rebooting", 20)
        m.wait_exit(20)
