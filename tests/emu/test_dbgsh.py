# SPDX-License-Identifier: BSD-3-Clause
"""The debug shell from inside the guest: the tool dbgsh, through the
hypercall, by hand and by script."""

import re
import socket
import tempfile

from bvemu import flow, linux, where
from bvemu.case import test
from bvemu.qemu import Qemu

PASSWD = "root::0:0::/:/bin/sh\nuser::1000:1000::/:/bin/sh\n"
SCRIPT = r"""
mkdir -p /etc
printf 'help\rversion\rcpu\rmem\rconfig\rsendint\rfree 3\r\rnothing\rexit\r' |
	dbgsh copy | sed 's/^/ROOT /'
sed -n 's/^nothing/COPY &/p' copy
dbgsh -c 'stats all 2' | sed 's/^/STATS /'
dbgsh -c 'log all' | sed 's/^/LOG /'
printf 'debug\rr\rdp fee00030\rDp/10 1000\rh 10 f\rdv/20 0\rq\r' | dbgsh |
	sed 's/^/DEBUG /'
text=$(sed -n 's/ . linux_banner$//p' /proc/kallsyms)
printf "debug\rdv/20 $text\rq\r" | dbgsh | sed 's/^/BANNER /'
su user -c 'dbgsh 2>&1 -c help' | sed 's/^/USER /'
# Five at a time: a terminal each that nobody types at.
mkfifo quiet; sleep 1000 >quiet & s=$!
for i in 1 2 3 4; do dbgsh <quiet >out$i & done
sleep 2
dbgsh -c version | sed 's/^/FIFTH /'
grep -c '^> $' out1 out2 out3 out4 | sed 's/^/QUIET /'
kill $s; wait
dbgsh -c version | sed 's/^/AFTER /'
"""


def lines(text, who):
    return re.findall(f"^{who} ?(.*)$", text, re.MULTILINE)


def run(t, variant, config=None, smp=1, script=SCRIPT):
    where.built("dbgsh")
    files = flow.direct([linux.boot_line()], variant,
                        linux.boot_files(script, {"etc/passwd": PASSWD}),
                        config)
    with Qemu(t.folder, files, smp=smp, time_limit=150) as m:
        m.wait_for("^GUEST end", 140)
        m.wait_exit(20)
        return m.serial.text()


def has(t, found, *wanted):
    """Lines that are there, in this order?"""
    rest = iter(found)
    for pattern in wanted:
        t.check(any(re.search(pattern, line) for line in rest),
                f"no {pattern!r} where it belongs in {found}")


@test("dbgsh/commands-full")
def commands(t):
    text = run(t, "full", smp=2)
    has(t, lines(text, "ROOT"), "^> help", "^debug +debugger",
        "^log +print VMM log", "^sendint +call msgsendint", "^exit +exit shell",
        "^> version", r"^BitVisor [0-9.]+, variant full, up 0:0",
        "^> cpu", r"^2 CPUs, TSC \d+ Hz", r"^CPU 1 +\d+ exits",
        "^> mem", r"^heap +\d+ KiB", r"^\d+ pages \(\d+ KiB\) free",
        "^> config", "^vmm.dbgsh=1", r"^vmm.dbgsh_password=\(not set\)",
        "^> sendint", "^sendint> free 3", "^send 3 to free",
        r"^\d+ pages \(\d+ KiB\) free", "^> nothing", "^nothing not found",
        "^> exit")
    t.equal(lines(text, "COPY"), ["nothing not found."], "the copy")
    has(t, lines(text, "STATS"), "^Exits +total +per second",
        r"^hypercall +\d{3,} +[1-9]\d*$", r"^CPU 0 +\d+", r"^CPU 1 +\d+")
    has(t, lines(text, "LOG"), "Starting BitVisor", "Using SVM",
        "Starting a virtual machine")
    debug = lines(text, "DEBUG")
    has(t, debug, "present state of cpu [01] loaded", "^debug> r",
        r"^RIP +[0-9A-F]{16}", r"CR0 +[0-9A-F]+[13] ", "^debug> dp fee00030",
        r"^FEE00030  [0-9A-F]{2} ", "^debug> Dp", "not shown in the guest",
        "^debug> h 10 f", "^1F 1$", "^debug> dv/20 0",
        "^Error: get_pte failed .virt=0x0.")
    has(t, lines(text, "BANNER"), r"Linux version")
    t.equal([x.split()[-1] for x in lines(text, "USER")], ["only"],
            "an ordinary user")
    has(t, lines(text, "FIFTH"), "^All debug shells are in use")
    t.equal(lines(text, "QUIET"), [f"out{i}:1" for i in (1, 2, 3, 4)],
            "prompts of the quiet ones")
    has(t, lines(text, "AFTER"), "^BitVisor ")


