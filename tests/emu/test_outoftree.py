# SPDX-License-Identifier: BSD-3-Clause
"""The variant of tests/outoftree, which `make check` built from an installed
tree, with its own unit and hypercall."""

from bvemu import flow, where
from bvemu.case import test
from bvemu.qemu import Qemu

SCRIPT = """
/bin/call-hello
/bin/call-hello
bvlog
"""


@test("outoftree/own unit")
def own_unit(t):
    program = where.built("tests/outoftree/call-hello", "make check")
    files = flow.linux_direct(SCRIPT, "tests/outoftree/prototype",
                              files={"bin/call-hello": program})
    with Qemu(t.folder, files, time_limit=120) as m:
        m.wait_for("^hello: here is a unit from outside", 60)
        m.wait_for("^GUEST init", 90)
        m.wait_for("^HELLO 1$", 30)
        m.wait_for("^HELLO 2$", 30)
        m.wait_for(r"\] hello: call 2, CPU 0", 30)
        m.wait_exit(30)
