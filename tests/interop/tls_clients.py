"""Other people's TLS clients, each told the same things in its own language: one class a library.

`takes_groups`: it can be given several in order. `tells_alpn`: it says which protocol was agreed on. `resumes`: in these
versions it takes up sessions, with us."""

import dataclasses
import hashlib
import json
import pathlib
import ssl
import subprocess
import warnings

import body
import certificates
import clients
import context
import tls_servers

TIMEOUT_SECONDS = 20


@dataclasses.dataclass(frozen=True)
class Wish:
    """What a client is to do: GET the file over connections that verify chain and name, one after the other."""

    port: int = context.HTTPS_12
    version: str = "1.3"  # "1.1", "1.2" or "1.3", and no other
    groups: tuple[str, ...] = ()  # most wanted first; the first one gets the key share; empty: the client's own
    alpn: tuple[str, ...] = ()
    own: str = ""  # the kind of certificate to show
    times: int = 1  # connections that share a session cache
    byte_count: int = 20_000

    @property
    def path(self) -> str:
        return f"/bytes/{self.byte_count}"

    @property
    def request(self) -> str:
        return f"GET {self.path} HTTP/1.1\r\nHost: {context.NAME}\r\nConnection: close\r\n\r\n"

    @property
    def wanted(self) -> bytes:
        return body.expected(self.byte_count)


@dataclasses.dataclass
class Outcome:
    good: bool  # every connection brought the whole file
    said: str = ""
    alpn: str = ""


def run(command: list[str], given: str | bytes = "") -> subprocess.CompletedProcess:
    return subprocess.run(command, input=given.encode() if isinstance(given, str) else given, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=TIMEOUT_SECONDS, check=False)


def line_after(said: str, marker: str) -> str:
    return said.split(marker, 1)[1].splitlines()[0].strip() if marker in said else ""


class Openssl:
    name = "openssl s_client"
    groups = {"x25519": "X25519", "P-256": "P-256", "P-384": "P-384", "P-521": "P-521"}
    takes_groups, tells_alpn, resumes = True, True, ("1.3", "1.2")

    def fetch(self, wish: Wish) -> Outcome:
        session = context.work / "s_client.session"
        session.unlink(missing_ok=True)
        command = ["openssl", "s_client", "-connect", f"{context.V4}:{wish.port}", "-servername", context.NAME, "-CAfile",
                   str(certificates.root()), "-verify_return_error", "-verify_hostname", context.NAME, "-ign_eof",
                   f"-tls1_{wish.version[-1]}", "-sess_out", str(session)]
        if wish.version == "1.1":
            command += ["-cipher", "ALL:@SECLEVEL=0"]
        if wish.groups:
            command += ["-groups", ":".join(self.groups[group] for group in wish.groups)]
        if wish.alpn:
            command += ["-alpn", ",".join(wish.alpn)]
        if wish.own:
            chain, key = context.chains[wish.own]
            command += ["-cert", str(chain), "-cert_chain", str(chain), "-key", str(key)]
        outcome = Outcome(True)
        for number in range(wish.times):
            done = run(command + (["-sess_in", str(session)] if number else []), wish.request)
            said = done.stdout.decode(errors="replace")
            outcome.said += said
            outcome.alpn = line_after(said, "ALPN protocol:")
            outcome.good &= done.returncode == 0 and wish.wanted in done.stdout
        return outcome


class Curl:
    """Its sessions are kept within one process alone, for connections of their own."""

    name = "curl"
    groups = Openssl.groups
    takes_groups, tells_alpn, resumes = True, True, ("1.3", "1.2")  # in 1.2 by session id: it wants no ticket

    def fetch(self, wish: Wish) -> Outcome:
        command = ["curl", "-sSv", "--max-time", str(TIMEOUT_SECONDS), "--cacert", str(certificates.root()), "--resolve",
                   f"{context.NAME}:{wish.port}:{context.V4}", f"--tlsv{wish.version}", "--tls-max", wish.version, "-H",
                   "Connection: close"]
        if wish.version == "1.1":
            command += ["--ciphers", "DEFAULT@SECLEVEL=0"]
        if wish.groups:
            command += ["--curves", ":".join(self.groups[group] for group in wish.groups)]
        if wish.own:
            chain, key = context.chains[wish.own]
            command += ["--cert", str(chain), "--key", str(key)]
        file = context.work / "curl.body"
        file.unlink(missing_ok=True)
        for _ in range(wish.times):
            command += ["-o", str(file), f"https://{context.NAME}:{wish.port}{wish.path}"]
        done = run(command)
        said = done.stdout.decode(errors="replace")
        good = done.returncode == 0 and file.read_bytes() == wish.wanted
        return Outcome(good, said, line_after(said, "ALPN: server accepted "))


class Gnutls:
    name = "gnutls-cli"
    groups = {"x25519": "X25519", "P-256": "SECP256R1", "P-384": "SECP384R1", "P-521": "SECP521R1"}
    takes_groups, tells_alpn, resumes = True, True, ("1.3", "1.2")

    def fetch(self, wish: Wish) -> Outcome:
        priority = f"NORMAL:-VERS-ALL:+VERS-TLS{wish.version}"
        if wish.groups:
            priority += ":-GROUP-ALL" + "".join(f":+GROUP-{self.groups[group]}" for group in wish.groups)
        command = ["gnutls-cli", "--port", str(wish.port), "--x509cafile", str(certificates.root()), "--sni-hostname",
                   context.NAME, "--verify-hostname", context.NAME, "--priority", priority, "--single-key-share"]
        for protocol in wish.alpn:
            command += ["--alpn", protocol]
        if wish.own:
            chain, key = context.chains[wish.own]
            command += ["--x509certfile", str(chain), "--x509keyfile", str(key)]
        if wish.times > 1:
            command += ["--resume", "--waitresumption"]  # the first connection says nothing
        done = run(command + [context.V4], wish.request)
        said = done.stdout.decode(errors="replace")
        return Outcome(done.returncode == 0 and wish.wanted in done.stdout, said, line_after(said, "- Application protocol:"))


