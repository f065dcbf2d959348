# SPDX-License-Identifier: BSD-3-Clause
"""A Linux guest: the distribution's kernel with an initramfs of busybox and
one script that the test gives."""

import gzip
import hashlib
import http.server
import random
import threading
from pathlib import Path

from . import where

CONSOLE = "console=ttyS0,115200"
# What every test wants: no waiting, no colours, and an oops that is seen.
COMMAND_LINE = f"{CONSOLE} panic=-1 loglevel=4 nomodeset"

INIT = """#!/bin/sh
export PATH=/bin HOME=/
busybox mount -t proc proc /proc
/bin/busybox --install -s /bin
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
echo "GUEST init $(cat /proc/uptime)"
sh /run.sh </dev/console >/dev/console 2>&1
echo "GUEST end"
while :; do sleep 1000; done
"""

# For udhcpc: take what the server offers.
DHCP_SCRIPT = """#!/bin/sh
[ "$1" = bound ] || [ "$1" = renew ] || exit 0
ifconfig $interface $ip netmask $subnet
for r in $router; do route add default gw $r; done
echo "GUEST address $ip"
"""

NETWORK = """
for m in $(ls /modules); do insmod /modules/$m; done
n=0
while ! [ -e /sys/class/net/eth0 ] && [ $n -lt 100 ]; do
	n=$((n + 1)); sleep 0.1
done
ifconfig lo 127.0.0.1
ifconfig eth0 up
udhcpc -q -n -t 20 -T 1 -i eth0 -s /dhcp || echo "GUEST no address"
"""


class Archive:
    """A cpio archive of the kind the kernel reads ("newc")."""

    def __init__(self):
        self.parts, self.number = [], 0

    def entry(self, name, mode, data=b"", rdev=(0, 0)):
        self.number += 1
        fields = (self.number, mode, 0, 0, 1, 0, len(data), 0, 0,
                  rdev[0], rdev[1], len(name) + 1, 0)
        head = b"070701" + b"".join(b"%08X" % f for f in fields)
        self.pad(head + name.encode() + b"\0")
        self.pad(data)

    def pad(self, data):
        self.parts.append(data + bytes(-len(data) % 4))

    def folder(self, name):
        self.entry(name, 0o040755)

    def file(self, name, data, mode=0o755):
        if isinstance(data, Path):
            data = data.read_bytes()
        elif isinstance(data, str):
            data = data.encode()
        self.entry(name, 0o100000 | mode, data)

    def link(self, name, target):
        self.entry(name, 0o120777, target.encode())

    def data(self):
        self.entry("TRAILER!!!", 0)
        return b"".join(self.parts)


def initramfs(script, modules=(), files=None):
    """script: what /run.sh does.  files: path in the guest -> content; all
    are executable."""
    archive = Archive()
    for name in ("bin", "dev", "proc", "sys", "tmp", "modules"):
        archive.folder(name)
    archive.entry("dev/console", 0o020600, rdev=(5, 1))
    archive.file("bin/busybox", where.busybox())
    archive.link("bin/sh", "busybox")
    archive.file("init", INIT)
    archive.file("dhcp", DHCP_SCRIPT)
    archive.file("run.sh", script)
    for number, name in enumerate(modules):
        path = where.kernel_module(name)
        archive.file(f"modules/{number:02}-{path.name}", path)
    for name, content in (files or {}).items():
        archive.file(name, content)
    return gzip.compress(archive.data(), 1, mtime=0)


def boot_files(script, modules=(), files=None):
    return {"vmlinuz.efi": where.kernel(),
            "initrd.img": initramfs(script, modules, files)}


def boot_line(more=""):
    """The step of flow.txt, or the command of the shell."""
    return f"\\vmlinuz.efi initrd=\\initrd.img {COMMAND_LINE} {more}".strip()


def payload(size):
    """Bytes that do not compress, the same in each run."""
    return random.Random(size).randbytes(size)


class Server:
    """An HTTP server on 127.0.0.1 with one document, /payload; the guest
    reaches it at 10.0.2.2.  Use as a context manager."""

    def __init__(self, size):
        self.data = payload(size)
        self.sha256 = hashlib.sha256(self.data).hexdigest()
        self.uploads = []

    def handler(self):
        data, uploads = self.data, self.uploads

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def do_POST(self):
                size = int(self.headers["Content-Length"])
                uploads.append(self.rfile.read(size))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass
        return Handler

    def __enter__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                      self.handler())
        self.port = self.server.server_address[1]
        self.url = f"http://10.0.2.2:{self.port}/payload"
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
