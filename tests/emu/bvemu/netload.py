# SPDX-License-Identifier: BSD-3-Clause
"""Moving data between a guest and the host, every byte checked, and a guest
that does what the host says: see tests/emu/netload/netload.c."""

import socket
import struct
import threading

from . import flow, linux, where
from .qemu import Qemu

BLOCK = 1 << 20
PROGRAM = "netload"
# Commands come by the serial port; each ends with a line DONE.
SCRIPT = """
stty -echo -icrnl </dev/ttyS0
modprobe virtio_pci
net @MODULE@
echo READY
while read -r line; do
	[ "$line" = end ] && break
	$line
	echo DONE
done </dev/ttyS0
"""


def make_pattern():
    """Marsaglia's xorshift, as in netload.c."""
    x, mask, out = 1, (1 << 64) - 1, []
    for _ in range(BLOCK // 8):
        x ^= x << 13 & mask
        x ^= x >> 7
        x ^= x << 17 & mask
        out.append(x)
    return struct.pack(f"<{len(out)}Q", *out)


class Server:
    """At 10.0.2.2 of the guest.  Use as a context manager.  errors: what was
    wrong with data received."""

    def __init__(self):
        self.tail = make_pattern()[8:]
        self.errors = []

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        # Closing it does not end accept(), which would go on with whatever
        # has the descriptor's number next, once a signal interrupts it.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return          # the end
            threading.Thread(target=self.serve, args=[connection],
                             daemon=True).start()

    def serve(self, connection):
        with connection, connection.makefile("rb", BLOCK) as stream:
            words = stream.readline().split()
            if len(words) != 2:
                return
            try:
                if words[0] == b"get":
                    self.send(connection, int(words[1]))
                else:
                    self.receive(connection, stream, int(words[1]))
            except OSError as reason:
                self.errors.append(str(reason))

    def send(self, connection, blocks):
        for n in range(blocks):
            connection.sendall(struct.pack("<Q", n) + self.tail)

    def receive(self, connection, stream, blocks):
        for n in range(blocks):
            data = stream.read(BLOCK)
            if data != struct.pack("<Q", n) + self.tail:
                self.errors.append(f"block {n} is damaged, or missing")
                return
        connection.sendall(b"k")


class Guest(Qemu):
    """A Linux that obeys.  variant, config: of the VMM; module: the NIC's
    driver in the guest; programs: further ones, name -> file; image: in
    the place of the variant's."""

    def __init__(self, folder, variant, module, config=None, more="",
                 programs=None, image=None, **options):
        script = more + SCRIPT.replace("@MODULE@", module)
        files = {PROGRAM: where.built(f"tests/emu/{PROGRAM}.prog",
                                      "make guest-programs")}
        files.update(programs or {})
        options.setdefault("nic", "e1000e")
        disk = flow.linux_direct(script, variant, files=files, config=config)
        if image:
            disk["bitvisor/bitvisor.elf"] = image
        super().__init__(folder, disk, **options)

    def ready(self, limit=150):
        self.wait_for("^READY", limit)

    def do(self, command, limit=None):
        """What the command printed."""
        begin = self.serial.position
        self.type(command + "\n")
        end = self.wait_for("^DONE$", limit)
        return self.serial.text()[begin:end.start()]

    def move(self, what, server, mib, soak=False, limit=None):
        """what: get or put.  (seconds, TSC ticks, loops)."""
        text = self.do(f"/{PROGRAM} {what} {server.port} {mib}"
                       + (" soak" if soak else ""), limit)
        words = text.split()
        if words[:2] != ["NETLOAD", what] or \
                int(words[2]) != mib * BLOCK or server.errors:
            self.fail(f"{what} of {mib} MiB: {text.strip()}; "
                      + "; ".join(server.errors))
        return int(words[3]) / 1e6, int(words[4]), int(words[5])

    def leave(self):
        self.type("end\n")
        self.wait_exit(60)
