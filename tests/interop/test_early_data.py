"""Early data (RFC 8446 2.3) of openssl s_client: taken, answered, refused, and never taken twice."""

import socket
import subprocess

import body
import clients
import context
import names

SUITES = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256")
REQUEST = b"GET /bytes/20 HTTP/1.0\r\n\r\n"


def records(said: bytes) -> int:
    """How many whole records."""
    count = at = 0
    while len(said) >= at + 5 and len(said) >= (at := at + 5 + int.from_bytes(said[at + 3:at + 5], "big")):
        count += 1
    return count


class EarlyData(context.EngineTest):
    def session(self, *options: str) -> str:
        """A file with a ticket for early data."""
        file = str(context.work / "early.session")
        done = clients.s_client("-sess_out", file, "-ign_eof", *options, port=context.HTTPS_EARLY, send=REQUEST)
        self.assertIn(f"Max Early Data: {context.EARLY_DATA_BYTES}", done.text)
        return file

    def options(self, session: str, request: bytes = REQUEST) -> list[str]:
        file = context.work / "early.request"
        file.write_bytes(request)
        return ["-sess_in", session, "-early_data", str(file), "-ign_eof"]

    def test_a_request_is_taken_and_answered_early(self):
        for suite in SUITES:
            for host in (context.V4, context.V6):
                with self.subTest(suite=suite, host=host):
                    session = self.session("-ciphersuites", suite)
                    accepted, taken = self.counter(names.EARLY_DATA_ACCEPTED), self.counter(names.EARLY_DATA_BYTES)
                    done = clients.s_client(*self.options(session), "-ciphersuites", suite, host=host,
                                            port=context.HTTPS_EARLY)
                    self.assertIn("Early data was accepted", done.text)
                    self.assertIn("HTTP/1.1 200 OK", done.text)
                    self.assertIn(body.expected(20).decode(errors="replace"), done.text)
                    self.assert_grows(names.EARLY_DATA_ACCEPTED, accepted, 1)
                    self.assert_grows(names.EARLY_DATA_BYTES, taken, len(REQUEST))

    def test_what_is_not_safe_twice_is_told_to_come_again(self):
        done = clients.s_client(*self.options(self.session(), b"DELETE / HTTP/1.0\r\n\r\n"), port=context.HTTPS_EARLY)
        self.assertIn("Early data was accepted", done.text)
        self.assertIn("HTTP/1.1 425 Too Early", done.text)

    def refuses(self, reason: str, port: int, *options: str):
        session = self.session()
        refused, accepted = self.counter(names.early_data_refused(reason)), self.counter(names.EARLY_DATA_ACCEPTED)
        done = clients.s_client(*self.options(session), *options, port=port, send=REQUEST)
        self.assertIn("Early data was rejected", done.text)
        self.assertEqual(done.text.count("HTTP/1.1 200 OK"), 1, done.text)
        self.assert_grows(names.early_data_refused(reason), refused, 1)
        self.assertEqual(self.counter(names.EARLY_DATA_ACCEPTED), accepted)

    def test_before_a_hello_retry_request_it_is_refused_and_the_request_comes_again(self):
        self.refuses("retried", context.HTTPS_EARLY, "-groups", "P-521:P-256")

    def test_a_listener_that_takes_none_refuses_it_and_the_request_comes_again(self):
        self.refuses("disabled", context.HTTPS_ECDSA)

    def recorded(self) -> bytes:
        """What s_client says at once, taken from it by somebody on the way, and never delivered."""
        options = self.options(self.session())
        with socket.create_server((context.KERNEL_V4, 0)) as listener:
            listener.settimeout(clients.TIMEOUT_SECONDS)
            target = f"{context.KERNEL_V4}:{listener.getsockname()[1]}"
            client = subprocess.Popen(["openssl", "s_client", "-connect", target, "-servername", context.NAME, *options],
                                      stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                connection, _ = listener.accept()
                connection.settimeout(clients.TIMEOUT_SECONDS)
                said = b""
                with connection:
                    while records(said) < 3:  # ClientHello, ChangeCipherSpec, the request
                        piece = connection.recv(65536)
                        self.assertTrue(piece, "s_client has closed")
                        said += piece
                return said
            finally:
                client.kill()
                client.wait()

    def test_a_recorded_first_flight_is_acted_on_once(self):
        said = self.recorded()
        replayed, accepted = self.counter(names.early_data_refused("replayed")), self.counter(names.EARLY_DATA_ACCEPTED)
        taken = self.counter(names.EARLY_DATA_BYTES)
        for times in range(3):
            with self.subTest(times=times), clients.connect(context.HTTPS_EARLY) as sock:
                sock.sendall(said)
                self.assertTrue(sock.recv(5).startswith(b"\x16\x03\x03"))  # a ServerHello in any case
                self.assert_grows(names.early_data_refused("replayed"), replayed, times)
                self.assert_grows(names.EARLY_DATA_ACCEPTED, accepted, 1)
        self.assert_grows(names.EARLY_DATA_BYTES, taken, len(REQUEST))
