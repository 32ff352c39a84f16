"""What is negotiated, with the clients that Debian has."""

import socket
import ssl
import tempfile

import body
import certificates
import clients
import context
import names

SUITES = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256")


class Parameters(context.EngineTest):
    def test_every_suite_is_served(self):
        for suite in SUITES:
            for host in (context.V4, context.V6):
                with self.subTest(suite=suite, host=host):
                    done = clients.s_client("-ciphersuites", suite, host=host)
                    self.assertEqual((done.version, done.cipher), ("TLSv1.3", suite), done.text)

    def test_every_suite_carries_a_body(self):
        for suite in SUITES:
            with self.subTest(suite=suite):
                target = clients.url("https", context.V4, context.HTTPS, "/bytes/300000")
                self.assertEqual(clients.curl("--tls13-ciphers", suite, target), body.expected(300000))

    def test_every_group_is_served(self):
        for group, shown in (("X25519", "X25519"), ("P-256", "ECDH, prime256v1")):
            with self.subTest(group=group):
                done = clients.s_client("-groups", group)
                self.assertEqual(done.version, "TLSv1.3", done.text)
                self.assertTrue(done.field("Server Temp Key:").startswith(shown), done.text)

    def test_a_first_share_of_an_unknown_group_draws_a_hello_retry_request(self):
        for group, shown in (("P-256", "ECDH, prime256v1"), ("X25519", "X25519")):
            with self.subTest(group=group):
                retried = self.counter(names.RETRIED)
                done = clients.s_client("-groups", f"P-521:{group}", "-msg")
                self.assertEqual(done.version, "TLSv1.3", done.text)
                self.assertTrue(done.field("Server Temp Key:").startswith(shown), done.text)
                self.assertEqual(done.text.count(", ClientHello"), 2)
                self.assert_grows(names.RETRIED, retried, 1)

    def test_the_client_s_signature_algorithms_choose_the_chain(self):
        for algorithms, kind in (("ECDSA+SHA256", "ECDSA"), ("RSA-PSS+SHA256", "RSA-PSS"),
                                 ("rsa_pss_rsae_sha384", "RSA-PSS")):
            with self.subTest(algorithms=algorithms):
                done = clients.s_client("-sigalgs", algorithms)
                self.assertEqual(done.field("Peer signature type:"), kind, done.text)

    def test_a_listener_with_one_chain_serves_that_chain(self):
        for port, kind in ((context.HTTPS_RSA, "RSA-PSS"), (context.HTTPS_ECDSA, "ECDSA")):
            with self.subTest(port=port):
                self.assertEqual(clients.s_client(port=port).field("Peer signature type:"), kind)

    def test_alpn_is_agreed_upon(self):
        self.assertEqual(clients.s_client("-alpn", "h2,http/1.1").field("ALPN protocol:"), "http/1.1")

    def test_no_common_alpn_draws_no_application_protocol(self):
        self.assertEqual(clients.s_client("-alpn", "h2").alert, 120)


class Tickets(context.EngineTest):
    """Python's ssl keeps a session and offers its ticket on the next connection."""

    def fetch(self, tls: ssl.SSLContext, session: ssl.SSLSession | None, name: str = "example.test"):
        """One request; whether the handshake was resumed, and the session that came with the answer."""
        with socket.create_connection((context.V4, context.HTTPS), timeout=20) as raw:
            with tls.wrap_socket(raw, server_hostname=name, session=session) as secured:
                secured.sendall(b"GET /bytes/1000 HTTP/1.1\r\nHost: example.test\r\nConnection: close\r\n\r\n")
                answer = b""
                while piece := secured.recv(65536):
                    answer += piece
                self.assertTrue(answer.endswith(body.expected(1000)))
                return secured.session_reused, secured.session

    def test_a_ticket_resumes_with_every_suite(self):
        for suite in SUITES:
            with self.subTest(suite=suite):
                tls = clients.tls_context()
                resumed = self.counter(names.RESUMED)
                reused, session = self.fetch(tls, None)
                self.assertFalse(reused)
                reused, _ = self.fetch(tls, session)
                self.assertTrue(reused)
                self.assert_grows(names.RESUMED, resumed, 1)

    def test_a_ticket_is_good_for_its_own_server_name_alone(self):
        tls = clients.tls_context()
        _, session = self.fetch(tls, None, "example.test")
        reused, _ = self.fetch(tls, session, "other.test")
        self.assertFalse(reused)

    def test_s_client_resumes_over_ipv6(self):
        with tempfile.NamedTemporaryFile() as session:
            first = clients.s_client("-sess_out", session.name, "-ign_eof", host=context.V6, send=b"GET / HTTP/1.0\r\n\r\n")
            self.assertEqual(first.field("New, ").split(",")[0], "TLSv1.3", first.text)
            second = clients.s_client("-sess_in", session.name, host=context.V6)
            self.assertTrue(second.field("Reused, ").startswith("TLSv1.3"), second.text)


