# SPDX-License-Identifier: BSD-3-Clause
"""QEMU's monitor (QMP), and what can be read from a machine that ended."""

import json
import re
import select
import socket

# Where the VMM's log begins in its memory, and how much of it is looked at.
LOG_BEGIN = re.compile(rb"Loading drivers\.[^\n]{0,400}?"
                       rb"Starting a virtual machine\.", re.DOTALL)
LOG_SIZE = 8192
CHUNK = 64 << 20


def left_nested_paging_on(log, registers):
    """Did the guest die on the VMM's own page tables?  Hardware cannot do
    that; QEMU up to 10 at least does, about once in a million exits of the
    first of several processors.  hflags2 of that processor, which says
    whether nested paging is on, is changed without a lock by the others as
    well, whenever they load x87 state (cpu_clear_ignne).  See docs/testing.md.
    """
    guest = re.search(r"triple fault in the guest.*?CR3\s+([0-9A-F]+)", log,
                      re.DOTALL)
    own = re.findall(r"\bCR3=([0-9a-f]+)", registers)
    return bool(guest) and int(guest[1], 16) in {int(n, 16) for n in own}


class Monitor:
    """A connection.  Raises OSError if there is none (yet), EOFError if QEMU
    has ended."""

    def __init__(self, path):
        self.unread, self.events = b"", []
        self.socket = socket.socket(socket.AF_UNIX)
        try:
            self.socket.connect(path)
        except OSError:
            self.socket.close()
            raise
        self.socket.settimeout(20)
        self.line()             # the greeting
        self.execute("qmp_capabilities")

    def close(self):
        self.socket.close()

    def receive(self):
        data = self.socket.recv(65536)
        if not data:
            raise EOFError
        self.unread += data

    def line(self):
        while b"\n" not in self.unread:
            self.receive()
        line, self.unread = self.unread.split(b"\n", 1)
        return json.loads(line)

    def execute(self, command, **arguments):
        """The answer, with its member "return" or "error"."""
        line = json.dumps({"execute": command, "arguments": arguments})
        self.socket.sendall(line.encode() + b"\n")
        while True:
            answer = self.line()
            if "event" not in answer:
                return answer
            self.events.append(answer)

    def shutdown(self):
        """Why the machine has ended, as QEMU says it; None: it has not."""
        while select.select([self.socket], [], [], 0)[0]:
            self.receive()
        while b"\n" in self.unread:
            self.events.append(self.line())
        for event in self.events:
            if event["event"] == "SHUTDOWN":
                return event["data"].get("reason", "")
        return None


def guest_memory(pid):
    """The largest mapping of the process: start, end."""
    best = (0, 0)
    with open(f"/proc/{pid}/maps") as maps:
        for line in maps:
            start, end = (int(n, 16) for n in line.split()[0].split("-"))
            if end - start > best[1] - best[0] and " rw" in line:
                best = start, end
    return best


def vmm_log(pid):
    """The VMM's log, from the start of the guest on, as it stands in the
    memory of the emulator's process: lines without their ends."""
    try:
        start, end = guest_memory(pid)
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
            return find_log(memory, start, end)
    except OSError as reason:
        return f"(not to be read: {reason})"


def find_log(memory, start, end):
    for at in range(start, end, CHUNK):
        memory.seek(at)
        data = memory.read(min(CHUNK + LOG_SIZE, end - at))
        found = LOG_BEGIN.search(data)
        if found:
            text = data[found.start():found.start() + LOG_SIZE]
            return text.split(b"\0")[0].decode("ascii", "replace")
    return "(there is none)"
