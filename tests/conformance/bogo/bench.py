"""What every case needs: shims of both roles, the runner's end of them, and what is expected of how they end."""

import ssl

from runner import Certificates, Peer, Shim, expect

VERSION12, VERSION13 = 0x0303, 0x0304
PASSED, FAILED, UNIMPLEMENTED = 0, 1, 89


class Bench:
    """The shim's program and certificates."""

    def __init__(self, program: str, certificates: Certificates):
        self.program = program
        self.certificates = certificates

    def credential(self, which: str = "ecdsa") -> list[str]:
        certificate, key = getattr(self.certificates, which)
        return ["-cert-file", certificate, "-key-file", key]

    def client_context(self, version: int = VERSION13) -> ssl.SSLContext:
        """For the runner's end of a server under test."""
        return self.limited(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), version)

    def server_context(self, version: int = VERSION13) -> ssl.SSLContext:
        context = self.limited(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), version)
        context.load_cert_chain(*self.certificates.ecdsa)
        return context

    @staticmethod
    def limited(context: ssl.SSLContext, version: int) -> ssl.SSLContext:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.minimum_version = context.maximum_version = ssl.TLSVersion(version)
        return context

    def server(self, *flags: str, which: str = "ecdsa", ipv6: bool = False) -> Shim:
        return Shim(self.program, ["-server", *self.credential(which), *flags], ipv6)

    def client(self, *flags: str) -> Shim:
        return Shim(self.program, list(flags))

    def connect(self, shim: Shim, context: ssl.SSLContext, name: str | None = "bogo.test", **options) -> Peer:
        """To a shim that is a server."""
        return Peer(shim.accept(), context, server=False, name=name, **options).handshake()

    def serve(self, shim: Shim, context: ssl.SSLContext, **options) -> Peer:
        return Peer(shim.accept(), context, server=True, **options).handshake()


def expect_status(shim: Shim, status: int, text: str = "") -> None:
    got, _, errors = shim.end()
    expect(got == status, f"exit status {got}, wanted {status}: {errors.strip()}")
    expect(text in errors, f"standard error says {errors.strip()!r}, wanted {text!r}")
    if status == PASSED:
        expect(errors == "", f"standard error says {errors.strip()!r}")


def expect_refusal(shim: Shim, peer: Peer, error: str, alert: str) -> None:
    """The handshake fails, the runner's end hears why, and so does whoever reads the shim's standard error."""
    try:
        peer.handshake()
        peer.read(1)
        expect(False, "the handshake went through")
    except ssl.SSLError as told:
        expect(alert in str(told).lower().replace(" ", "_"), f"the runner's end heard {told}, wanted {alert}")
    peer.close()
    expect_status(shim, FAILED, f":{error}:")