@test("dbgsh/disabled-full")
def disabled(t):
    text = run(t, "full", "vmm.dbgsh=0\n",
               script="dbgsh -c help | sed 's/^/OFF /'\n")
    t.equal(lines(text, "OFF"),
            ["The debug shell is disabled: vmm.dbgsh is 0."], "the answer")


@test("dbgsh/none-minimal")
def none(t):
    text = run(t, "minimal", script="dbgsh 2>&1 | sed 's/^/NONE /'\n")
    t.equal(lines(text, "NONE"), ["dbgsh: this BitVisor has no debug shell"],
            "the answer")


@test("dbgsh/bare")
def bare(t):
    text = run(t, flow.BARE, script="dbgsh 2>&1 | sed 's/^/NONE /'\n")
    t.equal(lines(text, "NONE"), ["dbgsh: not running under BitVisor"],
            "the answer")


@test("dbgsh/by-hand-full")
def by_hand(t):
    """A terminal: echo, arrow keys, history, completion, ^C, the pager, and
    at last a reset of the machine."""
    files = flow.direct([linux.boot_line("stay")], "full",
                        linux.boot_files("dbgsh\n"))
    with Qemu(t.folder, files, time_limit=150) as m:
        m.wait_for(r"^> \Z", 120)
        m.type("versoin\x1b[D\x1b[D\x1b[D\x1b[3~\x1b[Co\r")
        m.wait_for("^BitVisor ", 20)
        m.wait_for(r"^> \Z", 20)
        m.type("\x1b[A\r")
        m.wait_for("version$", 20)
        m.wait_for("^BitVisor ", 20)
        m.type("s\t\t")
        m.wait_for("^sendexample sendint serialtest shell stats $", 20)
        m.type("ta\t")
        m.wait_for("stats", 20)
        m.type("all 50\r")
        m.wait_for("all 50$", 20)
        m.type("\x03")
        m.wait_for(r"^\^C$", 20)
        m.type("log\r")
        m.wait_for("Starting BitVisor", 20)
        m.wait_for("-- (more|end) --", 20)
        m.type("q")
        m.wait_for(r"> \Z", 20)
        m.type("rebo\t\r")
        m.wait_for("^Rebooting.$", 20)
        m.wait_exit(20)


EXAMPLES = r"""
dbgsh -c recvexample >got & receiver=$!
sleep 2
printf 'sendexample\rs hello\r\rsendint\rrecvexample 7\r\rexit\r' | dbgsh |
	sed 's/^/SENT /'
sleep 1; kill $receiver; sed 's/^/GOT /' got
dbgsh
"""


@test("dbgsh/hardware-full")
def hardware(t):
    """Messages from one shell to another; then what touches hardware: the
    VMM's serial port both ways, and the speaker's switch.  The firmware has had
    its console on that port, too, and goes on with it."""
    files = flow.direct([linux.boot_line("stay")], "full",
                        linux.boot_files(EXAMPLES), "vmm.tty_serial=2\n")
    with tempfile.TemporaryDirectory(prefix="bvemu-") as folder, \
            Qemu(t.folder, files, time_limit=150, extra=[
                "-chardev", f"socket,id=far,path={folder}/far,server=on,"
                "wait=off", "-serial", "chardev:far"]) as m:
        m.wait_for(r"^> \Z", 120)
        has(t, lines(m.serial.text(), "SENT"), "send 5 bytes to recvexample",
            "send 7 to recvexample")
        has(t, lines(m.serial.text(), "GOT"), "^received 5 bytes: hello$",
            "^received 7$")
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(20)
            line.connect(f"{folder}/far")
            m.type("serialtest\r")
            m.wait_for("^Wrote a line to the serial port", 20)
            end = line.makefile("rwb", buffering=0)
            text = b""
            while not text.endswith(b"'.' ends\r\n"):
                text += end.read(1)
            end.write(b"there and back.")
            text = b""
            while not text.endswith(b"\r\n"):
                text += end.read(1)
            t.equal(text, b"there and back.\r\n", "the echo")
        m.wait_for("^there and back[.]$", 20)
        m.wait_for(r"^> \Z", 20)
        m.type("sendint\rbeep 440\r")
        m.wait_for("^send 440 to beep$", 20)
        m.wait_for(r"sendint> \Z", 20)
        # Bit 0 is the counter's gate, bit 1 the switch.
        t.check(int(m.human("i /1bx 0x61").split()[-1], 16) & 3 == 3,
                "the speaker is not on")
        m.type("beep 0\r\r")
        m.wait_for(r"^> \Z", 20)
        t.check(int(m.human("i /1bx 0x61").split()[-1], 16) & 3 == 0,
                "the speaker is still on")
