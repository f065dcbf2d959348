# SPDX-License-Identifier: BSD-3-Clause
"""The NIC that the VMM drives is taken away while the guest runs: its cable, by
the guest's own hand, which finds it again, and out of its slot."""

import re
import time

import test_net
from bvemu import flow, linux, telnet
from bvemu.case import Skip, test
from bvemu.qemu import MAC, Qemu, version
from test_logging import CONFIG
from test_net_lease import FEW, exits_in
from test_quiet import LOG_EXITS

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


# Built in, all that the shell executes in its loop.
WATCH = """
modprobe virtio_pci
net virtio_net
echo "BOUND $(basename $(readlink /sys/class/net/eth0/device/driver))"
ifconfig eth0 down
ifconfig eth0 hw ether 52:54:00:aa:bb:cc
ifconfig eth0 up
ping -c 1 -W 5 10.0.2.9 | sed 's/^/OTHER MAC /'
was=
while read -t 0.2 -r word </dev/ttyS0; [ "$word" != end ]; do
	read -r carrier </sys/class/net/eth0/carrier
	[ "$carrier" = "$was" ] || echo "CARRIER $carrier"
	was=$carrier
	if [ "$word" = unbind ]; then
		echo virtio0 >/sys/bus/virtio/drivers/virtio_net/unbind
		echo UNBOUND
		break
	fi
done
while read -r word </dev/ttyS0; [ "$word" != end ]; do :; done
"""
SHELL = """
vmm.telnet_dbgsh = 1
vmm.dbgsh_allow = 10.0.2.0/24
ip.ipaddr = 10.0.2.9
ip.netmask = 255.255.255.0
ip.gateway = 10.0.2.2
"""
SECONDS = 5


def cable(nic):
    """Nobody looks at the wire: that the link is there again is told by the
    NIC's interrupt alone, and nothing is done while it is not.  The guest has
    given itself another MAC address, and the VMM answers that.  In the end the
    guest's driver goes, and with it the last who looked: the shell answers."""
    def whole(t):
        test_net.need_stack()
        if nic == "igb" and version() < (8, 0):
            raise Skip("QEMU %d.%d has no igb; 8.0 does" % version())
        port = telnet.free_port()
        config = CONFIG.replace("net=pass", "net=ippass") + SHELL
        disk = flow.linux_direct(WATCH, "full", config=config)
        with Qemu(t.folder, disk, nic=nic, time_limit=200, extra=LOG_EXITS,
                  hostfwd=[f"tcp:127.0.0.1:{port}-10.0.2.9:23"]) as m:
            m.wait_for("^BOUND virtio_net", 150)
            m.wait_for("^OTHER MAC 1 packets transmitted, 1 packets rec", 20)
            m.wait_for("^CARRIER 1", 20)
            time.sleep(SECONDS)         # ARP of the new addresses
            for _ in range(2):
                m.qmp("set_link", name="net0", up=False)
                m.wait_for("^CARRIER 0", 10)
                time.sleep(1)
                found = exits_in(m, SECONDS)
                t.say(f"{found} exits in {SECONDS} s without a link")
                t.check(found <= FEW, f"{found} exits without a link")
                m.qmp("set_link", name="net0", up=True)
                m.wait_for("^CARRIER 1", 10)
            shell = test_net.answers(port, ["log all", "exit"])
            for state, times in ("down", 2), ("up", 2):
                t.check(shell.count(f"link {state}") >= times,
                        f"the log has no 'link {state}': {shell}")
            m.type("unbind\n")
            m.wait_for("^UNBOUND", 20)
            shell = test_net.answers(port, ["version", "exit"])
            t.check("BitVisor" in shell, f"the driver has gone: {shell}")
            m.type("end\n")
            m.wait_exit(60)
    return whole


test("net/cable")(cable("e1000e"))
test("long/net/cable-pin")(cable("e1000"))
test("long/net/cable-igb")(cable("igb"))