class Nss:
    name = "nss tstclnt"
    groups = {"x25519": "x25519", "P-256": "P256", "P-384": "P384", "P-521": "P521"}
    takes_groups, tells_alpn, resumes = True, False, ("1.3", "1.2")

    def __init__(self):
        for kind in ("", "client", "stranger"):  # a database each: it shows a certificate that nobody told it to
            folder = self.database(kind)
            folder.mkdir(parents=True, exist_ok=True)
            self.tool("certutil", kind, "-N", "--empty-password")
            self.tool("certutil", kind, "-A", "-n", "root", "-t", "C,,", "-i", str(certificates.root()))
            if kind:
                chain, key = context.chains[kind]
                certificates.openssl(folder, "pkcs12", "-export", "-in", str(chain), "-inkey", str(key), "-name", kind, "-passout",
                                     "pass:", "-out", "own.p12")
                self.tool("pk12util", kind, "-i", str(folder / "own.p12"), "-W", "")

    def database(self, own: str) -> pathlib.Path:
        return context.work / "nss" / (own or "none")

    def tool(self, program: str, kind: str, *arguments: str) -> None:
        done = run([program, "-d", f"sql:{self.database(kind)}", *arguments])
        if done.returncode != 0:
            raise AssertionError(f"{program}: {done.stdout.decode(errors='replace')}")

    def fetch(self, wish: Wish) -> Outcome:
        request = self.database(wish.own) / "request"
        request.write_bytes(wish.request.encode())
        version = f"tls{wish.version}"
        command = ["tstclnt", "-h", context.V4, "-p", str(wish.port), "-a", context.NAME, "-d",
                   f"sql:{self.database(wish.own)}", "-V", f"{version}:{version}", "-A", str(request), "-u", "-G"]
        if wish.groups:
            command += ["-I", ",".join(self.groups[group] for group in wish.groups)]
        if wish.own:
            command += ["-n", wish.own]
        if wish.times > 1:
            command += ["-L", str(wish.times)]
        done = run(command)
        return Outcome(done.returncode == 0 and done.stdout.count(wish.wanted) == wish.times, done.stdout.decode(errors="replace"))


class Told:
    """A program of ours around a library, told in JSON: peer.go and client.js."""

    groups = {"x25519": "x25519", "P-256": "P-256", "P-384": "P-384", "P-521": "P-521"}
    takes_groups, tells_alpn, resumes = True, True, ("1.3", "1.2")

    def command(self) -> list[str]:
        raise NotImplementedError

    def fetch(self, wish: Wish) -> Outcome:
        chain, key = context.chains[wish.own] if wish.own else ("", "")
        settings = {"Address": f"{context.V4}:{wish.port}", "Name": context.NAME, "Versions": [wish.version] * 2,
                    "Groups": [self.groups[group] for group in wish.groups], "Alpn": list(wish.alpn), "CA": str(certificates.root()),
                    "Cert": str(chain), "Key": str(key), "Path": wish.path, "Times": wish.times}
        done = run(self.command(), json.dumps(settings))
        if done.returncode != 0:
            raise AssertionError(f"{self.name}: {done.stdout.decode(errors='replace')}")
        results = json.loads(done.stdout)
        digest = hashlib.sha256(wish.wanted).hexdigest()
        good = len(results) == wish.times and all(
            not each["error"] and each["digest"] == digest and each["version"] == wish.version for each in results)
        return Outcome(good, done.stdout.decode(), results[-1]["alpn"])


class Go(Told):
    name = "Go crypto/tls"
    resumes = ("1.3",)  # before Go 1.21 it has no extended master secret, without which we give no ticket in 1.2

    def command(self) -> list[str]:
        return [str(tls_servers.go_peer()), "client"]


class Node(Told):
    name = "node tls"

    def command(self) -> list[str]:
        return ["node", str(pathlib.Path(__file__).with_name("client.js"))]


class Python:
    name = "Python ssl"
    groups = {"P-256": "prime256v1", "P-384": "secp384r1"}
    takes_groups, tells_alpn, resumes = False, True, ("1.3", "1.2")

    def fetch(self, wish: Wish) -> Outcome:
        made = ssl.create_default_context(cafile=str(certificates.root()))
        version = {"1.1": ssl.TLSVersion.TLSv1_1, "1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}[wish.version]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old versions
            made.minimum_version = made.maximum_version = version
        if wish.version == "1.1":
            made.set_ciphers("DEFAULT@SECLEVEL=0")
        if wish.groups and wish.groups[0] != "x25519":  # its own choice; it can be told no name but a curve's
            made.set_ecdh_curve(self.groups[wish.groups[0]])
        if wish.alpn:
            made.set_alpn_protocols(list(wish.alpn))
        if wish.own:
            made.load_cert_chain(*context.chains[wish.own])
        outcome, session = Outcome(True), None
        try:
            for _ in range(wish.times):
                with clients.connect(wish.port) as raw, made.wrap_socket(
                        raw, server_hostname=context.NAME, session=session, suppress_ragged_eofs=False) as secured:
                    secured.sendall(wish.request.encode())
                    answer = clients.read_all(secured)
                    session = secured.session
                    outcome.alpn = secured.selected_alpn_protocol() or ""
                    outcome.good &= answer.endswith(wish.wanted)
        except OSError as error:
            return Outcome(False, str(error))
        return outcome


def all_of_them() -> list:
    return [Openssl(), Curl(), Gnutls(), Nss(), Go(), Node(), Python()]
