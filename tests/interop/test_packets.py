"""Frames as no kernel sends them: each dropped under its name, none of them felt by others."""

import random
import socket
import struct
import subprocess

import body
import clients
import context
import names
import packets
import test_bad_input

SYN_TIMEOUT_SECONDS = 30  # tcp::Config::syn_timeout

class Ping(context.EngineTest):
    def ping(self, *arguments: str):
        echoed = self.counter(names.ICMP_ECHO)
        run = subprocess.run(["ping", "-q", "-c", "5", "-i", "0.05", "-W", "3", *arguments], capture_output=True, text=True,
                             check=False)
        self.assertIn("5 received", run.stdout, run.stdout + run.stderr)
        self.assert_grows(names.ICMP_ECHO, echoed, 5)

    def test_over_ipv4(self):
        self.ping(context.V4)

    def test_over_ipv6(self):
        self.ping("-6", context.V6)

    def test_with_an_odd_number_of_bytes(self):
        self.ping("-s", "1001", context.V4)


class Drops(context.EngineTest):
    def setUp(self):
        self.link = packets.Link()
        self.addCleanup(self.link.close)

    def assert_dropped(self, reason: str, frames: list[bytes]):
        before = self.counter(names.drop(reason))
        for frame in frames:
            self.link.send(frame)
        self.assert_grows(names.drop(reason), before, len(frames))
        self.assertEqual(clients.curl(clients.url("https", context.V4, context.HTTPS, "/bytes/100")), body.expected(100))

    def framed(self, packet: bytes, kind: int = packets.ETH_IP4) -> bytes:
        return self.link.engine_mac + packets.PEER_MAC + struct.pack("!H", kind) + packet

    def segment(self, **changes) -> bytes:
        return self.framed(packets.tcp(packets.PEER_V4, context.V4, (random.randrange(1024, 60000), context.HTTPS),
                                       1, 0, packets.SYN, **changes))

    def test_a_wrong_tcp_checksum(self):
        self.assert_dropped("tcp_bad_checksum", [self.segment(bad_tcp_checksum=True) for _ in range(37)])

    def test_a_wrong_ip_checksum(self):
        self.assert_dropped("ip4_bad_checksum", [self.segment(bad_checksum=True) for _ in range(11)])

    def test_an_ip_length_past_the_frame(self):
        self.assert_dropped("ip4_truncated", [self.segment(total_length=1400)])

    def test_an_ip_header_cut_short(self):
        self.assert_dropped("ip4_truncated", [self.segment()[:14 + 12]])

    def test_an_ip_header_length_below_5(self):
        self.assert_dropped("ip4_bad_header_length", [self.segment(version_ihl=0x44)])

    def test_a_version_that_is_not_4(self):
        self.assert_dropped("ip4_bad_version", [self.segment(version_ihl=0x75)])

    def test_a_tcp_offset_below_5(self):
        self.assert_dropped("tcp_bad_offset", [self.segment(offset=4)])

    def test_a_tcp_offset_past_the_packet(self):
        self.assert_dropped("tcp_truncated", [self.segment(offset=15)])

    def test_a_tcp_header_cut_short(self):
        packet = packets.ip4(packets.PEER_V4, context.V4, 6, b"\x01\x02\x03\x04\x05\x06\x07\x08")
        self.assert_dropped("tcp_truncated", [self.framed(packet)])

    def test_a_fragment_of_what_is_not_tcp(self):
        packet = packets.ip4(packets.PEER_V4, context.V4, 1, bytes(64), fragment=0x2000)
        self.assert_dropped("ip_fragment", [self.framed(packet)])

    def test_a_fragment_that_cuts_the_tcp_header(self):
        packet = packets.ip4(packets.PEER_V4, context.V4, 6, bytes(16), fragment=0x2000)
        self.assert_dropped("ip_fragment_malformed", [self.framed(packet)])

    def test_fragments_that_overlap(self):
        first = packets.ip4(packets.PEER_V4, context.V4, 6, bytes(64), fragment=0x2000, identification=77)
        second = packets.ip4(packets.PEER_V4, context.V4, 6, bytes(64), fragment=7, identification=77)
        self.assert_dropped("ip_fragment_overlap", [self.framed(first), self.framed(second)])

    def test_a_land_attack(self):
        packet = packets.tcp(context.V4, context.V4, (context.HTTPS, context.HTTPS), 1, 0, packets.SYN)
        self.assert_dropped("ip_land", [self.framed(packet)])

    def test_a_martian_source(self):
        packet = packets.tcp("127.0.0.1", context.V4, (1234, context.HTTPS), 1, 0, packets.SYN)
        self.assert_dropped("ip_martian", [self.framed(packet)])

    def test_an_unknown_ethertype(self):
        self.assert_dropped("eth_unknown_type", [self.framed(bytes(46), 0x88B5)])

    def test_an_ipv6_header_cut_short(self):
        self.assert_dropped("ip6_truncated", [self.framed(b"\x60" + bytes(20), packets.ETH_IP6)])

    def test_a_transport_that_is_not_spoken(self):
        packet = packets.ip4(packets.PEER_V4, context.V4, 132, bytes(20))
        self.assert_dropped("ip_unknown_protocol", [self.framed(packet)])

    def test_arp_of_the_wrong_shape(self):
        self.assert_dropped("arp_malformed", [self.framed(b"\0\x06\x08\0\x06\x04\0\x01" + bytes(38), packets.ETH_ARP)])

    def test_a_tcp_segment_that_fits_no_connection_draws_a_reset(self):
        before, resets = self.counter(names.drop("tcp_no_connection")), self.counter(names.RESETS_SENT)
        peer = packets.Peer(self.link, 40999, context.HTTPS)
        peer.send(packets.ACK | packets.PSH, b"hello")
        self.assertTrue(peer.next_segment()[2] & packets.RST)
        self.assert_grows(names.drop("tcp_no_connection"), before, 1)
        self.assert_grows(names.RESETS_SENT, resets, 1)

    def test_a_frame_longer_than_the_mtu(self):
        """The port or the engine may be the one to refuse it; either way it is counted, and nothing breaks."""
        dropped = self.counter(names.DROPPED)
        received = self.counter(names.RX_FRAMES)
        with packets.interface_mtu(9000):
            for size in (1501, 2100, 4000, 8900):
                filler = bytes(size - 40)
                self.link.send(self.framed(packets.tcp(packets.PEER_V4, context.V4, (1234, context.HTTPS), 1, 0,
                                                       packets.ACK, filler)))
        # What reached the engine was dropped: none of it may have been taken for good.
        self.assertTrue(context.eventually(
            lambda: self.counter(names.DROPPED) - dropped >= min(4, self.counter(names.RX_FRAMES) - received)))
        self.assertEqual(clients.curl(clients.url("https", context.V4, context.HTTPS, "/bytes/100")), body.expected(100))

    def test_2000_frames_of_noise(self):
        chance = random.Random(seed := random.randrange(1 << 30))
        received = self.counter(names.RX_FRAMES)
        for number in range(2000):
            kind = chance.choice((packets.ETH_IP4, packets.ETH_IP6, packets.ETH_ARP, chance.randrange(65536)))
            noise = bytearray(chance.randbytes(chance.randrange(0, 1500)))
            if noise and kind == packets.ETH_IP4:
                noise[0] = 0x45
            elif noise and kind == packets.ETH_IP6:
                noise[0] = 0x60
            self.link.send(self.framed(bytes(noise), kind))
            if number % 100 == 99:  # let the tap's queue drain
                context.eventually(lambda: self.counter(names.RX_FRAMES) - received >= number, 2)
        with self.subTest(seed=seed):
            self.assertEqual(clients.curl(clients.url("https", context.V4, context.HTTPS, "/bytes/100")), body.expected(100))


