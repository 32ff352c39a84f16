"""TCP against the kernel's, while the port loses, repeats and reorders frames: each byte arrives, at each MTU.

DPDK's tap takes no more than 1504 bytes; 9000 goes over a pair of virtual Ethernet devices.
"""

import array
import fcntl
import itertools
import random
import socket
import struct
import subprocess
import unittest

import body
import clients
import context
import engine

NUMBERS = itertools.count()
INTERFACE = "handsel2"
V4, V6 = "10.79.0.2", "fd79::2"
HTTP, ECHO = 80, 7
DOWNLOAD_BYTES = 3 << 20
ECHO_BYTES = 1 << 20
MIN_MTU_IPV6 = 1280
TAP_MTU_MAX = 1500


def kernel_addresses(mtu: int) -> list[str]:
    return ["10.79.0.1/24"] + (["fd79::1/64"] if mtu >= MIN_MTU_IPV6 else [])


def port(mtu: int) -> str:
    if mtu > TAP_MTU_MAX:
        return f'device = "net_af_packet0,iface={INTERFACE}b,framesz=16384,blocksz=65536,framecnt=1024"'
    return f'device = "net_tap0,iface={INTERFACE}"\nkernel_addresses = {kernel_addresses(mtu)!r}'


def config(mtu: int, loss: float) -> str:
    ours = [f"{V4}/24"] + ([f"{V6}/64"] if mtu >= MIN_MTU_IPV6 else [])
    return f"""
[[port]]
{port(mtu)}
addresses = {ours!r}
mtu = {mtu}
impair = {{ loss = {loss}, duplicate = 0.01, reorder = 0.01, seed = {next(NUMBERS)} }}

[[listener]]
port = {HTTP}
service = "http"

[[listener]]
port = {ECHO}
service = "echo"

[limits]
drain_timeout = "1s"
""".replace("'", '"')


SIOCETHTOOL = 0x8946
ETHTOOL_STXCSUM, ETHTOOL_STSO, ETHTOOL_SGSO = 0x17, 0x1F, 0x24


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, timeout=10)


def turn_off_offloads(interface: str) -> None:
    """Behind a virtual cable is no card that would cut what is too long and fill in checksums."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for command in (ETHTOOL_STXCSUM, ETHTOOL_STSO, ETHTOOL_SGSO):
            value = array.array("I", [command, 0])
            fcntl.ioctl(sock, SIOCETHTOOL, struct.pack("16sP", interface.encode(), value.buffer_info()[0]))


def setUpModule():
    context.stop_shared()


class Kernel(unittest.TestCase):
    """One engine for each MTU and loss."""

    def start(self, mtu: int, loss: float) -> None:
        folder = context.work / f"kernel{mtu}-{loss}"
        self.engine = engine.Engine(context.build, folder, config(mtu, loss), name="kernel")
        if mtu > TAP_MTU_MAX:
            self.lay_cable(mtu)
        self.engine.start()
        ip("link", "set", INTERFACE, "mtu", str(mtu))

    def lay_cable(self, mtu: int) -> None:
        ip("link", "add", INTERFACE, "type", "veth", "peer", "name", f"{INTERFACE}b")
        self.addCleanup(ip, "link", "delete", INTERFACE)
        for end in (INTERFACE, f"{INTERFACE}b"):
            turn_off_offloads(end)
            ip("link", "set", end, "mtu", str(mtu), "up")
        for address in kernel_addresses(mtu):
            ip("address", "add", address, "dev", INTERFACE, *(["nodad"] if ":" in address else []))

    def bulk(self, mtu: int, loss: float) -> None:
        self.start(mtu, loss)
        try:
            for host in [V4] if mtu < MIN_MTU_IPV6 else [V4, V6]:
                with self.subTest(mtu=mtu, loss=loss, host=host):
                    self.download(host)
                    self.echo(host)
            self.assert_impaired(loss)
        finally:
            status = self.engine.stop()
        self.assertEqual(status, 0, self.engine.log_tail())

    def download(self, host: str) -> None:
        came = clients.curl(clients.url("http", host, HTTP, f"/bytes/{DOWNLOAD_BYTES}"))
        self.assertTrue(came == body.expected(DOWNLOAD_BYTES), "the body has other bytes")

    def echo(self, host: str) -> None:
        """Both directions at once; what was sent is what comes back."""
        data = random.randbytes(ECHO_BYTES)
        with clients.connect(ECHO, host) as sock:
            came = clients.exchange(sock, [data], ECHO_BYTES)
        self.assertTrue(came == data, "other bytes came back")

    def assert_impaired(self, loss: float) -> None:
        """The frames did go through the faults, and TCP had something to mend."""
        stats = self.engine.stats()
        done = stats["impair_0"]
        for name in ("rx_lost", "tx_lost"):
            self.assertGreater(done[name], 0, name)
        port = stats["port_0"]
        frames = port["rx_frames"] + port["tx_frames"] + done["tx_lost"]
        self.assertAlmostEqual((done["rx_lost"] + done["tx_lost"]) / frames, loss, delta=loss / 2 + 0.005)

    def test_mtu_576_1_percent_lost(self):
        self.bulk(576, 0.01)

    def test_mtu_576_5_percent_lost(self):
        self.bulk(576, 0.05)

    def test_mtu_1280_1_percent_lost(self):
        self.bulk(1280, 0.01)

    def test_mtu_1280_5_percent_lost(self):
        self.bulk(1280, 0.05)

    def test_mtu_1500_1_percent_lost(self):
        self.bulk(1500, 0.01)

    def test_mtu_1500_5_percent_lost(self):
        self.bulk(1500, 0.05)

    def test_mtu_9000_1_percent_lost(self):
        self.bulk(9000, 0.01)

    def test_mtu_9000_5_percent_lost(self):
        self.bulk(9000, 0.05)
