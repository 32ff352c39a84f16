"""The http service: right bytes, every time, to many clients at once."""

import http.client
import socket

import body
import clients
import context
import names

MIB = 1 << 20


def get(path: str, *fields: str, version: str = "1.1", method: str = "GET") -> bytes:
    lines = [f"{method} {path} HTTP/{version}", "Host: example.test", *fields]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def responses(stream: bytes, count: int, with_bodies: bool = True) -> list[tuple[int, dict[str, str], bytes]]:
    """Takes `count` responses off the front of `stream`; nothing may follow the last."""
    found = []
    for _ in range(count):
        head, separator, stream = stream.partition(b"\r\n\r\n")
        assert separator, f"no whole head in {head[:200]!r}"
        first, *lines = head.decode().split("\r\n")
        fields = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
        size = int(fields["content-length"]) if with_bodies else 0
        found.append((int(first.split()[1]), fields, stream[:size]))
        stream = stream[size:]
    assert stream == b"", f"{len(stream)} bytes after the last response"
    return found


class Bodies(context.EngineTest):
    def hundred_times(self, host):
        expected = body.expected(MIB)
        target = clients.url("https", host, context.HTTPS, f"/bytes/{MIB}")
        for turn in range(100):
            self.assertEqual(clients.curl("--tlsv1.3", target), expected, f"turn {turn}")

    def test_a_mebibyte_100_times_over_ipv4(self):
        self.hundred_times(context.V4)

    def test_a_mebibyte_100_times_over_ipv6(self):
        self.hundred_times(context.V6)

    def test_50_clients_at_once_each_get_their_mebibyte(self):
        expected = body.expected(MIB)
        target = clients.url("https", context.V4, context.HTTPS, f"/bytes/{MIB}")
        files = [context.work / f"body{number}" for number in range(50)]
        processes = [clients.start_curl("-o", str(file), target) for file in files]
        for process, file in zip(processes, files):
            _, errors = process.communicate()
            self.assertEqual(process.returncode, 0, errors.decode())
            self.assertTrue(file.read_bytes() == expected, f"{file} holds other bytes")
            file.unlink()

    def whole_100_mib(self, scheme, host, port):
        process = clients.start_curl(clients.url(scheme, host, port, f"/bytes/{100 * MIB}"))
        checker = body.Checker()
        while piece := process.stdout.read(1 << 18):
            checker.take(piece)
        errors = process.stderr.read()
        process.stdout.close()
        process.stderr.close()
        self.assertEqual(process.wait(), 0, errors.decode())
        self.assertEqual(checker.count, 100 * MIB)

    def test_100_mib_over_tls_arrive_whole(self):
        self.whole_100_mib("https", context.V4, context.HTTPS)

    def test_100_mib_over_tls_and_ipv6_arrive_whole(self):
        self.whole_100_mib("https", context.V6, context.HTTPS)

    def test_100_mib_over_plain_tcp_arrive_whole(self):
        self.whole_100_mib("http", context.V4, context.HTTP)

    def test_every_small_size_around_record_and_segment_bounds(self):
        connection = http.client.HTTPSConnection(context.V4, context.HTTPS, context=clients.tls_context(), timeout=20)
        for size in (0, 1, 255, 256, 1399, 1400, 1447, 1448, 1449, 1460, 16383, 16384, 16385, 32768, 65535, 65536, 65537):
            with self.subTest(size=size):
                connection.request("GET", f"/bytes/{size}")
                self.assertEqual(connection.getresponse().read(), body.expected(size))
        connection.close()

    def test_a_reader_that_is_slow_gets_all_bytes(self):
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.settimeout(20)
            sock.connect((context.V4, context.HTTP))
            sock.sendall(get("/bytes/400000", "Connection: close"))
            stream = bytearray()
            while piece := sock.recv(1500):
                stream += piece
        [(status, _, content)] = responses(bytes(stream), 1)
        self.assertEqual(status, 200)
        self.assertEqual(content, body.expected(400000))

    def test_a_client_that_leaves_in_mid_body_harms_nobody(self):
        for _ in range(20):
            with clients.tls_connect() as leaver:
                leaver.sendall(get(f"/bytes/{100 * MIB}"))
                leaver.recv(1000)
        self.assertEqual(clients.curl(clients.url("https", context.V4, context.HTTPS, "/bytes/5000")), body.expected(5000))


