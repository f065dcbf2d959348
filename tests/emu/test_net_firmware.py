# SPDX-License-Identifier: BSD-3-Clause
"""The shared NIC under the firmware: UEFI's own virtio driver finds the device
that took the NIC's place, and its shell reaches the wire and the VMM."""

import test_net
from bvemu import flow, telnet
from bvemu.case import test

CONFIG = test_net.CONFIG.replace("@NET@", "ippass").replace("@VIRTIO@", "1")
LINES = [
    "connect -r",
    "ifconfig -s eth0 static 10.0.2.15 255.255.255.0 10.0.2.2",
    "stall 2000000",
    "ping -n 3 10.0.2.2",
    "ping -n 3 10.0.2.9",
]


@test("net/firmware")
def firmware(t):
    test_net.need_stack()
    port = telnet.free_port()
    disk = flow.shell(LINES, "full", config=CONFIG)
    with test_net.machine(t, disk, port) as m:
        for who in r"10\.0\.2\.2", r"10\.0\.2\.9":
            m.wait_for(f"Ping {who}", 90)
            m.wait_for("3 packets transmitted, 3 received", 20)
        shell = test_net.answers(port, ["net", "exit"])
        t.check("1 resets" in shell and "running 1" in shell,
                f"the firmware's driver did not take the device: {shell}")
