# SPDX-License-Identifier: BSD-3-Clause
"""Where the log can be read: by bvlog in the guest and on the serial port.
Panics: test_panic.py."""

import re

from bvemu import flow, linux, probe, where
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
