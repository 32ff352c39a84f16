"""Clients: curl, openssl s_client, and a TLS client over a plain socket whose bytes the test can handle itself."""

import dataclasses
import selectors
import socket
import ssl
import subprocess
import time

import context

TIMEOUT_SECONDS = 60


def url(scheme: str, host: str, port: int, path: str) -> str:
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}{path}"


def start_curl(*arguments: str, **options) -> subprocess.Popen:
    return subprocess.Popen(["curl", "-sSk", "--max-time", str(TIMEOUT_SECONDS), *arguments],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


def curl(*arguments: str) -> bytes:
    """What it printed. A failure of curl's is an error with its message."""
    process = start_curl(*arguments)
    output, errors = process.communicate()
    if process.returncode != 0:
        raise AssertionError(f"curl ended with {process.returncode}: {errors.decode()}")
    return output


@dataclasses.dataclass
class Handshake:
    """What openssl s_client reports."""

    status: int
    text: str

    def field(self, name: str) -> str:
        """The rest of the line that begins with `name`."""
        for line in self.text.splitlines():
            if line.startswith(name):
                return line[len(name):].strip()
        return ""

    @property
    def cipher(self) -> str:
        line = self.field("New, ")
        return line.split("Cipher is ")[1] if "Cipher is " in line else ""

    @property
    def version(self) -> str:
        return self.field("New, ").split(",")[0]

    @property
    def alert(self) -> int:
        """The number of the fatal alert that came; -1 for none."""
        marker = "SSL alert number "
        return int(self.text.split(marker)[1].split()[0]) if marker in self.text else -1


def s_client(*arguments: str, host: str = context.V4, port: int = context.HTTPS, name: str = context.NAME,
             send: bytes = b"") -> Handshake:
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    run = subprocess.run(["openssl", "s_client", "-connect", target, "-servername", name, *arguments],
                         input=send, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT_SECONDS, check=False)
    return Handshake(run.returncode, run.stdout.decode(errors="replace"))


def s_client_typing(*lines: bytes, port: int = context.HTTPS, options: tuple[str, ...] = ()) -> Handshake:
    """Types the lines one after the other, as a person would, and waits until the server closes."""
    process = subprocess.Popen(["openssl", "s_client", "-connect", f"{context.V4}:{port}", "-crlf", *options],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    time.sleep(0.5)
    for line in lines:
        process.stdin.write(line)
        process.stdin.flush()
        time.sleep(0.3)
    output, _ = process.communicate(timeout=TIMEOUT_SECONDS)
    return Handshake(process.returncode, output.decode(errors="replace"))


def connect(port: int, host: str = context.V4, timeout: float = 20) -> socket.socket:
    return socket.create_connection((host, port), timeout)


def read_all(sock: socket.socket) -> bytes:
    """Until the peer closes; a reset ends it too."""
    pieces = []
    try:
        while piece := sock.recv(65536):
            pieces.append(piece)
    except ConnectionResetError:
        pass
    return b"".join(pieces)


def tls_context(**options) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    for name, value in options.items():
        setattr(made, name, value)
    return made


def tls_connect(port: int = context.HTTPS, host: str = context.V4, **options) -> ssl.SSLSocket:
    sock = connect(port, host)
    try:
        return tls_context(**options).wrap_socket(sock, server_hostname=context.NAME)
    except BaseException:
        sock.close()
        raise


class TlsPump:
    """A TLS client whose records the caller carries: for odd fragmenting, and for sending while receiving."""

    def __init__(self, sock: socket.socket, cut=None):
        self.sock = sock
        self.incoming = ssl.MemoryBIO()
        self.outgoing = ssl.MemoryBIO()
        self.tls = tls_context().wrap_bio(self.incoming, self.outgoing, server_hostname=context.NAME)
        self.cut = cut or (lambda records: [records])  # how bytes for the wire are split into writes

    def flush(self) -> None:
        for piece in self.cut(self.outgoing.read()):
            self.sock.sendall(piece)

    def handshake(self) -> None:
        while True:
            try:
                self.tls.do_handshake()
                self.flush()
                return
            except ssl.SSLWantReadError:
                self.flush()
                if not self.fill():
                    raise AssertionError("closed in the handshake") from None

    def fill(self) -> int:
        piece = self.sock.recv(65536)
        if piece:
            self.incoming.write(piece)
        else:
            self.incoming.write_eof()
        return len(piece)

    def read_available(self) -> bytes:
        pieces = []
        try:
            while piece := self.tls.read(65536):
                pieces.append(piece)
        except ssl.SSLWantReadError:
            pass
        return b"".join(pieces)

    def exchange(self, pieces, expected: int) -> bytes:
        """Sends the pieces while it receives, until `expected` bytes have come."""
        return exchange(self.sock, _records_of(self, pieces), expected, self._decrypt)

    def _decrypt(self, received: bytes) -> bytes:
        self.incoming.write(received)
        return self.read_available()


def _records_of(pump: TlsPump, pieces):
    for piece in pieces:
        pump.tls.write(piece)
        yield from pump.cut(pump.outgoing.read())


def exchange(sock: socket.socket, writes, expected: int, decode=lambda received: received) -> bytes:
    """Writes and reads at once, so that neither side's window can stop both for good."""
    sock.setblocking(False)
    received = bytearray()
    writes = iter(writes)
    pending = memoryview(b"")
    sending = True
    deadline = time.monotonic() + TIMEOUT_SECONDS
    with selectors.DefaultSelector() as selector:
        selector.register(sock, selectors.EVENT_READ | selectors.EVENT_WRITE)
        while len(received) < expected:
            if time.monotonic() > deadline:
                raise AssertionError(f"{len(received)} of {expected} bytes came in {TIMEOUT_SECONDS} s")
            wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if sending else 0)
            selector.modify(sock, wanted)
            for _, events in selector.select(1.0):
                if events & selectors.EVENT_READ:
                    piece = sock.recv(65536)
                    if not piece:
                        raise AssertionError(f"the peer closed after {len(received)} of {expected} bytes")
                    received += decode(piece)
                if events & selectors.EVENT_WRITE and sending:
                    if not pending:
                        pending = memoryview(next(writes, b""))
                        sending = len(pending) > 0
                    if pending:
                        pending = pending[sock.send(pending):]
    sock.settimeout(20)
    return bytes(received)
