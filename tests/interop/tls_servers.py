"""Other people's TLS servers on the kernel's TCP, for our client: OpenSSL's s_server, nginx, gnutls-serv, and Go's."""

import json
import pathlib
import subprocess
import time

import body
import certificates
import context

READY_SECONDS = 20
STOP_SECONDS = 5
BYTES = 200_000  # of the file /bytes/200000 that most of them serve


def documents() -> pathlib.Path:
    """A folder with the file of the pattern."""
    folder = context.work / "documents"
    if not folder.exists():
        (folder / "bytes").mkdir(parents=True)
        (folder / "bytes" / str(BYTES)).write_bytes(body.expected(BYTES))
    return folder


class Server:
    """A process that listens on `ports` from when this is made until stop()."""

    def __init__(self, name: str, command: list[str], *ports: int, stdin: bytes | None = None,
                 folder: pathlib.Path | None = None):
        self.log = context.work / f"{name}-{ports[0]}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=folder)
        if stdin is not None:
            self.process.stdin.write(stdin)
            self.process.stdin.close()
        deadline = time.monotonic() + READY_SECONDS
        while not all(map(listens, ports)):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise AssertionError(f"{name} does not listen: {self.log.read_text(errors='replace')}")
            time.sleep(0.02)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdin:
            self.process.stdin.close()


def listens(port: int) -> bool:
    """By the kernel's table: a connection to find out would take a turn of a server that serves one at a time."""
    wanted = f":{port:04X}"
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in pathlib.Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[1].endswith(wanted) and fields[3] == "0A":
                return True
    return False


def openssl(port: int, *options: str, kind: str = "ecdsa") -> Server:
    """Serves files, one connection after the other."""
    chain, key = context.chains[kind]
    return Server("s_server", ["openssl", "s_server", "-accept", f"*:{port}", "-cert", str(chain), "-cert_chain", str(chain),
                               "-key", str(key), "-WWW", *options], port, folder=documents())


def gnutls(port: int, priority: str = "NORMAL", *options: str) -> Server:
    """Answers each request with a page about the session."""
    chain, key = context.chains["ecdsa"]
    return Server("gnutls-serv", ["gnutls-serv", "--http", "--port", str(port), "--x509certfile", str(chain), "--x509keyfile",
                                  str(key), "--priority", priority, *options], port)


def go_peer() -> pathlib.Path:
    """The program of peer.go."""
    program = context.work / "peer"
    if not program.exists():
        source = pathlib.Path(__file__).with_name("peer.go")
        subprocess.run(["gccgo-12", "-O1", "-o", program, source], stdin=subprocess.DEVNULL, check=True)
    return program


def go(port: int, **changes) -> Server:
    chain, key = context.chains["rsa"]
    settings = {"Address": f":{port}", "Cert": str(chain), "Key": str(key), "Path": str(documents()), **changes}
    return Server("go", [str(go_peer()), "serve"], port, stdin=json.dumps(settings).encode())


def nginx(port: int, mutual_port: int) -> Server:
    """Both kinds of certificate; on the second port clients show one of theirs."""
    sections = ""
    for listen, extra in ((port, ""), (mutual_port, f"ssl_client_certificate {certificates.root()}; ssl_verify_depth 2; "
                                                    "ssl_verify_client on;")):
        pairs = "".join(f"ssl_certificate {context.chains[kind][0]}; ssl_certificate_key {context.chains[kind][1]}; "
                        for kind in ("ecdsa", "rsa"))
        sections += f"server {{ listen {listen} ssl; listen [::]:{listen} ssl; {pairs} {extra} }}\n"
    folder = context.work / "nginx"
    folder.mkdir(exist_ok=True)
    temporary = "".join(f"{what}_temp_path {folder}/{what};" for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    file = folder / "nginx.conf"
    file.write_text(f"""daemon off; master_process off; pid {folder}/pid; error_log stderr notice;
events {{ worker_connections 256; }}
http {{
access_log off; default_type application/octet-stream; root {documents()}; ssl_protocols TLSv1.2 TLSv1.3; {temporary}
{sections}}}
""")
    return Server("nginx", ["nginx", "-p", str(folder), "-c", str(file), "-e", "stderr"], port, mutual_port)


def plain(port: int) -> Server:
    """Speaks HTTP without TLS."""
    return Server("plain", ["/usr/bin/python3", "-m", "http.server", str(port)], port, folder=documents())