class Verification(context.EngineTest):
    """The chain, the name and the signature hold for clients that check them."""

    def test_openssl_verifies_both_chains(self):
        for port in (context.HTTPS_ECDSA, context.HTTPS_RSA):
            with self.subTest(port=port):
                done = clients.s_client("-verify_return_error", "-CAfile", str(certificates.root()),
                                        "-verify_hostname", context.NAME, port=port)
                self.assertEqual(done.field("Verify return code:"), "0 (ok)", done.text)

    def test_curl_verifies_by_name_and_by_address(self):
        trusted = ("--no-insecure", "--cacert", str(certificates.root()))
        by_name = clients.curl(*trusted, "--resolve", f"{context.NAME}:443:{context.V4}", f"https://{context.NAME}/bytes/10")
        self.assertEqual(by_name, body.expected(10))
        self.assertEqual(clients.curl(*trusted, f"https://[{context.V6}]/bytes/10"), body.expected(10))

    def test_a_client_that_does_not_trust_us_is_counted_by_its_alert(self):
        failed = self.counter(names.FAILED)
        done = clients.s_client("-verify_return_error", "-CAfile", str(context.chains["rsa"][0]))
        self.assertNotEqual(done.status, 0)
        self.assert_grows(names.FAILED, failed, 1)


class Resumption(context.EngineTest):
    """A request is sent each time: the tickets come behind the handshake, and a client that leaves at once misses them."""

    REQUEST = b"GET /bytes/10 HTTP/1.0\r\n\r\n"

    def session(self) -> str:
        file = str(context.work / "session.pem")
        done = clients.s_client("-sess_out", file, "-ign_eof", send=self.REQUEST)
        self.assertEqual(done.version, "TLSv1.3", done.text)
        return file

    def test_a_ticket_resumes_without_a_certificate(self):
        file = self.session()
        resumed = self.counter(names.RESUMED)
        done = clients.s_client("-sess_in", file, "-ign_eof", send=self.REQUEST)
        self.assertTrue(done.field("Reused, ").startswith("TLSv1.3"), done.text)
        self.assert_grows(names.RESUMED, resumed, 1)


