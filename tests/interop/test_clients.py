"""Every client library against our server: versions, groups, resumption, certificates of both sides, and old versions.

Each client verifies our chain and our name, and compares the body byte by byte; what was agreed on is the engine's word."""

import itertools

import context
import names
import tls_clients
from tls_clients import Wish

VERSIONS = {"1.3": ("tls_versions", "TLSv1.3"), "1.2": ("tls_versions", "TLSv1.2")}
GROUPS = {"x25519": ("tls_groups", "x25519"), "P-256": ("tls_groups", "secp256r1"), "P-384": ("tls_groups", "secp384r1")}


class Clients(context.EngineTest):
    @classmethod
    def setUpClass(cls):
        cls.clients = tls_clients.all_of_them()

    def each(self, check, *values) -> None:
        """check(client, …) for every client with every combination of the values."""
        for client in self.clients:
            for combination in itertools.product(*values):
                with self.subTest(client=client.name, what=combination):
                    check(client, *combination)

    def assert_good(self, client, wish: Wish) -> tls_clients.Outcome:
        outcome = client.fetch(wish)
        self.assertTrue(outcome.good, outcome.said[-1500:])
        return outcome

    def assert_counted(self, client, wish: Wish, *counters: tuple[str, str]) -> None:
        """All went well, and each counter grew by one."""
        before = [self.counter(name) for name in counters]
        self.assert_good(client, wish)
        for name, value in zip(counters, before):
            self.assert_grows(name, value, 1)

    def assert_refused(self, client, wish: Wish, counter: tuple[str, str]) -> None:
        before = self.counter(counter)
        outcome = client.fetch(wish)
        self.assertFalse(outcome.good, outcome.said[-1500:])
        self.assert_grows(counter, before, 1)

    def test_every_group_in_both_versions(self):
        def check(client, group, version):
            self.assert_counted(client, Wish(version=version, groups=(group,)), VERSIONS[version], GROUPS[group])
        self.each(check, GROUPS, VERSIONS)

    def test_a_first_group_that_we_do_not_speak_draws_a_hello_retry_request(self):
        def check(client):
            if client.takes_groups:
                self.assert_counted(client, Wish(groups=("P-521", "x25519")), names.RETRIED)
        self.each(check)

    def test_a_session_is_resumed_in_both_versions(self):
        def check(client, version):
            if version in client.resumes:
                self.assert_counted(client, Wish(version=version, times=2), names.RESUMED)
        self.each(check, VERSIONS)

    def test_a_protocol_is_agreed_on(self):
        def check(client, version):
            if client.tells_alpn:
                self.assertEqual(self.assert_good(client, Wish(version=version, alpn=("h2", "http/1.1"))).alpn, "http/1.1")
        self.each(check, VERSIONS)

    def test_a_client_s_certificate_is_taken(self):
        def check(client, version):
            self.assert_good(client, Wish(port=context.HTTPS_MUTUAL, version=version, own="client"))
        self.each(check, VERSIONS)

    def test_no_certificate_is_refused(self):
        def check(client, case):
            version, error = case
            self.assert_refused(client, Wish(port=context.HTTPS_MUTUAL, version=version), names.failure(error))
        self.each(check, (("1.3", "certificate_required"), ("1.2", "no_client_certificate")))

    def test_a_stranger_s_certificate_is_refused(self):
        def check(client, version):
            self.assert_refused(client, Wish(port=context.HTTPS_MUTUAL, version=version, own="stranger"),
                                names.failure("unknown_authority"))
        self.each(check, VERSIONS)

    def test_tls_1_1_is_refused_and_counted(self):
        self.each(lambda client: self.assert_refused(client, Wish(version="1.1"), ("tls_refused_versions", "TLSv1.1")))
