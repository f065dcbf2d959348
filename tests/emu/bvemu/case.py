# SPDX-License-Identifier: BSD-3-Clause
"""Test cases: functions with a name, run one after the other."""

import argparse
import fcntl
import fnmatch
import json
import multiprocessing
import re
import shutil
import sys
import time
import traceback

from . import where
from .machine import EmulatorFault, Failure

TESTS = []
EMULATOR_FAULTS = 3     # that one test may meet
LONG = "long/"  # tests with such names run only when they are asked for


class Skip(Exception):
    """The test cannot run here; the message says why."""


class Context:
    """What a test gets: a folder of its own for logs, and checks."""

    def __init__(self, name, root):
        self.name = name
        self.folder = root / name.replace("/", "-")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)

    def check(self, condition, reason):
        if not condition:
            raise Failure(reason)

    def equal(self, got, expected, what):
        if got != expected:
            raise Failure(f"{what}: expected {expected!r}, got {got!r}")

    def once(self, key, make):
        """make(), which returns plain data, called once in a run of the
        tests, whichever process asks first."""
        folder = self.folder.parent / "once"
        folder.mkdir(exist_ok=True)
        name = re.sub("[^A-Za-z0-9.]+", "-", key).strip("-")
        with open(folder / f"{name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            result = folder / f"{name}.json"
            if not result.exists():
                result.write_text(json.dumps(make()))
            return json.loads(result.read_text())

    def say(self, text):
        print(f"  # {text}", flush=True)


def test(name):
    """Decorator: register a function as the test NAME ("group/what")."""
    def register(function):
        TESTS.append((name, function))
        return function
    return register


def selected(patterns):
    def matches(name):
        return any(fnmatch.fnmatch(name, p) or name.startswith(p)
                   for p in patterns)
    if not patterns:
        return [t for t in TESTS if not t[0].startswith(LONG)]
    return [t for t in TESTS if matches(t[0])]


def run_one(name, function, root):
    """Returns (status, message)."""
    for _ in range(EMULATOR_FAULTS):
        try:
            return run_once(name, function, root)
        except EmulatorFault as reason:
            print(f"  # {name}: once more: {reason}", flush=True)
    return "not ok", "the emulator failed each time"


def run_once(name, function, root):
    context = Context(name, root)
    try:
        function(context)
        for image in context.folder.rglob("disk.img"):
            image.unlink()
        return "ok", ""
    except Skip as reason:
        return "skip", str(reason)
    except EmulatorFault:
        raise
    except (Failure, where.Missing) as reason:
        return "not ok", str(reason)
    except Exception:
        return "not ok", traceback.format_exc()


def timed(item):
    """One test, in a process of its own or not."""
    name, function, root = item
    begin = time.monotonic()
    status, message = run_one(name, function, root)
    return name, status, message, time.monotonic() - begin


def results(work, jobs):
    """What comes of the tests, as they end.  With several jobs: processes, so
    that a test's emulator still ends with the process that started it."""
    if jobs <= 1:
        yield from map(timed, work)
        return
    # The functions themselves cannot be sent; a forked child has them.
    global WORK
    WORK = work
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        yield from pool.imap_unordered(timed_number, range(len(work)), 1)


WORK = []


def timed_number(number):
    return timed(WORK[number])


def options(arguments):
    parser = argparse.ArgumentParser(
        description="Tests on emulated machines. Run from the build tree.")
    parser.add_argument("-l", "--list", action="store_true",
                        help="print the names of the tests")
    parser.add_argument("-x", "--exclude", action="append", default=[],
                        metavar="PATTERN", help="leave these out")
    parser.add_argument("-j", "--jobs", type=int, default=1, metavar="N",
                        help="run N tests at a time")
    parser.add_argument("pattern", nargs="*",
                        help="names or beginnings of names; * and ? match")
    return parser.parse_args(arguments)


def main(arguments=None):
    """Run the registered tests that the arguments select; exit status."""
    chosen = options(arguments)
    tests = selected(chosen.pattern)
    if chosen.exclude:
        out = selected(chosen.exclude)
        tests = [t for t in tests if t not in out]
    if chosen.list:
        print("\n".join(name for name, _ in tests))
        return 0
    if not tests:
        print("no test matches", file=sys.stderr)
        return 2
    try:
        root = where.build() / "tests/emu/logs"
    except where.Missing as reason:
        print(reason, file=sys.stderr)
        return 2
    shutil.rmtree(root / "once", ignore_errors=True)
    count = {"ok": 0, "not ok": 0, "skip": 0}
    work = [(name, function, root) for name, function in tests]
    number = 0
    for name, status, message, seconds in results(work, chosen.jobs):
        number += 1
        count[status] += 1
        if status == "skip":
            print(f"ok {number} - {name} # SKIP {message}", flush=True)
        else:
            print(f"{status} {number} - {name} ({seconds:.1f} s)", flush=True)
            for line in message.splitlines():
                print(f"  # {line}", flush=True)
    skipped = f", {count['skip']} skipped" if count["skip"] else ""
    print(f"{count['ok']} passed, {count['not ok']} failed{skipped}")
    return 1 if count["not ok"] else 0