class Tls12(context.EngineTest):
    """A listener whose min_version is 1.2; the others refuse that version (test_bad_input)."""

    def test_every_suite_with_both_kinds_of_certificate(self):
        for kind in ("ECDSA", "RSA"):
            for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305"):
                with self.subTest(kind=kind, cipher=cipher):
                    suite = f"ECDHE-{kind}-{cipher}"
                    done = clients.s_client("-tls1_2", "-cipher", suite, port=context.HTTPS_12)
                    self.assertEqual((done.version, done.cipher), ("TLSv1.2", suite), done.text)
                    self.assertIn("Extended master secret: yes", done.text)
                    self.assertIn("Secure Renegotiation IS supported", done.text)

    def test_both_groups_carry_a_body_over_both_families(self):
        for group in ("X25519", "P-256"):
            for host in (context.V4, context.V6):
                with self.subTest(group=group, host=host):
                    target = clients.url("https", host, context.HTTPS_12, "/bytes/1048576")
                    got = clients.curl("--tlsv1.2", "--tls-max", "1.2", "--curves", group, target)
                    self.assertEqual(got, body.expected(1048576))

    def test_renegotiation_is_refused_and_the_newer_version_is_taken_where_offered(self):
        done = clients.s_client_typing(b"R\n", port=context.HTTPS_12, options=("-tls1_2",))
        self.assertNotIn("HTTP/1.1 200", done.text)
        self.assertEqual(clients.s_client(port=context.HTTPS_12).version, "TLSv1.3")

    def test_a_session_id_resumes_where_the_client_knows_no_tickets(self):
        options = ("-tls1_2", "-no_ticket")
        file = str(context.work / "session12.pem")
        taken = self.counter(names.SESSION_IDS_TAKEN)
        first = clients.s_client(*options, "-sess_out", file, port=context.HTTPS_12)
        self.assertEqual(first.version, "TLSv1.2", first.text)
        second = clients.s_client(*options, "-sess_in", file, port=context.HTTPS_12)
        self.assertTrue(second.field("Reused, ").startswith("TLSv1.2"), second.text)
        self.assert_grows(names.SESSION_IDS_TAKEN, taken, 1)

    def test_versions_are_counted_apart(self):
        before = self.counter(("tls_versions", "TLSv1.2"))
        clients.s_client("-tls1_2", port=context.HTTPS_12)
        self.assert_grows(("tls_versions", "TLSv1.2"), before, 1)


class Framing(context.EngineTest):
    def fetch(self, cut) -> bytes:
        with clients.connect(context.HTTPS) as sock:
            sock.setsockopt(6, 1, 1)  # TCP_NODELAY
            pump = clients.TlsPump(sock, cut)
            pump.handshake()
            pump.tls.write(b"GET /bytes/5000 HTTP/1.1\r\nConnection: close\r\n\r\n")
            pump.flush()
            received = b""
            while b"\r\n\r\n" not in received or len(received.split(b"\r\n\r\n", 1)[1]) < 5000:
                self.assertTrue(pump.fill(), "closed early")
                received += pump.read_available()
        return received.split(b"\r\n\r\n", 1)[1]

    def test_records_cut_into_single_bytes_are_put_together(self):
        self.assertEqual(self.fetch(lambda data: [data[i:i + 1] for i in range(len(data))]), body.expected(5000))

    def test_records_cut_inside_their_headers_are_put_together(self):
        self.assertEqual(self.fetch(lambda data: [data[:3], data[3:7], data[7:]] if len(data) > 7 else [data]),
                         body.expected(5000))

    def test_a_key_update_both_ways_goes_unnoticed_by_http(self):
        # s_client takes a line of its own that begins with K as the command to update keys and ask for the same.
        done = clients.s_client_typing(b"K\n", b"GET /bytes/3 HTTP/1.1\nConnection: close\n\n")
        self.assertEqual(done.version, "TLSv1.3", done.text)
        self.assertIn("KEYUPDATE", done.text)
        self.assertIn("HTTP/1.1 200", done.text)

    def test_python_s_ssl_speaks_tls_1_3_over_both_families(self):
        for host in (context.V4, context.V6):
            with self.subTest(host=host), clients.tls_connect(host=host) as sock:
                self.assertEqual(sock.version(), "TLSv1.3")
                sock.sendall(b"GET /bytes/7 HTTP/1.1\r\nConnection: close\r\n\r\n")
                self.assertTrue(clients.read_all(sock).endswith(body.expected(7)))

    def test_the_end_is_announced_by_close_notify(self):
        """Python raises SSLEOFError for an end without it, when told not to overlook that."""
        with clients.connect(context.HTTPS) as sock:
            wrapped = clients.tls_context(options=ssl.OP_ALL).wrap_socket(
                sock, server_hostname=context.NAME, suppress_ragged_eofs=False)
            wrapped.sendall(b"GET /bytes/7 HTTP/1.1\r\nConnection: close\r\n\r\n")
            received = b""
            while piece := wrapped.recv(1000):
                received += piece
            self.assertTrue(received.endswith(body.expected(7)))
            wrapped.close()
