# SPDX-License-Identifier: BSD-3-Clause
"""The debug shell by the system's telnet, which expect(1) drives."""

import shutil
import socket
import subprocess

from . import where
from .case import Skip


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def password(word):
    """The line of bitvisor.conf that bvpasswd makes."""
    return subprocess.run([where.built("bvpasswd")], input=word + "\n",
                          stdout=subprocess.PIPE, text=True,
                          check=True).stdout


def client(t, port, word=None, host="127.0.0.1"):
    """The dialogue of telnet.exp; returns all that was shown, which is left
    in telnet.log, too.  Without a word the server has to refuse."""
    for program, package in (("expect", "expect"),
                             ("telnet", "inetutils-telnet")):
        if not shutil.which(program):
            raise Skip(f"{program} is not installed: package {package}")
    command = [where.SOURCE / "tests/emu/telnet.exp", host,
               str(port)]
    done = subprocess.run(command + ([word] if word else []), text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=180)
    (t.folder / "telnet.log").write_text(done.stdout)
    t.check(done.returncode == 0 and "DONE" in done.stdout.splitlines(),
            "telnet: " + done.stdout[-1500:])
    return done.stdout
