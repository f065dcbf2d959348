# SPDX-License-Identifier: BSD-3-Clause
"""Each net= with virtio=0 and 1: what the guest and the VMM have then."""

import socket

from bvemu import flow, frames, linux, telnet
from bvemu.case import test
from bvemu.qemu import MAC
from test_net import (CONFIG, DOWNLOAD, answers, check_syslog, check_guest,
                      machine, make_disk, need_stack)

# (net, virtio): the guest's driver of the NIC, None: it sees none; has the
# VMM an address.  A stack beside a guest needs virtio=1: without it the rule
# is refused, and the NIC the guest's.
EXPECTED = {
    ("pass", 0): ("e1000e", False), ("pass", 1): ("virtio_net", False),
    ("ip", 0): (None, True), ("ip", 1): (None, True),
    ("ippass", 0): ("e1000e", False), ("ippass", 1): ("virtio_net", True),
    ("ippassfilter", 0): ("e1000e", False),
    ("ippassfilter", 1): ("virtio_net", True),
    ("ippassfilter2", 0): ("e1000e", False),
    ("ippassfilter2", 1): ("virtio_net", True),
}
NO_NIC = """
for dev in /sys/bus/pci/devices/*; do
	echo "DEVICE $(cat $dev/class)"
done
echo READY
read -t 30 -r _ </dev/ttyS0
"""


def reachable(port):
    """Does somebody answer behind QEMU's forward?  QEMU itself takes the
    connection; without the VMM's answer nothing comes of it."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as s:
        try:
            return s.recv(1) != b""
        except OSError:
            return False


def mode(net, virtio):
    driver, stack = EXPECTED[net, virtio]

    def run(t):
        need_stack()
        port = telnet.free_port()
        with linux.Server(DOWNLOAD) as server:
            if driver:
                disk = make_disk(net, virtio, server.url,
                                 "ping -c 3 -q 10.0.2.9" if stack else "")
            else:
                disk = flow.linux_direct(NO_NIC, "full", config=CONFIG.replace(
                    "@NET@", net).replace("@VIRTIO@", str(virtio)))
            with machine(t, disk, port) as m:
                m.wait_for("^READY", 150)
                t.equal(reachable(port), stack, "the VMM's shell answers")
                if stack:
                    shell = answers(port, ["version", "exit"])
                    t.check("BitVisor" in shell, shell)
                m.type("\n")
                m.wait_exit(60)
                text = m.serial.text()
                if driver:
                    check_guest(t, m, server, driver)
                    t.check(not stack or "3 packets received" in text,
                            "the guest's pings to the VMM are lost")
                else:
                    t.check("DEVICE 0x010601" in text and
                            "DEVICE 0x020000" not in text,
                            "the guest sees the NIC")
        sent = frames.check(t.folder / "wire.pcap", MAC)
        t.equal(sent.bad[:10], [], "wrong checksums")
        t.equal(bool(sent.good["tcp", "10.0.2.9"]), stack,
                "the VMM's stack has sent something")
        if net == "pass" or stack:
            check_syslog(t, t.folder / "wire.pcap",
                         ["Starting a virtual machine."])
    return run


for each in EXPECTED:
    test(f"long/net/{each[0]}-virtio{each[1]}")(mode(*each))
