"""handsel-load over TLS, and with it our client, against other people's servers: what is agreed on, resumed, verified, and
the names of what goes wrong."""

import contextlib
import itertools
import json
import subprocess
import unittest

import certificates
import context
import tls_servers
from test_load import ALL_WELL, BAD_USAGE, SOME_FAILED, V4, V6, command

PORTS = itertools.count(9101)
NGINX, MUTUAL = 9443, 9444
FILE = f"/bytes/{tls_servers.BYTES}"
VERSIONS = {"1.3": "TLSv1.3", "1.2": "TLSv1.2"}
SUITES_12 = [f"TLS_ECDHE_{kind}_WITH_{cipher}" for kind in ("ECDSA", "RSA")
             for cipher in ("AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "CHACHA20_POLY1305_SHA256")]
SUITES_13 = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"]
GROUPS = {"x25519": "x25519", "P-256": "secp256r1", "P-384": "secp384r1"}


def trusting(name: str = context.NAME) -> list[str]:
    return ["--sni", name, "--ca", str(certificates.root())]


def showing(kind: str) -> list[str]:
    chain, key = context.chains[kind]
    return ["--cert", str(chain), "--key", str(key)]


def url(port: int, host: str = V4) -> str:
    return f"https://{host}:{port}{FILE}"


def setUpModule():
    context.stop_shared()


class LoadTls(unittest.TestCase):
    def load(self, *arguments: str, status: int = ALL_WELL) -> dict:
        """The report of a run that ended with `status`."""
        run = subprocess.run(command(*arguments), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                             check=False)
        self.assertEqual(run.returncode, status, f"{arguments}: {run.stderr}{run.stdout}")
        return json.loads(run.stdout)

    def fetch(self, target: str, *arguments: str, total: int = 2) -> dict:
        """What a run agreed on whose connections all got the file, byte by byte, from a server that was verified."""
        report = self.load(target, "--verify", "--total", str(total), *trusting(), *arguments)
        self.assertEqual(report["bytes"]["received"], total * tls_servers.BYTES)
        self.assertEqual(report["tls"]["handshakes"]["completed"], total)
        self.assertEqual(report["latency_ns"]["handshake"]["count"], total)
        return report["tls"]

    def fails(self, why: str, *arguments: str) -> dict:
        report = self.load(*arguments, "--total", "2", status=SOME_FAILED)
        self.assertEqual(report["failures"], {why: 2}, report["tls"])
        return report["tls"]

    @contextlib.contextmanager
    def serving(self, make, *arguments, **named):
        port = next(PORTS)
        server = make(port, *arguments, **named)
        try:
            yield port
        finally:
            server.stop()


class Nginx(LoadTls):
    @classmethod
    def setUpClass(cls):
        cls.server = tls_servers.nginx(NGINX, MUTUAL)

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def test_both_versions_over_both_families(self):
        for version, host in itertools.product(VERSIONS, (V4, V6)):
            with self.subTest(version=version, host=host):
                agreed = self.fetch(url(NGINX, host), "--tls", version, "--connections", "4", total=12)
                self.assertEqual(agreed["versions"], {VERSIONS[version]: 12})

    def test_every_suite(self):
        for suite in SUITES_13 + SUITES_12:
            with self.subTest(suite=suite):
                self.assertEqual(self.fetch(url(NGINX), "--suites", suite)["suites"], {suite: 2})

    def test_every_group(self):
        for (group, name), version in itertools.product(GROUPS.items(), VERSIONS):
            with self.subTest(group=group, version=version):
                agreed = self.fetch(url(NGINX), "--tls", version, "--groups", group)
                self.assertEqual(agreed["groups"], {name: 2})

    def test_resumption_in_both_versions(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                agreed = self.fetch(url(NGINX), "--tls", version, "--resume", "1", total=20)
                self.assertEqual(agreed["handshakes"]["resumed"], 19)

    def test_half_of_the_connections_resume(self):
        agreed = self.fetch(url(NGINX), "--resume", "0.5", total=40)
        self.assertEqual(agreed["handshakes"]["resumed"], 20)

    def test_handshakes_alone_in_an_open_loop(self):
        report = self.load(url(NGINX), "--mode", "handshake", *trusting(), "--rate", "200", "--duration", "1",
                           "--connections", "50", "--resume", "0.5")
        done = report["tls"]["handshakes"]
        self.assertEqual(done["completed"], report["connections"]["completed"])
        self.assertEqual(report["connections"]["begun"] + report["connections"]["unstarted"], 200)
        self.assertGreater(done["resumed"], 0)

    def test_a_lossy_path_loses_no_byte(self):
        agreed = self.fetch(url(NGINX), "--impair", "loss=0.05,duplicate=0.05,reorder=0.05,seed=11", "--connections", "4",
                            total=8)
        self.assertEqual(agreed["versions"], {"TLSv1.3": 8})

    def test_several_requests_share_a_connection(self):
        report = self.load(url(NGINX), *trusting(), "--verify", "--requests", "5", "--total", "2")
        self.assertEqual(report["requests"]["status"], {"2xx": 10})

    def test_client_certificates_of_both_kinds_are_taken(self):
        for kind, version in itertools.product(("client", "client-rsa"), VERSIONS):
            with self.subTest(kind=kind, version=version):
                self.fetch(url(MUTUAL), "--tls", version, *showing(kind))

    def test_no_client_certificate_draws_status_400(self):
        report = self.load(url(MUTUAL), *trusting(), "--total", "2", status=SOME_FAILED)
        self.assertEqual(report["requests"]["status"], {"4xx": 2})

    def test_a_server_that_nobody_trusts(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                seen = self.fails("handshake", url(NGINX), "--sni", context.NAME, "--ca", str(context.chains["stranger"][0]),
                                  "--tls", version)
                self.assertEqual(seen["failures"], {"unknown_authority": 2})
                self.assertEqual(seen["alerts_sent"]["unknown_ca"], 2)

    def test_a_server_of_another_name(self):
        for arguments in (trusting("other.test"), ["--ca", str(certificates.root())]):
            with self.subTest(arguments=arguments):
                self.assertEqual(self.fails("handshake", url(NGINX), *arguments)["failures"], {"wrong_certificate_name": 2})

    def test_pins(self):
        right, wrong = context.chains["ecdsa"][0], context.chains["stranger"][0]
        self.load(url(NGINX), "--pin", str(right), "--total", "2")
        self.assertEqual(self.fails("handshake", url(NGINX), "--pin", str(wrong))["failures"], {"wrong_pin": 2})

    def test_who_is_told_to_verifies_nothing(self):
        self.load(url(NGINX), "--insecure", "--total", "2", "--verify")

    def test_no_common_application_protocol(self):
        seen = self.fails("handshake", url(NGINX), *trusting(), "--alpn", "h3")
        self.assertEqual(seen["failures"], {"alert_received": 2})
        self.assertEqual(seen["alerts_received"], {"no_application_protocol": 2})


class Openssl(LoadTls):
    def test_hello_retry_request(self):
        with self.serving(tls_servers.openssl, "-groups", "X25519") as port:
            agreed = self.fetch(url(port), "--groups", "P-384,x25519")
        self.assertEqual((agreed["handshakes"]["retried"], agreed["groups"]), (2, {"x25519": 2}))

    def test_resumption_by_ticket_and_by_session_id(self):
        for options in (("-tls1_3",), ("-tls1_2",), ("-tls1_2", "-no_ticket"), ("-tls1_3", "-num_tickets", "1")):
            with self.subTest(options=options), self.serving(tls_servers.openssl, *options) as port:
                agreed = self.fetch(url(port), "--resume", "1", total=5)
                self.assertEqual(agreed["handshakes"]["resumed"], 4)

    def test_a_demanded_certificate(self):
        demand = ("-Verify", "2", "-verify_return_error", "-CAfile", str(certificates.root()))
        for version, missing in (("1.3", ("tls_failed", "certificate_required")), ("1.2", ("handshake", "handshake_failure"))):
            with self.subTest(version=version), self.serving(tls_servers.openssl, *demand) as port:
                self.fetch(url(port), "--tls", version, *showing("client"))
                for own, (why, alert) in (([], missing), (showing("stranger"), (missing[0], "unknown_ca"))):
                    seen = self.fails(why, url(port), *trusting(), "--tls", version, *own)
                    self.assertEqual(seen["alerts_received"].get(alert), 2, seen)

    def test_a_server_of_older_versions(self):
        with self.serving(tls_servers.openssl, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0") as port:
            seen = self.fails("handshake", url(port), *trusting())
        self.assertEqual(seen["alerts_received"], {"protocol_version": 2})

    def test_a_server_that_speaks_no_tls(self):
        with self.serving(tls_servers.plain) as port:
            self.assertEqual(self.fails("handshake", url(port), *trusting())["failures"], {"not_tls": 2})


class Gnutls(LoadTls):
    def test_both_versions_resume(self):
        with self.serving(tls_servers.gnutls) as port:
            for version in VERSIONS:
                with self.subTest(version=version):
                    report = self.load(url(port), "--total", "5", "--tls", version, "--resume", "1", *trusting())
                    self.assertEqual(report["requests"]["status"], {"2xx": 5})
                    self.assertEqual(report["tls"]["versions"], {VERSIONS[version]: 5})
                    self.assertEqual(report["tls"]["handshakes"]["resumed"], 4)

    def test_hello_retry_request(self):
        with self.serving(tls_servers.gnutls, "NORMAL:-GROUP-ALL:+GROUP-SECP384R1") as port:
            report = self.load(f"tls://{V4}:{port}", "--total", "2", *trusting())
        self.assertEqual((report["tls"]["handshakes"]["retried"], report["tls"]["groups"]), (2, {"secp384r1": 2}))

    def test_a_demanded_certificate(self):
        with self.serving(tls_servers.gnutls, "NORMAL", "--require-client-cert", "--verify-client-cert", "--x509cafile",
                          str(certificates.root())) as port:
            for version in VERSIONS:
                with self.subTest(version=version):
                    self.load(url(port), "--total", "2", "--tls", version, *trusting(), *showing("client"))
            self.fails("tls_failed", url(port), "--tls", "1.3", *trusting())
            self.fails("handshake", url(port), "--tls", "1.2", *trusting())


class Go(LoadTls):
    def test_both_versions_resume(self):
        with self.serving(tls_servers.go) as port:
            for version in VERSIONS:
                with self.subTest(version=version):
                    agreed = self.fetch(url(port), "--tls", version, "--resume", "1", total=5)
                    self.assertEqual(agreed["versions"], {VERSIONS[version]: 5})
                    self.assertEqual(agreed["handshakes"]["resumed"], 4)

    def test_a_demanded_certificate(self):
        with self.serving(tls_servers.go, CA=str(certificates.root())) as port:
            self.fetch(url(port), *showing("client"))
            self.fails("tls_failed", url(port), *trusting())


class Usage(LoadTls):
    def test_options_that_contradict_themselves(self):
        for words, said in ((["--insecure", "--ca", "system"], "contradicts"), (["--tls", "1.1"], "neither 1.2 nor 1.3"),
                            (["--ca", "/no/such.pem"], "/no/such.pem"), (["--pin", "12"], "64 hexadecimal digits")):
            run = subprocess.run(command(url(NGINX), *words), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                 timeout=20, check=False)
            self.assertEqual(run.returncode, BAD_USAGE, words)
            self.assertIn(said, run.stderr)
