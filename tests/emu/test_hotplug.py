# SPDX-License-Identifier: BSD-3-Clause
"""The NIC that the VMM drives is taken away while the guest runs: by the
guest's own hand, which finds it again, and out of its slot."""

import re

from bvemu import flow, linux
from bvemu.case import test
from bvemu.qemu import MAC, Qemu
from test_logging import CONFIG

SCRIPT = """
modprobe virtio_pci
net virtio_net
get() { wget -q -O - @URL@ | sha256sum | sed "s/^/$1 /"; }
get FIRST
card=$(dirname $(readlink -f /sys/class/net/eth0/device))
port=$(dirname $card)
echo 1 >$card/remove
[ -e /sys/class/net/eth0 ] || echo REMOVED
echo 1 >$port/rescan
net virtio_net
get AGAIN
echo EJECT
n=0
while [ -e /sys/class/net/eth0 ] && [ $n -lt 100 ]; do
	n=$((n + 1))
	sleep 0.2
done
[ -e /sys/class/net/eth0 ] || echo EJECTED
sleep 1
dbgsh -c net | sed 's/^/SHELL /'
echo GONE
"""
DOWNLOAD = 1 << 20


@test("long/net/unplugged")
def unplugged(t):
    with linux.Server(DOWNLOAD) as server:
        disk = flow.linux_direct(SCRIPT.replace("@URL@", server.url), "full",
                                 config=CONFIG)
        with Qemu(t.folder, disk, time_limit=200, extra=[
                "-netdev", "user,id=net0",
                "-device", "pcie-root-port,id=rp0,chassis=1",
                "-device", f"e1000e,netdev=net0,bus=rp0,id=card,mac={MAC},"
                "romfile="]) as m:
            m.wait_for("^EJECT", 150)
            m.qmp("device_del", id="card")
            m.wait_for("^GONE", 60)
            m.wait_exit(60)
            text = m.serial.text()
        for who in ("FIRST", "AGAIN"):
            t.check(f"{who} {server.sha256}" in text,
                    f"the {who.lower()} download")
    t.check(re.search("^REMOVED", text, re.M), "the guest cannot remove it")
    t.check(re.search("^EJECTED", text, re.M), "it is not out of its slot")
    t.check(re.search(r"^SHELL \[0000:01:00\.0\] pro1000 ", text, re.M),
            "the VMM does not answer any more")


# The BAR's new place: the VMM's memory, rounded up to the BAR's size.
MOVES = r"""
modprobe virtio_pci
net virtio_net
card=/sys/bus/pci/devices/0000:00:02.0
poke() {
	printf "$(printf '\\%o\\%o\\%o\\%o' $(($2 & 255)) $(($2 >> 8 & 255)) \
		$(($2 >> 16 & 255)) $(($2 >> 24 & 255)))" |
		dd of=$card/config bs=4 seek=$(($1 / 4)) conv=notrunc 2>/dev/null
}
vmm=$(dbgsh -c mem | sed -n 's/^VMM *\([0-9A-F]*\)-.*/0x\1/p')
old=$((0x$(dd if=$card/config bs=4 skip=4 count=1 2>/dev/null |
	hexdump -e '1/4 "%x"')))
for new in $(((vmm + 0x1ffff) & ~0x1ffff)) $((0x100000)); do
	poke 16 $new
	sleep 1
	dbgsh -c net | sed 's/^/SHELL /'
	dbgsh -c 'log all' >/dev/null
done
poke 16 $old
wget -q -O - @URL@ | sha256sum | sed 's/^/AFTER /'
"""


@test("long/net/bar-in-memory")
def bar_in_memory(t):
    """The guest puts the NIC's registers where the VMM's memory is, and its
    own: the VMM finds them where they were."""
    with linux.Server(DOWNLOAD) as server:
        disk = flow.linux_direct(MOVES.replace("@URL@", server.url), "full",
                                 config=CONFIG)
        with Qemu(t.folder, disk, nic="e1000e", time_limit=200) as m:
            m.wait_exit()
            text = m.serial.text()
        t.equal(len(re.findall("^SHELL   link +up", text, re.M)), 2,
                "answers with the link up")
        t.check(f"AFTER {server.sha256}" in text, "the download afterwards")
