# SPDX-License-Identifier: BSD-3-Clause
"""Writing to the memory of a running machine, VMM or not, through QEMU's
server for debuggers (remote serial protocol)."""

import socket


class Gdb:
    """Connecting stops the machine (a Qemu with debugger=True), leaving lets
    it go on."""

    def __init__(self, machine):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(f"{machine.private}/gdb")
        # Addresses are physical, whatever the processor translates.
        self.command("Qqemu.PhyMemMode:1")

    def command(self, text):
        data = text.encode()
        self.socket.sendall(b"$" + data + b"#%02x" % (sum(data) & 255))
        answer = b""
        while b"#" not in answer[:-2]:
            piece = self.socket.recv(4096)
            if not piece:
                raise ConnectionError("the machine is gone")
            answer += piece
        self.socket.sendall(b"+")
        return answer[answer.index(b"$") + 1:answer.rindex(b"#")].decode()

    def write(self, address, data):
        answer = self.command(f"M{address:x},{len(data):x}:{data.hex()}")
        if answer != "OK":
            raise ValueError(f"cannot write to {address:#x}: {answer}")

    def read(self, address, size):
        answer = self.command(f"m{address:x},{size:x}")
        if answer.startswith("E"):
            raise ValueError(f"cannot read at {address:#x}: {answer}")
        return bytes.fromhex(answer)

    def leave(self):
        self.command("D")
        self.socket.close()
