# SPDX-License-Identifier: BSD-3-Clause
"""A network of one's own for a test: programs with fixed ports, and a DHCP
server, in a network namespace that goes with the test's process."""

import ctypes
import errno
import fcntl
import functools
import json
import os
import signal
import socket
import struct
import traceback

from .case import Skip
from .machine import EmulatorFault, Failure, die_with_parent

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
SIOCSIFFLAGS, IFF_UP = 0x8914, 1


def unshare(flags):
    if ctypes.CDLL(None, use_errno=True).unshare(flags):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def enter():
    """Move this process to a new namespace; not root: as root of a new user
    namespace.  See user_namespaces(7)."""
    user, group = os.geteuid(), os.getegid()
    if user == 0:
        unshare(CLONE_NEWNET)
    else:
        unshare(CLONE_NEWUSER | CLONE_NEWNET)
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"),
                           ("gid_map", f"0 {group} 1")):
            with open(f"/proc/self/{name}", "w") as f:
                f.write(text)
    with socket.socket() as s:      # the loopback interface is down at first
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))


def outcome(function, t, needed):
    try:
        try:
            enter()
        except OSError as reason:
            if needed:
                raise Skip(f"no network namespace: {reason}") from reason
        function(t)
        return ["ok", ""]
    except Skip as reason:
        return ["skip", str(reason)]
    except EmulatorFault as reason:
        return ["again", str(reason)]
    except Failure as reason:
        return ["not ok", str(reason)]
    except BaseException:
        return ["not ok", traceback.format_exc()]


def apart(needed=True):
    """Decorator of a test: run it in a process with a network of its own.
    Where that is forbidden it is skipped, or, if it is not needed, runs in
    the network of all."""
    def decorate(function):
        @functools.wraps(function)
        def run(t):
            result, end = os.pipe()
            child = os.fork()
            if not child:
                os.close(result)
                die_with_parent()
                said = outcome(function, t, needed)
                os.write(end, json.dumps(said).encode()[:60000])
                os._exit(0)
            os.close(end)
            try:
                with open(result, "rb") as pipe:
                    data = pipe.read()
            except BaseException:
                os.kill(child, signal.SIGTERM)
                raise
            finally:
                os.waitpid(child, 0)
            status, message = json.loads(data or '["not ok", "killed"]')
            if status == "skip":
                raise Skip(message)
            if status == "again":
                raise EmulatorFault(message)
            if status != "ok":
                raise Failure(message)
        return run
    return decorate


def port_is_free(kind, port):
    """Can a server have this port of all addresses?"""
    with socket.socket(socket.AF_INET, kind) as s:
        try:
            s.bind(("", port))
        except OSError as reason:
            if reason.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True
