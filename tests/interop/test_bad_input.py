"""What is not TLS, or not a TLS that we speak, on a TLS port: the right alert, a counter, and no harm to others."""

import random
import socket
import ssl
import struct

import body
import clients
import context
import names

ALERT = 0x15
FATAL = 2
DESCRIPTIONS = {10: "unexpected_message", 20: "bad_record_mac", 22: "record_overflow", 40: "handshake_failure",
                47: "illegal_parameter", 50: "decode_error", 70: "protocol_version"}


def alert_in(answer: bytes) -> str:
    """The name of the alert that is all of `answer`."""
    if len(answer) != 7 or answer[0] != ALERT or answer[3:6] != bytes([0, 2, FATAL]):
        return f"no alert: {answer[:40]!r}"
    return DESCRIPTIONS.get(answer[6], str(answer[6]))


def client_hello() -> bytes:
    """A real one, from Python's ssl, as a whole record."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = clients.tls_context().wrap_bio(incoming, outgoing, server_hostname=context.NAME)
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


class NotTls(context.EngineTest):
    def answer_to(self, data: bytes) -> bytes:
        with clients.connect(context.HTTPS) as sock:
            sock.sendall(data)
            return clients.read_all(sock)

    def assert_alert(self, data: bytes, alert: str, failure: str | None = None):
        failed, sent = self.counter(names.FAILED), self.counter(names.alert_sent(alert))
        of_kind = self.counter(names.failure(failure)) if failure else 0
        self.assertEqual(alert_in(self.answer_to(data)), alert)
        self.assert_grows(names.FAILED, failed, 1)
        self.assert_grows(names.alert_sent(alert), sent, 1)
        if failure:
            self.assert_grows(names.failure(failure), of_kind, 1)

    def test_plain_http_on_443_draws_unexpected_message_and_is_counted_by_name(self):
        self.assert_alert(b"GET / HTTP/1.1\r\nHost: example.test\r\n\r\n", "unexpected_message", "plain_http")

    def test_garbage_draws_unexpected_message(self):
        self.assert_alert(b"\xff\xfe" + random.randbytes(300), "unexpected_message", "not_tls")

    def test_application_data_before_any_hello_draws_unexpected_message(self):
        self.assert_alert(struct.pack("!BHH", 23, 0x0303, 20) + bytes(20), "unexpected_message")

    def test_a_record_longer_than_allowed_draws_record_overflow(self):
        self.assert_alert(struct.pack("!BHH", 22, 0x0301, 20000) + bytes(20000), "record_overflow")

    def test_a_hello_whose_lengths_lie_draws_decode_error(self):
        hello = bytearray(client_hello())
        hello[43] = 0xFF  # the session id's length
        self.assert_alert(bytes(hello), "decode_error")

    def test_a_message_that_may_not_come_first_draws_unexpected_message(self):
        finished = b"\x14\0\0\x20" + bytes(32)
        self.assert_alert(struct.pack("!BHH", 22, 0x0301, len(finished)) + finished, "unexpected_message")

    def test_a_client_that_flips_a_bit_of_its_finished_draws_bad_record_mac(self):
        sent = self.counter(names.alert_sent("bad_record_mac"))

        def flip(records: bytes) -> list[bytes]:
            if records[:1] == b"\x16":  # the ClientHello
                return [records]
            return [records[:-1] + bytes([records[-1] ^ 1])]

        with clients.connect(context.HTTPS) as sock:
            pump = clients.TlsPump(sock, flip)
            with self.assertRaises((ssl.SSLError, AssertionError)):
                pump.handshake()
                while pump.fill():
                    pump.tls.read(1000)
        self.assert_grows(names.alert_sent("bad_record_mac"), sent, 1)

    def test_random_bytes_in_100_shapes_never_hurt(self):
        chance = random.Random(seed := random.randrange(1 << 30))
        hello = client_hello()
        for turn in range(100):
            broken = bytearray(hello)
            for _ in range(chance.randrange(1, 6)):
                broken[chance.randrange(5, len(broken))] = chance.randrange(256)
            with self.subTest(turn=turn, seed=seed), clients.connect(context.HTTPS, timeout=20) as sock:
                sock.sendall(bytes(broken[:chance.randrange(1, len(broken) + 1)]))
                sock.shutdown(socket.SHUT_WR)
                clients.read_all(sock)
        self.assertEqual(clients.curl(clients.url("https", context.V4, context.HTTPS, "/bytes/100")), body.expected(100))


class NothingInCommon(context.EngineTest):
    def assert_refused(self, alert: int, *arguments: str):
        failed = self.counter(names.FAILED)
        done = clients.s_client(*arguments)
        self.assertEqual(done.alert, alert, done.text)
        self.assert_grows(names.FAILED, failed, 1)

    def test_older_versions_draw_protocol_version(self):
        for flag in ("-tls1", "-tls1_1", "-tls1_2"):
            with self.subTest(flag=flag):
                self.assert_refused(70, flag, "-cipher", "ALL:@SECLEVEL=0")

    def test_an_sslv2_hello_draws_protocol_version(self):
        hello = b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10" + bytes(37)
        with clients.connect(context.HTTPS) as sock:
            sock.sendall(hello)
            self.assertEqual(alert_in(clients.read_all(sock)), "protocol_version")

    def test_no_common_suite_draws_handshake_failure(self):
        self.assert_refused(40, "-ciphersuites", "TLS_AES_128_CCM_SHA256", "-tls1_3")

    def test_no_common_group_draws_handshake_failure(self):
        self.assert_refused(40, "-groups", "P-521", "-tls1_3")

    def test_no_common_signature_algorithm_draws_handshake_failure(self):
        self.assert_refused(40, "-sigalgs", "ed448", "-tls1_3")

    def test_a_chain_that_does_not_fit_the_client_draws_handshake_failure(self):
        done = clients.s_client("-sigalgs", "ECDSA+SHA256", "-tls1_3", port=context.HTTPS_RSA)
        self.assertEqual(done.alert, 40, done.text)


class HalfAHandshake(context.EngineTest):
    def test_a_client_that_falls_silent_is_let_go_in_time(self):
        timeouts = self.counter(names.HANDSHAKE_TIMEOUTS)
        flows = self.counter(names.FLOWS)
        hello = client_hello()
        silent = [clients.connect(context.HTTPS) for _ in range(50)]
        for number, sock in enumerate(silent):
            sock.sendall(hello[:number * len(hello) // 50])  # some say nothing, some nearly all
        self.assertEqual(clients.curl(clients.url("https", context.V4, context.HTTPS, "/bytes/100")), body.expected(100))
        self.assert_grows(names.HANDSHAKE_TIMEOUTS, timeouts, 50, context.HANDSHAKE_TIMEOUT_SECONDS + 5)
        for sock in silent:
            clients.read_all(sock)
            sock.close()
        self.assertTrue(context.eventually(lambda: self.counter(names.FLOWS) <= flows))

    def test_a_client_that_resets_after_its_hello_is_forgotten(self):
        for _ in range(50):
            with clients.connect(context.HTTPS) as sock:
                sock.sendall(client_hello())
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close by RST
        self.assertEqual(clients.curl(clients.url("https", context.V4, context.HTTPS, "/bytes/100")), body.expected(100))

    def test_a_client_that_closes_in_mid_handshake_is_counted(self):
        abandoned = self.counter(names.ABANDONED)
        with clients.connect(context.HTTPS) as sock:
            sock.sendall(client_hello())
            sock.recv(1)  # the server has answered
            sock.shutdown(socket.SHUT_WR)
            clients.read_all(sock)
        self.assert_grows(names.ABANDONED, abandoned, 1)

    def test_a_client_that_closes_within_its_hello_is_let_go(self):
        with clients.connect(context.HTTPS) as sock:
            sock.sendall(client_hello()[:100])
            sock.shutdown(socket.SHUT_WR)
            clients.read_all(sock)
