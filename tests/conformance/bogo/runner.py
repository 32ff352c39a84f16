"""Plays the part of BoringSSL's test runner towards one shim: its socket, its id, its end of the TLS connection."""

import hashlib
import hmac
import pathlib
import socket
import ssl
import struct
import subprocess
import tempfile

SHIM_ID = 0x1122334455667788
SECONDS = 20  # until a shim that does nothing is taken for stuck


class Fault(Exception):
    """What a case did not expect."""


def expect(holds: bool, what: str) -> None:
    if not holds:
        raise Fault(what)


class Certificates:
    """Made anew for every run of the driver: `ecdsa` and `rsa` for bogo.test, and `other`, which nobody vouches for."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="handsel-bogo.")
        self.ecdsa = self.make("ecdsa", "ec", "ec_paramgen_curve:P-256")
        self.rsa = self.make("rsa", "rsa", "rsa_keygen_bits:2048")
        self.other = self.make("other", "ec", "ec_paramgen_curve:P-256")

    def make(self, name: str, algorithm: str, option: str) -> tuple[str, str]:
        """The paths of a self-signed certificate and of its key."""
        certificate, key = (str(pathlib.Path(self.folder.name) / (name + end)) for end in (".pem", ".key"))
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", algorithm, "-pkeyopt", option, "-nodes", "-days", "30",
             "-subj", "/CN=bogo.test", "-addext", "subjectAltName=DNS:bogo.test",
             "-addext", "keyUsage=critical,digitalSignature,keyEncipherment,keyCertSign",
             "-keyout", key, "-out", certificate],
            check=True, capture_output=True)
        return certificate, key


class Shim:
    """One run of the shim. `flags` are what the runner would give it besides port and id."""

    def __init__(self, program: str, flags: list[str], ipv6: bool = False):
        family, address = (socket.AF_INET6, "::1") if ipv6 else (socket.AF_INET, "127.0.0.1")
        self.listener = socket.create_server((address, 0), family=family)
        self.listener.settimeout(SECONDS)
        command = [program, "-port", str(self.listener.getsockname()[1]), "-shim-id", str(SHIM_ID)]
        command += ["-ipv6"] if ipv6 else []
        self.process = subprocess.Popen([*command, *flags], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def accept(self) -> socket.socket:
        """The shim's next connection, its id taken off and compared."""
        connection, _ = self.listener.accept()
        connection.settimeout(SECONDS)
        shim_id = connection.recv(8, socket.MSG_WAITALL)
        expect(shim_id == SHIM_ID.to_bytes(8, "little"), f"shim id {shim_id.hex()}")
        return connection

    def end(self) -> tuple[int, str, str]:
        """Exit status, standard output and what went to standard error before the mark that ends it."""
        try:
            output, errors = self.process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            output, errors = self.process.communicate()
        self.listener.close()
        errors, mark, rest = errors.partition("--- DONE ---\n")
        expect(mark != "" and rest == "", f"standard error ends with {rest or errors!r}")
        return self.process.returncode, output, errors


class Peer:
    """The runner's end of one connection: libssl over memory, so that records can be seen and changed on their way."""

    def __init__(self, connection: socket.socket, context: ssl.SSLContext, *, server: bool, name: str | None = None,
                 session: ssl.SSLSession | None = None, alter=None):
        self.connection = connection
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=server, server_hostname=name,
                                    session=session)
        self.alter = alter or (lambda flight: flight)
        self.received = b""  # all of it, as on the wire

    def step(self, action):
        """Does it, and carries bytes until it is done."""
        while True:
            try:
                return action()
            except ssl.SSLWantReadError:
                self.flush()
                data = self.connection.recv(65_536)
                self.received += data
                self.incoming.write(data) if data else self.incoming.write_eof()
            finally:
                self.flush()

    def flush(self) -> None:
        flight = self.outgoing.read()
        if flight:
            self.connection.sendall(self.alter(flight))

    def handshake(self) -> "Peer":
        self.step(self.tls.do_handshake)
        return self

    def write(self, data: bytes) -> None:
        self.step(lambda: self.tls.write(data))

    def read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = self.step(lambda: self.tls.read(count - len(data)))
            if not piece:  # close_notify: reading again would say the same for ever
                raise ConnectionAbortedError(f"closed after {len(data)} bytes of {count}")
            data += piece
        return data

    def check_echo(self, data: bytes = b"abcdefgh") -> None:
        self.write(data)
        turned = bytes(byte ^ 0xFF for byte in data)
        echoed = self.read(len(data))
        expect(echoed == turned, f"{data.hex()} comes back as {echoed.hex()}")

    def say_goodbye(self) -> None:
        """Sends close_notify, without waiting for the shim's."""
        try:
            self.tls.unwrap()
        except ssl.SSLError:
            pass
        self.flush()

    def await_close_notify(self) -> None:
        try:
            data = self.step(lambda: self.tls.read(1))
        except ssl.SSLZeroReturnError:
            data = b""
        expect(data == b"", f"{data!r} instead of close_notify")

    def records(self) -> list[tuple[int, int]]:
        """Content type and length of each record that has come."""
        found, rest = [], self.received
        while rest:
            length = int.from_bytes(rest[3:5], "big")
            found.append((rest[0], length))
            rest = rest[5 + length :]
        return found

    def close(self) -> None:
        self.connection.close()


def exported(lines: str, hash_name: str, server_random: bytes, label: str, context: bytes | None, count: int) -> bytes:
    """Keying material out of a key log (one connection's, as libssl writes it): RFC 8446 7.5, RFC 5705."""
    secrets = {line.split()[0]: line.split()[1:] for line in lines.splitlines() if not line.startswith("#")}

    def mac(key: bytes, data: bytes) -> bytes:
        return hmac.digest(key, data, hash_name)

    def expand_label(secret: bytes, name: str, value: bytes, size: int) -> bytes:
        full = b"tls13 " + name.encode()
        info = struct.pack(">HB", size, len(full)) + full + bytes([len(value)]) + value
        block, out = b"", b""
        while len(out) < size:
            block = mac(secret, block + info + bytes([len(out) // hashlib.new(hash_name).digest_size + 1]))
            out += block
        return out[:size]

    if "EXPORTER_SECRET" in secrets:
        secret = bytes.fromhex(secrets["EXPORTER_SECRET"][1])
        derived = expand_label(secret, label, hashlib.new(hash_name).digest(), len(secret))
        return expand_label(derived, "exporter", hashlib.new(hash_name, context or b"").digest(), count)
    client_random, master = (bytes.fromhex(text) for text in secrets["CLIENT_RANDOM"])
    seed = label.encode() + client_random + server_random
    seed += b"" if context is None else struct.pack(">H", len(context)) + context
    chain, out = seed, b""
    while len(out) < count:
        chain = mac(master, chain)
        out += mac(master, chain + seed)
    return out[:count]
