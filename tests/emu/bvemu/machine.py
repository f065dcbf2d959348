# SPDX-License-Identifier: BSD-3-Clause
"""What the emulators have in common: a process, its logs, waiting for text
in them.  A machine ends only the process it started."""

import ctypes
import os
import re
import signal
import subprocess
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
POLL = 0.05


class Failure(AssertionError):
    """A test failed; the message is the reason, for a person to read."""


class EmulatorFault(Failure):
    """What was seen is a known fault of the emulator, and no processor can
    do it: nothing was learned, the test is run again."""


def die_with_parent():
    """In the child: get SIGKILL when the harness dies, however it dies."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Log:
    """A text file that a running emulator appends to."""

    def __init__(self, name, path):
        self.name, self.path, self.position = name, Path(path), 0

    def text(self):
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return ""
        return data.decode("utf-8", "replace").replace("\r", "")

    def tail(self, lines):
        # Screen control sequences would garble the terminal of the reader.
        text = re.sub(r"\x1b\[[0-9;=?]*[A-Za-z]|[\x00-\x08\x0b-\x1f]", "",
                      self.text())
        return "\n".join("    | " + line
                         for line in text.splitlines()[-lines:])


class Machine:
    """Base of the emulators.  Use as a context manager."""

    def __init__(self, folder, time_limit=120):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.process = None
        self.time_limit = time_limit
        self.serial = Log("serial port", self.folder / "serial.log")
        self.port = Log("test port 0xe9", self.folder / "port-e9.log")
        self.errors = Log("emulator", self.folder / "emulator.log")
        self.standard_output = self.serial  # which log the emulator prints
        self.started = self.ended = self.waited = 0.0

    def command(self):
        raise NotImplementedError

    def prepare(self):
        """What has to exist before the command runs."""

    def spawn(self, command):
        (self.folder / "command").write_text(" ".join(map(str, command)))
        with open(self.standard_output.path, "wb") as output, \
                open(self.errors.path, "wb") as errors:
            self.process = subprocess.Popen(
                [str(c) for c in command], stdin=subprocess.PIPE,
                stdout=output, stderr=errors, cwd=self.folder,
                preexec_fn=die_with_parent)
        self.started = time.monotonic()
        self.waited = 0.0

    def __enter__(self):
        for log in (self.serial, self.port):
            log.path.unlink(missing_ok=True)
            log.position = 0
        self.prepare()
        self.spawn(self.command())
        return self

    def __exit__(self, kind, value, trace):
        self.stop()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process and self.process.stdin:
            self.process.stdin.close()
            self.process.stdin = None
        self.ended = time.monotonic()

    def running(self):
        return self.process.poll() is None

    def elapsed(self):
        return time.monotonic() - self.started

    def cpu_time(self):
        """Seconds of processor time that the emulator has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text()
        user, system = fields.rsplit(")", 1)[1].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def fail(self, reason):
        said = self.last_words()
        # The longest comes last: who reads a part reads the others.
        for log, lines in ((self.errors, 8), (self.port, 8),
                           (self.serial, 25)):
            tail = log.tail(lines)
            if tail:
                said.append(f"  end of {log.name} ({log.path}):\n{tail}")
        raise Failure("\n".join([reason] + said))

    def ending(self):
        """How the machine ended."""
        return f"exit status {self.process.returncode}"

    def last_words(self):
        """What else tells why it ended: paragraphs."""
        return []

    def starved(self):
        """Seconds for which the emulator, one of its threads that is, had to
        wait for a processor of a busy host (Linux, proc(5): schedstat)."""
        for task in self.threads():
            try:
                wait = int((task / "schedstat").read_text().split()[1]) / 1e9
            except (OSError, IndexError):
                continue        # it ended; or this kernel does not tell
            self.waited = max(self.waited, wait)
        return self.waited

    def threads(self):
        try:
            return list(Path(f"/proc/{self.process.pid}/task").iterdir())
        except OSError:         # none is left
            return []

    def used(self):
        """The clock of time limits: seconds since the start.  Those in which
        others kept the emulator from running count a fifth."""
        elapsed = self.elapsed()
        return elapsed - 0.8 * min(self.starved(), elapsed)

    def deadline(self, limit):
        """By used()."""
        return self.time_limit if limit is None else min(
            self.time_limit, self.used() + limit)

    def spent(self):
        return (f"{self.elapsed():.0f} s of the start, in {self.starved():.0f}"
                " of which the host was too busy")

    def wait_for(self, pattern, limit=None, log=None):
        """Wait for a regular expression behind the last match in the log
        (default: serial port).  Returns the match.  $ at its end is the end
        of a line, which was printed: what is there may be the half of one."""
        log = log or self.serial
        pattern = re.sub(r"(?<!\\)\$$", r"(?=\\n)", pattern)
        expression = re.compile(pattern, re.MULTILINE)
        end = self.deadline(limit)
        while True:
            alive = self.running()
            match = expression.search(log.text(), log.position)
            if match:
                log.position = match.end()
                return match
            if not alive:
                self.fail(f"the machine ended ({self.ending()}) before "
                          f"{pattern!r} appeared on the {log.name}")
            if self.used() > end:
                self.fail(f"{pattern!r} did not appear on the {log.name} "
                          f"within {self.spent()}")
            time.sleep(POLL)

    def wait_port(self, pattern, limit=None):
        return self.wait_for(pattern, limit, self.port)

    def wait_exit(self, limit=None):
        """Wait until the emulator ends by itself; its exit status."""
        end = self.deadline(limit)
        while self.running():
            if self.used() > end:
                self.fail("the machine did not power off or reset within "
                          f"{self.spent()}")
            time.sleep(POLL)
        return self.process.returncode

    def stays_running(self, seconds):
        """Fail if the machine ends within the time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self.running():
                self.fail("the machine ended unexpectedly")
            time.sleep(POLL)

    def type(self, text):
        """Send text to the serial port."""
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()