class Connections(context.EngineTest):
    def test_keep_alive_serves_50_requests_on_one_connection(self):
        opened = self.counter(names.OPENED)
        connection = http.client.HTTPSConnection(context.V4, context.HTTPS, context=clients.tls_context(), timeout=20)
        for number in range(50):
            connection.request("GET", f"/bytes/{number * 100}")
            self.assertEqual(connection.getresponse().read(), body.expected(number * 100))
        connection.close()
        self.assert_grows(names.OPENED, opened, 1)

    def test_pipelined_requests_are_answered_in_order(self):
        sizes = [10, 0, 70000, 1, 20000, 300]
        with clients.connect(context.HTTP) as sock:
            sock.sendall(b"".join(get(f"/bytes/{size}") for size in sizes[:-1]) +
                         get(f"/bytes/{sizes[-1]}", "Connection: close"))
            found = responses(clients.read_all(sock), len(sizes))
        self.assertEqual([content for _, _, content in found], [body.expected(size) for size in sizes])

    def test_a_request_in_single_bytes_is_understood(self):
        with clients.connect(context.HTTP) as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in get("/bytes/1000", "Connection: close"):
                sock.sendall(bytes([byte]))
            [(status, _, content)] = responses(clients.read_all(sock), 1)
        self.assertEqual((status, content), (200, body.expected(1000)))

    def test_http_1_0_closes_after_the_response(self):
        with clients.connect(context.HTTP) as sock:
            sock.sendall(get("/bytes/100", version="1.0"))
            [(status, fields, content)] = responses(clients.read_all(sock), 1)
        self.assertEqual((status, fields["connection"], content), (200, "close", body.expected(100)))

    def test_http_1_0_stays_open_when_asked(self):
        with clients.connect(context.HTTP) as sock:
            sock.sendall(get("/bytes/100", "Connection: keep-alive", version="1.0") + get("/bytes/200", version="1.0"))
            found = responses(clients.read_all(sock), 2)
        self.assertEqual([content for _, _, content in found], [body.expected(100), body.expected(200)])

    def test_http_1_1_closes_when_asked(self):
        with clients.tls_connect() as sock:
            sock.sendall(get("/bytes/100", "Connection: close"))
            [(_, fields, content)] = responses(clients.read_all(sock), 1)
        self.assertEqual((fields["connection"], content), ("close", body.expected(100)))


class Requests(context.EngineTest):
    def ask(self, request: bytes, with_body: bool = True):
        with clients.connect(context.HTTP) as sock:
            sock.sendall(request)
            return responses(clients.read_all(sock), 1, with_body)[0]

    def test_the_page_names_the_connection_s_parameters(self):
        page = clients.curl("--tls13-ciphers", "TLS_AES_256_GCM_SHA384", "--curves", "P-256",
                            clients.url("https", context.V4, context.HTTPS, "/")).decode()
        self.assertIn("handsel", page)
        self.assertRegex(page, r"TLSv?1\.3")
        self.assertRegex(page, "AES.256.GCM")
        self.assertRegex(page, "P-?256|secp256r1")

    def test_head_gives_the_length_and_no_body(self):
        status, fields, content = self.ask(get("/bytes/12345", "Connection: close", method="HEAD"), with_body=False)
        self.assertEqual((status, fields["content-length"], content), (200, "12345", b""))

    def test_bodies_are_octet_streams(self):
        self.assertEqual(self.ask(get("/bytes/5", "Connection: close"))[1]["content-type"], "application/octet-stream")

    def test_an_unknown_path_is_404(self):
        self.assertEqual(self.ask(get("/nothing", "Connection: close"))[0], 404)

    def test_a_body_past_the_bound_is_refused(self):
        self.assertIn(self.ask(get("/bytes/1073741825", "Connection: close"))[0], (400, 404))
        self.assertIn(self.ask(get("/bytes/99999999999999999999999", "Connection: close"))[0], (400, 404))

    def test_another_method_is_405(self):
        self.assertEqual(self.ask(get("/", "Connection: close", method="DELETE"))[0], 405)

    def test_nonsense_is_400_and_the_connection_closes(self):
        self.assertEqual(self.ask(b"hello there\r\n\r\n")[0], 400)

    def test_a_head_that_never_ends_is_refused(self):
        with clients.connect(context.HTTP) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\n" + b"X-Filler: yes\r\n" * 400)
            sock.sendall(b"X-Filler: yes\r\n" * 400)
            self.assertTrue(clients.read_all(sock).startswith(b"HTTP/1.1 4"))

    def test_ipv6_and_plain_tcp_serve_the_same(self):
        self.assertEqual(clients.curl(clients.url("http", context.V6, context.HTTP, "/bytes/9999")), body.expected(9999))
