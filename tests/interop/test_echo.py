"""The echo service: megabytes both ways at once, cut at random, and half-closed connections."""

import random
import socket
import ssl

import clients
import context

TOTAL = 8 << 20


def random_pieces(seed: int, total: int = TOTAL) -> list[bytes]:
    chance = random.Random(seed)
    data = chance.randbytes(total)
    pieces = []
    at = 0
    while at < total:
        size = chance.choice((1, 10, 1000, 1448, 5000, 16384, 16385, 60000))
        pieces.append(data[at:at + size])
        at += size
    return pieces


class Echo(context.EngineTest):
    def both_ways(self, host, port, tls):
        seed = random.randrange(1 << 30)
        pieces = random_pieces(seed)
        with clients.connect(port, host) as sock:
            if tls:
                pump = clients.TlsPump(sock)
                pump.handshake()
                came = pump.exchange(pieces, TOTAL)
            else:
                came = clients.exchange(sock, pieces, TOTAL)
        self.assertTrue(came == b"".join(pieces), f"other bytes came back, seed {seed}")

    def test_8_mib_both_ways_over_tls(self):
        self.both_ways(context.V4, context.ECHO_TLS, True)

    def test_8_mib_both_ways_over_tls_and_ipv6(self):
        self.both_ways(context.V6, context.ECHO_TLS, True)

    def test_8_mib_both_ways_over_plain_tcp(self):
        self.both_ways(context.V4, context.ECHO, False)

    def test_8_mib_both_ways_over_plain_tcp_and_ipv6(self):
        self.both_ways(context.V6, context.ECHO, False)

    def test_one_byte_at_a_time(self):
        with clients.tls_connect(context.ECHO_TLS) as sock:
            for number in range(200):
                sock.sendall(bytes([number]))
                self.assertEqual(sock.recv(10), bytes([number]))

    def test_what_was_sent_before_a_half_close_comes_back_before_the_end(self):
        data = random.randbytes(100_000)
        with clients.connect(context.ECHO) as sock:
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
            self.assertEqual(clients.read_all(sock), data)

    def test_a_half_close_of_nothing_is_answered_by_a_close(self):
        with clients.connect(context.ECHO) as sock:
            sock.shutdown(socket.SHUT_WR)
            self.assertEqual(clients.read_all(sock), b"")

    def test_close_notify_draws_the_rest_and_close_notify(self):
        data = random.randbytes(50_000)
        with clients.connect(context.ECHO_TLS) as sock:
            pump = clients.TlsPump(sock)
            pump.handshake()
            pump.tls.write(data)
            try:
                pump.tls.unwrap()
            except ssl.SSLError:
                pass  # data still comes: what unwrap() was to say has been said
            pump.flush()
            came = b""
            with self.assertRaises(ssl.SSLZeroReturnError):  # close_notify, and not just the end of the stream
                while True:
                    pump.fill()
                    try:
                        while True:
                            came += self.read_once(pump)
                    except ssl.SSLWantReadError:
                        continue
            self.assertEqual(came, data)

    @staticmethod
    def read_once(pump):
        piece = pump.tls.read(65536)
        if piece == b"":  # how Python reports close_notify on a memory BIO
            raise ssl.SSLZeroReturnError
        return piece

    def test_100_connections_open_together_each_echo(self):
        socks = [clients.tls_connect(context.ECHO_TLS) for _ in range(100)]
        for number, sock in enumerate(socks):
            sock.sendall(b"connection %d" % number)
        for number, sock in enumerate(socks):
            self.assertEqual(sock.recv(100), b"connection %d" % number)
            sock.close()
