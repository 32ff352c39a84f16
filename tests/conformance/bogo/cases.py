"""The cases of the driver: each drives one shim as the runner would, and raises Fault where it does something else."""

import contextlib
import pathlib
import ssl

from bench import FAILED, PASSED, UNIMPLEMENTED, VERSION12, VERSION13, Bench, expect_refusal, expect_status
from runner import Peer, Shim, expect, exported

CASES = {}


def case(function):
    """Its docstring is its name."""
    CASES[function.__doc__] = function
    return function


@case
def echoes_of_both_versions(bench: Bench):
    """server gives back what comes with every bit turned over, in TLS 1.3 and in 1.2"""
    for version in VERSION13, VERSION12:
        shim = bench.server("-expect-version", str(version))
        peer = bench.connect(shim, bench.client_context(version))
        for size in 1, 512, 513, 16_384, 40_000:
            peer.check_echo(bytes(range(256)) * (size // 256) + bytes(size % 256))
        peer.close()
        expect_status(shim, PASSED)


@case
def client_of_both_versions(bench: Bench):
    """client does so too"""
    for version in VERSION13, VERSION12:
        shim = bench.client("-expect-version", str(version))
        peer = bench.serve(shim, bench.server_context(version))
        peer.check_echo(bytes(20_000))
        peer.close()
        expect_status(shim, PASSED)


@case
def ipv6(bench: Bench):
    """-ipv6 goes to ::1, and the id stands before the first record"""
    shim = bench.server(ipv6=True)
    peer = bench.connect(shim, bench.client_context())
    peer.check_echo()
    peer.close()
    expect_status(shim, PASSED)


@case
def flags_not_known(bench: Bench):
    """a flag that the shim does not know, or cannot fulfil, ends it with 89 before it connects"""
    for flags in ["-dtls"], ["-quic"], ["-handoff"], ["-srtp-profiles", "x"], ["-no-such-flag"], ["-on-resume-no-such-flag"]:
        expect_status(bench.client(*flags), UNIMPLEMENTED, flags[0].replace("-on-resume", ""))
    for flags in ["-curves", "25"], ["-cipher", "TLS_RSA_WITH_AES_128_CBC_SHA"], ["-no-tls12", "-no-tls13"]:
        expect_status(bench.client(*flags), UNIMPLEMENTED)
    expect_status(bench.server("-max-version", str(VERSION12)), UNIMPLEMENTED)
    expect_status(bench.client("-resume-count", "many"), FAILED, "-resume-count")
    expect_status(bench.client("-resume-count"), FAILED, "-resume-count")


@case
def handshaker(bench: Bench):
    """-is-handshaker-supported is answered by No"""
    status, output, _ = bench.client("-is-handshaker-supported").end()
    expect((status, output) == (PASSED, "No\n"), f"{status}, {output!r}")


@case
def server_resumes(bench: Bench):
    """server takes its own tickets, as often as -resume-count says; a new connection each"""
    for version in VERSION13, VERSION12:
        shim = bench.server("-resume-count", "2")
        context = bench.client_context(version)
        session = None
        for _ in range(3):
            peer = bench.connect(shim, context, session=session)
            peer.check_echo()
            expect(peer.tls.session_reused == (session is not None), "reuse")
            session = peer.tls.session
            peer.close()
        expect_status(shim, PASSED)


@case
def client_resumes(bench: Bench):
    """client offers what the connection before gave it"""
    for version in VERSION13, VERSION12:
        shim = bench.client("-resume-count", "2", "-host-name", "bogo.test")
        context = bench.server_context(version)
        for i in range(3):
            peer = bench.serve(shim, context)
            peer.check_echo()
            expect(peer.tls.session_reused == (i > 0), f"reuse of connection {i}")
            peer.close()
        expect_status(shim, PASSED)


@case
def resumption_missed(bench: Bench):
    """a session that is not resumed is a fault, unless -expect-session-miss is there for those connections"""
    for flags, status in ([], FAILED), (["-on-resume-expect-session-miss"], PASSED):
        shim = bench.server("-resume-count", "1", *flags)
        for _ in range(2):
            peer = bench.connect(shim, bench.client_context())
            with contextlib.suppress(ssl.SSLError, OSError):
                peer.check_echo()
            peer.close()
        expect_status(shim, status)


@case
def ticket_expires(bench: Bench):
    """-resumption-delay moves the shim's clock: a ticket of yesterday is refused"""
    shim = bench.server("-resume-count", "1", "-resumption-delay", "86400", "-expect-session-miss")
    context = bench.client_context()
    peer = bench.connect(shim, context)
    peer.check_echo()
    session = peer.tls.session
    peer.close()
    peer = bench.connect(shim, context, session=session)
    peer.check_echo()
    expect(not peer.tls.session_reused, "resumed")
    peer.close()
    expect_status(shim, PASSED)


@case
def versions(bench: Bench):
    """what is negotiated is held against -expect-version, and versions can be bounded"""
    shim = bench.server("-expect-version", str(VERSION12))
    bench.connect(shim, bench.client_context(VERSION13)).close()
    expect_status(shim, FAILED, "version is")
    for flags in ["-no-tls12"], ["-min-version", str(VERSION13)]:
        shim = bench.server(*flags)
        peer = Peer(shim.accept(), bench.client_context(VERSION12), server=False)
        expect_refusal(shim, peer, "unsupported_version", "protocol_version")
    for flags in ["-no-tls13"], ["-max-version", str(VERSION12)]:
        shim = bench.client(*flags)
        peer = Peer(shim.accept(), bench.server_context(VERSION13), server=True)
        with contextlib.suppress(ssl.SSLError):
            peer.handshake()
        peer.close()
        expect_status(shim, FAILED, ":alert_received:protocol_version:")


@case
def alpn(bench: Bench):
    """-select-alpn, -reject-alpn and -decline-alpn of a server; -advertise-alpn and -expect-alpn of a client"""
    context = bench.client_context()
    context.set_alpn_protocols(["foo", "bar"])
    shim = bench.server("-select-alpn", "bar", "-expect-alpn", "bar")
    peer = bench.connect(shim, context)
    expect(peer.tls.selected_alpn_protocol() == "bar", "ALPN")
    peer.close()
    expect_status(shim, PASSED)
    shim = bench.server("-decline-alpn")
    peer = bench.connect(shim, context)
    expect(peer.tls.selected_alpn_protocol() is None, "ALPN")
    peer.close()
    expect_status(shim, PASSED)
    shim = bench.server("-reject-alpn")
    peer = Peer(shim.accept(), context, server=False)
    expect_refusal(shim, peer, "no_common_application_protocol", "no_application_protocol")
    context = bench.server_context()
    context.set_alpn_protocols(["bar"])
    for wanted, status in ("bar", PASSED), ("foo", FAILED):
        shim = bench.client("-advertise-alpn", "\x03foo\x03bar", "-expect-alpn", wanted)
        bench.serve(shim, context).close()
        expect_status(shim, status)


@case
def server_name(bench: Bench):
    """-host-name is sent, -expect-server-name is heard"""
    heard = []
    context = bench.server_context()
    context.sni_callback = lambda tls, name, _: heard.append(name)
    shim = bench.client("-host-name", "name.test")
    bench.serve(shim, context).close()
    expect_status(shim, PASSED)
    expect(heard == ["name.test"], f"{heard}")
    for wanted, status in ("bogo.test", PASSED), ("other.test", FAILED):
        shim = bench.server("-expect-server-name", wanted)
        bench.connect(shim, bench.client_context()).close()
        expect_status(shim, status)


@case
def writes_first(bench: Bench):
    """-shim-writes-first says hello before anybody asks"""
    shim = bench.client("-shim-writes-first")
    peer = bench.serve(shim, bench.server_context())
    expect(peer.read(5) == b"hello", "hello")
    peer.check_echo()
    peer.close()
    expect_status(shim, PASSED)


@case
def shuts_down(bench: Bench):
    """-shim-shuts-down with -check-close-notify sends close_notify and insists on the runner's"""
    shim = bench.server("-shim-shuts-down", "-check-close-notify")
    peer = bench.connect(shim, bench.client_context())
    peer.await_close_notify()
    peer.say_goodbye()
    peer.close()
    expect_status(shim, PASSED)
    shim = bench.server("-shim-shuts-down", "-check-close-notify")
    peer = bench.connect(shim, bench.client_context())
    peer.await_close_notify()
    peer.close()
    expect_status(shim, FAILED, ":no_close_notify:")


@case
def runner_shuts_down(bench: Bench):
    """-check-close-notify answers the runner's close_notify with its own"""
    shim = bench.client("-check-close-notify")
    peer = bench.serve(shim, bench.server_context())
    peer.check_echo()
    peer.say_goodbye()
    peer.await_close_notify()
    peer.close()
    expect_status(shim, PASSED)


@case
def different_sizes(bench: Bench):
    """-write-different-record-sizes writes the runner's list of sizes in records of 16,384 bytes at most"""
    sizes = [1, 255, 256, 257, 16_383, 16_384, 16_385, 32_767, 32_768, 32_769]
    shim = bench.server("-write-different-record-sizes")
    peer = bench.connect(shim, bench.client_context(VERSION12))
    expect(peer.read(sum(sizes)) == b"\x42" * sum(sizes), "content")
    lengths = [length - 24 for kind, length in peer.records() if kind == 23]
    pieces = [piece for size in sizes for piece in [*[16_384] * (size // 16_384), size % 16_384] if piece]
    expect(lengths == pieces, f"records of {lengths}")
    peer.close()
    expect_status(shim, PASSED)


@case
def key_update(bench: Bench):
    """-key-update sends one before each answer"""
    shim = bench.client("-key-update")
    peer = bench.serve(shim, bench.server_context())
    before = len(peer.records())
    for _ in range(3):
        peer.check_echo()
    # A KeyUpdate is 5 bytes long; content type and tag come to it (RFC 8446 4.6.3, 5.2).
    lengths = [length for _, length in peer.records()[before:]]
    expect([length for length in lengths if length in (22, 25)] == [22, 25] * 3, f"records of {lengths}")
    peer.close()
    expect_status(shim, PASSED)


@case
def keying_material(bench: Bench):
    """-export-keying-material writes what the runner's end derives from its own secrets, in both versions"""
    for version in VERSION13, VERSION12:
        for context, flags in (None, []), (b"context", ["-export-context", "context", "-use-export-context"]):
            log = pathlib.Path(bench.certificates.folder.name) / f"keys-{version}-{len(flags)}"
            tls = bench.client_context(version)
            tls.keylog_filename = str(log)
            shim = bench.server("-export-keying-material", "77", "-export-label", "label", *flags)
            peer = bench.connect(shim, tls)
            hash_name = "sha384" if peer.tls.cipher()[0].endswith("384") else "sha256"
            # The ServerHello comes first: its random stands behind two headers and the version.
            wanted = exported(log.read_text(), hash_name, peer.received[11:43], "label", context, 77)
            expect(peer.read(77) == wanted, f"keying material of {peer.tls.version()} with {context}")
            peer.check_echo()
            peer.close()
            expect_status(shim, PASSED)


@case
def client_certificate(bench: Bench):
    """-require-any-client-certificate and -verify-peer ask; -verify-fail believes nobody"""
    trust = ["-trust-cert", bench.certificates.other[0]]
    showing = bench.client_context()
    showing.load_cert_chain(*bench.certificates.other)
    for flags in ["-require-any-client-certificate"], ["-verify-peer"]:
        shim = bench.server(*flags, *trust)
        peer = bench.connect(shim, showing)
        peer.check_echo()
        peer.close()
        expect_status(shim, PASSED)
    shim = bench.server("-verify-peer", "-expect-no-peer-cert", *trust)
    peer = bench.connect(shim, bench.client_context())
    peer.check_echo()
    peer.close()
    expect_status(shim, PASSED)
    for version, error, alert in (VERSION13, "certificate_required", "certificate_required"), \
                                 (VERSION12, "no_client_certificate", "handshake_failure"):
        shim = bench.server("-require-any-client-certificate", *trust)
        peer = Peer(shim.accept(), bench.client_context(version), server=False)
        expect_refusal(shim, peer, error, alert)
    shim = bench.server("-verify-peer", "-verify-fail", *trust)
    expect_refusal(shim, Peer(shim.accept(), showing, server=False), "unknown_authority", "unknown_ca")


@case
def client_shows_certificate(bench: Bench):
    """client shows the certificate of -cert-file, or none"""
    context = bench.server_context()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(bench.certificates.other[0])
    shim = bench.client(*bench.credential("other"))
    peer = bench.serve(shim, context)
    peer.check_echo()
    expect(peer.tls.getpeercert() != {}, "certificate")
    peer.close()
    expect_status(shim, PASSED)
    shim = bench.client()
    peer = Peer(shim.accept(), context, server=True)
    with contextlib.suppress(ssl.SSLError):
        peer.handshake()
    peer.close()
    expect_status(shim, FAILED, ":alert_received:certificate_required:")


@case
def verify_fail(bench: Bench):
    """client with -verify-fail refuses any certificate"""
    shim = bench.client("-verify-fail")
    peer = Peer(shim.accept(), bench.server_context(), server=True)
    expect_refusal(shim, peer, "wrong_pin", "certificate_unknown")


@case
def retry(bench: Bench):
    """-curves without the runner's first share makes a HelloRetryRequest; -expect-hrr and its opposite see it"""
    for flag, status in ("-expect-hrr", PASSED), ("-expect-no-hrr", FAILED):
        shim = bench.server("-curves", "24", "-expect-curve-id", "24", flag)
        bench.connect(shim, bench.client_context()).close()
        expect_status(shim, status)


@case
def several_credentials(bench: Bench):
    """-new-x509-credential: the server shows the one that the client can verify"""
    rsa, ecdsa = bench.credential("rsa"), bench.credential("ecdsa")
    shim = Shim(bench.program, ["-server", "-new-x509-credential", *rsa, "-new-x509-credential", *ecdsa])
    context = bench.client_context(VERSION12)
    context.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")
    peer = bench.connect(shim, context)
    peer.check_echo()
    peer.close()
    expect_status(shim, PASSED)


@case
def rsa_key_exchange(bench: Bench):
    """server speaks RSA key exchange where the client has nothing better"""
    shim = bench.server("-expect-cipher", str(0x009C), which="rsa")
    context = bench.client_context(VERSION12)
    context.set_ciphers("AES128-GCM-SHA256")
    peer = bench.connect(shim, context)
    peer.check_echo()
    peer.close()
    expect_status(shim, PASSED)


@case
def altered(bench: Bench):
    """one bit of the runner's Finished turned over: the shim names the fault, the runner hears bad_record_mac"""
    flights = []

    def alter(flight: bytes) -> bytes:
        flights.append(flight)
        return flight if len(flights) == 1 else flight[:-1] + bytes([flight[-1] ^ 1])

    shim = bench.server()
    peer = Peer(shim.accept(), bench.client_context(), server=False, alter=alter)
    expect_refusal(shim, peer, "bad_record_mac", "bad_record_mac")


@case
def other_protocols(bench: Bench):
    """bytes that are no TLS have names of their own"""
    for data, error in (b"GET / HTTP/1.0\r\n\r\n", "plain_http"), (b"hello, world", "not_tls"), (b"", "closed_in_handshake"):
        shim = bench.server()
        connection = shim.accept()
        connection.sendall(data)
        connection.close()
        expect_status(shim, FAILED, f":{error}:")
