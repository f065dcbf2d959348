# SPDX-License-Identifier: BSD-3-Clause
"""What a failed test tells of a machine that ended without a word."""

import re

from bvemu import probe
from bvemu.case import test
from bvemu.machine import Failure
from bvemu.qemu import Qemu


@test("harness/last-words")
def last_words(t):
    """The variant minimal shows its log nowhere; it is read from memory."""
    with Qemu(t.folder, probe.files("triple", "minimal"),
              time_limit=60) as m:
        try:
            m.wait_for("^what never comes", 50)
        except Failure as failure:
            told = re.sub(r"\n +\| ", " ", str(failure))
    for part in ("guest-reset", "CPU0: triple fault in the guest", "RIP="):
        t.check(part in told, f"nothing of {part!r} in:\n{told}")
