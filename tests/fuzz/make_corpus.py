"""Write seed files: corpus/frame and corpus/tcp_options of the wire targets, and those of tls_corpus.py.

    make_corpus.py FOLDER        (tests/fuzz/corpus)

Checksums are right, so that a mutation of anything else is what the parser has to find.
"""

import ipaddress
import pathlib
import struct
import sys

import tls_corpus

OURS, PEER = bytes.fromhex("02000a4d0002"), bytes.fromhex("02000a4d0001")
IPV4, ARP, VLAN, IPV6 = 0x0800, 0x0806, 0x8100, 0x86DD


def checksum(data: bytes) -> int:
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ethernet(kind: int, payload: bytes, tags: list[int] = []) -> bytes:
    return OURS + PEER + b"".join(struct.pack(">HH", VLAN, tag) for tag in tags) + struct.pack(">H", kind) + payload


def ipv4(protocol: int, payload: bytes, options: bytes = b"", fragment: int = 0x4000) -> bytes:
    addresses = bytes([10, 77, 0, 1, 10, 77, 0, 2])
    first = 0x40 | 5 + len(options) // 4
    total = 20 + len(options) + len(payload)
    head = struct.pack(">BBHHHBB", first, 0, total, 1, fragment, 64, protocol)
    return head + struct.pack(">H", checksum(head + b"\0\0" + addresses + options)) + addresses + options + payload


def ipv6(next_header: int, payload: bytes, hop_limit: int = 64) -> bytes:
    return struct.pack(">IHBB", 6 << 28, len(payload), next_header, hop_limit) + V6 + payload


V6 = ipaddress.ip_address("fe80::1").packed + ipaddress.ip_address("fe80::2").packed
V4 = bytes([10, 77, 0, 1, 10, 77, 0, 2])


def sealed(message: bytes, at: int, pseudo: bytes = b"") -> bytes:
    """The message with its checksum at `at`, where it had zeros."""
    return message[:at] + struct.pack(">H", checksum(pseudo + message)) + message[at + 2 :]


def tcp(flags: int, options: bytes = b"", payload: bytes = b"", over_ipv6: bool = False) -> bytes:
    segment = struct.pack(">HHIIBBHHH", 51234, 443, 0xFFFFFFF0, 0x01020304, 5 + len(options) // 4 << 4, flags, 502, 0, 0)
    segment += options + payload
    length = len(segment)
    pseudo = V6 + struct.pack(">II", length, 6) if over_ipv6 else V4 + struct.pack(">HH", 6, length)
    return sealed(segment, 16, pseudo)


def icmpv6(message: bytes, hop_limit: int = 255) -> bytes:
    return ipv6(58, sealed(message, 2, V6 + struct.pack(">II", len(message), 58)), hop_limit)


MSS, SACK_OK, TIMESTAMPS, SCALE = (bytes.fromhex(text) for text in ("020405b4", "0402", "080a1122334400000000", "01030307"))
SYN = MSS + SACK_OK + TIMESTAMPS + SCALE
ESTABLISHED = bytes.fromhex("0101080a0000000100000002")
SACK = bytes.fromhex("01010512" + "00000010" "00000020" "00000030" "00000040")
TARGET = ipaddress.ip_address("fe80::2").packed
LINK = b"\x01\x01" + PEER

FRAMES = {
    "arp_request": ethernet(ARP, bytes.fromhex("0001080006040001") + PEER + V4[:4] + bytes(6) + V4[4:]),
    "ipv4_syn": ethernet(IPV4, ipv4(6, tcp(0x02, SYN))),
    "ipv4_data_sack": ethernet(IPV4, ipv4(6, tcp(0x18, ESTABLISHED + SACK, b"GET / HTTP/1.1\r\n\r\n")), [100]),
    "ipv4_options": ethernet(IPV4, ipv4(6, tcp(0x10), bytes.fromhex("9404000001010100"))),
    "ipv4_fragment": ethernet(IPV4, ipv4(6, tcp(0x10), fragment=0x2000)),
    "ipv4_udp": ethernet(IPV4, ipv4(17, bytes.fromhex("003500350008") + b"\0\0")),
    "ipv4_echo": ethernet(IPV4, ipv4(1, sealed(bytes.fromhex("0800000012340001") + b"abcdefgh", 2))),
    "ipv4_too_big": ethernet(IPV4, ipv4(1, sealed(bytes.fromhex("0304000000000578") + ipv4(6, tcp(0x10)), 2))),
    "ipv6_fin": ethernet(IPV6, ipv6(6, tcp(0x11, ESTABLISHED, over_ipv6=True)), [100, 7]),
    "ipv6_extensions": ethernet(
        IPV6,
        ipv6(0, bytes.fromhex("3c00050200000100" "2b00010400000000" "2c00000000000000" "0600000000000001")
             + tcp(0x02, SYN, over_ipv6=True)),
    ),
    "ipv6_fragment": ethernet(IPV6, ipv6(44, bytes.fromhex("0600000100000007") + tcp(0x02, SYN, over_ipv6=True))),
    "ipv6_echo": ethernet(IPV6, icmpv6(bytes.fromhex("8000000000010002") + b"odd", 64)),
    "ipv6_too_big": ethernet(
        IPV6, icmpv6(bytes.fromhex("0200000000000500") + ipv6(6, tcp(0x10, over_ipv6=True)), 64)),
    "neighbour_solicitation": ethernet(IPV6, icmpv6(b"\x87" + bytes(7) + TARGET + LINK)),
    "neighbour_advertisement": ethernet(IPV6, icmpv6(b"\x88\0\0\0\x60\0\0\0" + TARGET + b"\x02" + LINK[1:])),
    "router_advertisement": ethernet(
        IPV6,
        icmpv6(bytes.fromhex("86000000" "40000708" "00000000" "00000000") + LINK + bytes.fromhex("05010000000005dc")
               + bytes.fromhex("030440c0" "00278d00" "00093a80" "00000000") + ipaddress.ip_address("fd77::").packed),
    ),
}

OPTIONS = {
    "syn": SYN,
    "established": ESTABLISHED,
    "three_blocks": ESTABLISHED + bytes.fromhex("0101051a") + bytes(range(24)),
    "four_blocks": bytes.fromhex("01010522") + bytes(range(32)),
    "sack_twice": bytes.fromhex("0512") + bytes(range(16)) + bytes.fromhex("050a") + bytes(range(8)),
    "fast_open": bytes.fromhex("2206aabbccdd0101"),
    "length_zero": bytes.fromhex("020405b408000303"),
    "length_past_end": bytes.fromhex("0101080aff"),
    "end_of_list": bytes.fromhex("020405b4000000ff"),
}

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for name, files in {"frame": FRAMES, "tcp_options": OPTIONS, **tls_corpus.corpora()}.items():
        folder = pathlib.Path(sys.argv[1]) / name
        folder.mkdir(parents=True, exist_ok=True)
        for file, data in files.items():
            (folder / file).write_bytes(data)
