# SPDX-License-Identifier: BSD-3-Clause
"""A Linux guest: the distribution's kernel with busybox, made by
scripts/make-guest-image, and one script that the test gives."""

import fcntl
import hashlib
import http.server
import random
import subprocess
import threading
import time
from pathlib import Path

from . import where

# No waiting after a panic, and nothing of the kernel's on the console but
# what is wrong.
COMMAND_LINE = "console=ttyS0,115200 panic=-1 loglevel=4 nomodeset"


def make_base(folder):
    command = ["sh", str(where.SOURCE / "scripts/make-guest-image"),
               "-d", str(where.build() / "guest-kernel"), "-m", "8021q"]
    for tool in ("bvlog", "dbgsh"):
        if (where.build() / tool).exists():
            command += ["-f", str(where.build() / tool)]
    done = subprocess.run(command + [str(folder)], text=True,
                          stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if done.returncode:
        raise where.Missing(f"no guest image: {done.stdout}")


def base():
    """The folder with vmlinuz.efi and initrd.img, made once in a run, by the
    first of its processes that wants it."""
    folder = where.build() / "tests/emu/guest"
    stamp = folder.with_suffix(".stamp")
    stamp.parent.mkdir(parents=True, exist_ok=True)
    with open(stamp, "a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        if lock.read() != where.RUN:
            make_base(folder)
            lock.truncate(0)
            lock.write(where.RUN)
    return folder


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

    def file(self, name, data, mode=0o755):
        if isinstance(data, Path):
            data = data.read_bytes()
        elif isinstance(data, str):
            data = data.encode()
        self.entry(name, 0o100000 | mode, data)

    def data(self):
        self.entry("TRAILER!!!", 0)
        return b"".join(self.parts)


def boot_files(script, files=None):
    """Files of a boot disk.  script: what the guest runs, see
    scripts/guest-init; files: path in the guest -> content, executable."""
    extra = Archive()
    extra.file("run.sh", script)
    for name, content in (files or {}).items():
        extra.file(name, content)
    image = (base() / "initrd.img").read_bytes()
    return {"vmlinuz.efi": base() / "vmlinuz.efi",
            "initrd.img": image + bytes(-len(image) % 512) + extra.data()}


def boot_line(end="poweroff", more=""):
    """The step of flow.txt, or the command of the shell.  end: what the
    guest does after its script, see scripts/guest-init."""
    return (f"\\vmlinuz.efi initrd=\\initrd.img {COMMAND_LINE} bvend={end} "
            f"{more}").strip()


def payload(size):
    """Bytes that do not compress, the same in each run."""
    return random.Random(size).randbytes(size)


class Server:
    """An HTTP server on 127.0.0.1 with one document, /payload, which it sends
    after a delay in seconds; the guest reaches it at 10.0.2.2, or on a wire
    at this machine's address host.  Use as a context manager."""

    def __init__(self, size, delay=0, host=None):
        self.delay, self.host = delay, host
        self.data = payload(size)
        self.sha256 = hashlib.sha256(self.data).hexdigest()
        self.uploads = []

    def handler(self):
        data, uploads, delay = self.data, self.uploads, self.delay

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                time.sleep(delay)
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
        self.server = http.server.ThreadingHTTPServer(
            (self.host or "127.0.0.1", 0), self.handler())
        self.port = self.server.server_address[1]
        self.url = f"http://{self.host or '10.0.2.2'}:{self.port}/payload"
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
