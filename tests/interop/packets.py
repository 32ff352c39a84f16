"""Frames made by hand, sent and received at the kernel's end of the tap, and a TCP peer that is not the kernel's."""

import contextlib
import fcntl
import pathlib
import random
import select
import socket
import struct
import time

import context

ETH_IP4, ETH_ARP, ETH_IP6 = 0x0800, 0x0806, 0x86DD
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
PEER_MAC = bytes.fromhex("025000000050")
PEER_V4 = "10.77.0.50"  # an address on the link that nobody else has


def checksum(data: bytes) -> int:
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip4(source: str, target: str, protocol: int, payload: bytes, **changes) -> bytes:
    """Changes: total_length, version_ihl, bad_checksum, identification, fragment (flags and offset)."""
    head = struct.pack("!BBHHHBBH4s4s", changes.get("version_ihl", 0x45), 0, changes.get("total_length", 20 + len(payload)),
                       changes.get("identification", random.randrange(65536)), changes.get("fragment", 0x4000), 64, protocol, 0,
                       socket.inet_aton(source), socket.inet_aton(target))
    value = checksum(head) ^ (0x5555 if changes.get("bad_checksum") else 0)
    return head[:10] + struct.pack("!H", value) + head[12:] + payload


def tcp(source: str, target: str, ports: tuple[int, int], seq: int, ack: int, flags: int, payload: bytes = b"",
        **changes) -> bytes:
    """An IPv4 packet. Changes: bad_checksum, offset (in words), window; the rest is ip4()'s."""
    options = b"\x02\x04\x05\xb4" if flags & SYN else b""
    words = changes.pop("offset", 5 + len(options) // 4)
    window = changes.pop("window", 64000)
    bad = changes.pop("bad_tcp_checksum", False)
    head = struct.pack("!HHIIBBHHH", *ports, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, words << 4, flags, window, 0, 0)
    segment = head + options + payload
    pseudo = socket.inet_aton(source) + socket.inet_aton(target) + struct.pack("!BBH", 0, 6, len(segment))
    value = checksum(pseudo + segment) ^ (0x5555 if bad else 0)
    return ip4(source, target, 6, segment[:16] + struct.pack("!H", value) + segment[18:], **changes)


def fragments(packet: bytes, step: int) -> list[bytes]:
    """An IPv4 packet cut into pieces with `step` bytes of payload, a multiple of 8."""
    payload, identification = packet[20:], random.randrange(65536)
    source, target = (socket.inet_ntoa(packet[at:at + 4]) for at in (12, 16))
    return [ip4(source, target, packet[9], payload[at:at + step], identification=identification,
                fragment=at // 8 | (0x2000 if at + step < len(payload) else 0)) for at in range(0, len(payload), step)]


def interface_mac(name: str) -> bytes:
    return bytes.fromhex(pathlib.Path(f"/sys/class/net/{name}/address").read_text().strip().replace(":", ""))


class Link:
    """The kernel's end of the tap as a raw socket."""

    def __init__(self, interface: str = context.INTERFACE):
        self.interface = interface
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.sock.bind((interface, 3))
        self.engine_mac = self.find_engine()

    def close(self) -> None:
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, frame: bytes) -> None:
        self.sock.send(frame)

    def send_ip4(self, packet: bytes, source: bytes = PEER_MAC) -> None:
        self.send(self.engine_mac + source + struct.pack("!H", ETH_IP4) + packet)

    def receive(self, seconds: float) -> bytes | None:
        ready, _, _ = select.select([self.sock], [], [], max(seconds, 0))
        return self.sock.recv(65536) if ready else None

    def find_engine(self) -> bytes:
        """By ARP, as PEER_V4, which also teaches the engine where that is."""
        request = struct.pack("!HHBBH6s4s6s4s", 1, ETH_IP4, 6, 4, 1, PEER_MAC, socket.inet_aton(PEER_V4), bytes(6),
                              socket.inet_aton(context.V4))
        for _ in range(10):
            self.send(b"\xff" * 6 + PEER_MAC + struct.pack("!H", ETH_ARP) + request)
            deadline = time.monotonic() + 0.5
            while (frame := self.receive(deadline - time.monotonic())) is not None:
                if frame[12:14] == b"\x08\x06" and frame[20:22] == b"\0\x02" and frame[:6] == PEER_MAC:
                    return frame[22:28]
        raise AssertionError("the engine does not answer ARP")

    def answer_arp(self, frame: bytes) -> bool:
        """Says where PEER_V4 is, when the frame asks for it."""
        if frame[12:14] != b"\x08\x06" or frame[20:22] != b"\0\x01" or frame[38:42] != socket.inet_aton(PEER_V4):
            return False
        self.send(frame[6:12] + PEER_MAC + struct.pack("!HHHBBH", ETH_ARP, 1, ETH_IP4, 6, 4, 2) + PEER_MAC +
                  socket.inet_aton(PEER_V4) + frame[22:28] + frame[28:32])
        return True


class Peer:
    """Half a TCP: opens connections from PEER_V4 and says what it is told to. It never answers by itself."""

    def __init__(self, link: Link, port: int, target: int):
        self.link = link
        self.ports = (port, target)
        self.seq = random.randrange(1 << 32)
        self.ack = 0

    def send(self, flags: int, payload: bytes = b"", **changes) -> None:
        self.link.send_ip4(tcp(PEER_V4, context.V4, self.ports, changes.pop("seq", self.seq), self.ack, flags, payload,
                               **changes))

    def open(self) -> None:
        self.send(SYN)
        self.seq += 1
        _, _, flags, seq, _ = self.next_segment()
        assert flags == SYN | ACK, f"flags {flags:#x} in answer to a SYN"
        self.ack = (seq + 1) & 0xFFFFFFFF
        self.send(ACK)

    def say(self, payload: bytes) -> None:
        self.send(ACK | PSH, payload)
        self.seq += len(payload)

    def next_segment(self, seconds: float = 3.0):
        """(source port, target port, flags, seq, payload) of the engine's next segment to this peer."""
        deadline = time.monotonic() + seconds
        while (frame := self.link.receive(deadline - time.monotonic())) is not None:
            if self.link.answer_arp(frame) or frame[:6] != PEER_MAC or frame[12:14] != b"\x08\x00" or frame[23] != 6:
                continue
            packet = frame[14:14 + struct.unpack("!H", frame[16:18])[0]]
            segment = packet[(packet[0] & 15) * 4:]
            source, target, seq, _, words, flags = struct.unpack("!HHIIBB", segment[:14])
            if (target, source) == self.ports:
                return source, target, flags, seq, segment[(words >> 4) * 4:]
        raise AssertionError(f"the engine said nothing to port {self.ports[0]} within {seconds} s")


SIOCGIFMTU, SIOCSIFMTU = 0x8921, 0x8922


@contextlib.contextmanager
def interface_mtu(mtu: int, interface: str = context.INTERFACE):
    """Lets the kernel's end send frames that the engine's end does not expect."""
    def change(operation: int, value: int) -> int:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            answer = fcntl.ioctl(sock, operation, struct.pack("16si12x", interface.encode(), value))
        return struct.unpack("16si12x", answer)[1]

    before = change(SIOCGIFMTU, 0)
    change(SIOCSIFMTU, mtu)
    try:
        yield
    finally:
        change(SIOCSIFMTU, before)