class Resets(context.EngineTest):
    def test_a_syn_to_a_port_without_a_listener_is_refused_and_counted(self):
        before = self.counter(names.drop("tcp_no_listener"))
        for host in (context.V4, context.V6):
            with self.assertRaises(ConnectionRefusedError):
                clients.connect(4444, host)
        self.assert_grows(names.drop("tcp_no_listener"), before, 2)


class Vanishing(context.EngineTest):
    """Peers that leave without a word, which no kernel's TCP would do."""

    def test_100_peers_gone_after_the_syn_ack_and_100_in_mid_hello_harm_nobody(self):
        hello = test_bad_input.client_hello()
        opened = self.counter(names.OPENED)
        half_open, flows = self.counter(names.HALF_OPEN), self.counter(names.FLOWS)
        with packets.Link() as link:
            for number in range(100):
                packets.Peer(link, 20000 + number, context.HTTPS).send(packets.SYN)
            for number in range(100):
                peer = packets.Peer(link, 30000 + number, context.HTTPS)
                peer.open()
                peer.say(hello[:len(hello) // 2])
            self.assert_grows(names.OPENED, opened, 100)
            self.assertGreaterEqual(self.counter(names.HALF_OPEN) - half_open, 100)
            for host in (context.V4, context.V6):
                target = clients.url("https", host, context.HTTPS, "/bytes/1000000")
                self.assertEqual(clients.curl(target), body.expected(1000000))
        # In time all are given up: those in mid-hello by the TLS handshake's deadline, the others by SYN-RECEIVED's.
        self.assertTrue(context.eventually(lambda: self.counter(names.HALF_OPEN) <= half_open, SYN_TIMEOUT_SECONDS + 10))
        self.assertTrue(context.eventually(
            lambda: self.counter(names.FLOWS) <= flows, context.HANDSHAKE_TIMEOUT_SECONDS))

    def test_a_segment_in_fragments_is_put_together(self):
        with packets.Link() as link:
            peer = packets.Peer(link, 40002, context.ECHO)
            peer.open()
            text = random.randbytes(1400)
            whole = packets.tcp(packets.PEER_V4, context.V4, peer.ports, peer.seq, peer.ack, packets.ACK | packets.PSH, text)
            for piece in packets.fragments(whole, 504)[::-1]:
                link.send_ip4(piece)
            _, _, _, _, came = peer.next_segment()
            while len(came) < len(text):
                came += peer.next_segment()[4]
            self.assertEqual(came, text)
            peer.send(packets.RST, seq=peer.seq + len(text))

    def test_segments_out_of_order_and_twice_are_put_together(self):
        with packets.Link() as link:
            peer = packets.Peer(link, 40001, context.ECHO)
            peer.open()
            start = peer.seq
            for offset, piece in ((5, b"fghij"), (5, b"fghij"), (10, b"klmno"), (0, b"abcde"), (3, b"defg")):
                peer.send(packets.ACK | packets.PSH, piece, seq=start + offset)
            peer.seq = start + 15
            came = b""
            while len(came) < 15:
                _, _, _, seq, payload = peer.next_segment()
                skip = (peer.ack - seq) & 0xFFFFFFFF
                came += payload[skip:] if skip <= len(payload) else b""
                peer.ack = (seq + max(len(payload), skip)) & 0xFFFFFFFF
                peer.send(packets.ACK)
            self.assertEqual(came, b"abcdefghijklmno")
            peer.send(packets.RST, seq=peer.seq)
