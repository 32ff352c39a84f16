"""The servers that scripts/bench sets side by side, each on one core: what they have done, and what it has cost them."""

import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import time
import urllib.request

SERVER_CORE, LOAD_CORE = 1, 0
HTTPS, HTTP, STATUS = 443, 80, 8081
BODY_BYTES = 10
READY_SECONDS = 30
STOP_SECONDS = 10


class BenchError(Exception):
    pass


class Reading:
    """Of a server's own counters. Seconds: of processor time."""

    def __init__(self, handshakes: int, connections: int, cpu_seconds: float):
        self.handshakes = handshakes
        self.connections = connections
        self.cpu_seconds = cpu_seconds


class Process:
    """Ended by stop(), in whichever way."""

    def __init__(self, command: list, log: pathlib.Path, core: int | None = None):
        pin = (lambda: os.sched_setaffinity(0, {core})) if core is not None else None
        self.log = log
        with log.open("wb") as out:
            self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=out, preexec_fn=pin)

    def wait_until(self, ready) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise BenchError(f"{self.log.stem} does not serve:\n{self.log.read_text(errors='replace')}")
            time.sleep(0.05)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Handseld:
    """On net_memif: shared memory with handsel-load, no kernel between them. Idle polls do not count as its time."""

    name = "handsel"
    address = "10.78.0.1"

    def __init__(self, build: pathlib.Path, folder: pathlib.Path, cookies: str = "adaptive"):
        self.build = build
        self.folder = folder / f"handseld-{cookies}"
        self.folder.mkdir()
        link = self.folder / "memif.sock"
        self.device = f"net_memif0,role=client,socket={link},socket-abstract=no"
        self.clients = 0
        config = self.folder / "handsel.toml"
        config.write_text(f"""
[engine]
name = "bench"
runtime_dir = "{self.folder}"
workers = [{SERVER_CORE}]
[[port]]
device = "net_memif0,role=server,socket={link},socket-abstract=no"
addresses = ["{self.address}/16"]
[[listener]]
port = {HTTPS}
tls = "bench"
[[listener]]
port = {HTTP}
[tls.bench]
certificates = [{{ chain = "{folder / 'chain.pem'}", key = "{folder / 'key.pem'}" }}]
min_version = "1.2"
[limits]
syn_cookies = "{cookies}"
drain_timeout = "1s"
""")
        self.process = Process([build / "apps/handseld", config], self.folder / "handseld.log")
        self.process.wait_until(lambda: self.ask("ready") is not None)

    @property
    def load_options(self) -> list[str]:
        """Each run comes from another address: to the server the ports of the one before are in TIME-WAIT, and a client that
        has just been started knows nothing of the sequence numbers that it used."""
        self.clients += 1
        return ["--device", self.device, "--address", f"10.78.{self.clients // 250 + 1}.{self.clients % 250 + 1}/16"]

    def ask(self, *words: str) -> str | None:
        run = subprocess.run([self.build / "apps/handsel", "--runtime-dir", self.folder, "--name", "bench", *words],
                             stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, check=False)
        return run.stdout if run.returncode == 0 else None

    def stats(self) -> dict:
        answer = self.ask("stats", "--json")
        if answer is None:
            raise BenchError(f"handseld does not answer:\n{self.process.log.read_text(errors='replace')}")
        return json.loads(answer)

    def read(self) -> Reading:
        stats = self.stats()
        groups = stats["groups"]
        # Banks are filled in passes that count as idle: what was taken from them has its price all the same.
        banks = [group for name, group in groups.items() if name.startswith("bank_") and group["filled"]]
        banked = sum(bank["taken"] * bank["cycles"] / bank["filled"] for bank in banks)
        return Reading(groups["tls"]["handshakes_completed"], groups["tcp"]["connections_opened"],
                       (groups["workers"]["busy_cycles"] + banked) / stats["tsc_hz"])

    def url(self, scheme: str) -> str:
        return f"{scheme}://{self.address}/bytes/{BODY_BYTES}"

    @contextlib.contextmanager
    def paused(self):
        """It polls whether there is anything to do or not, and would take half of its core from whom else runs there."""
        self.process.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        self.process.stop()


class OnKernel:
    """One process with OpenSSL, on the kernel's TCP, over the tap that handsel-load makes. What the kernel does for it in
    its own system calls counts; what it does while handsel-load writes to the tap does not."""

    address = "10.77.1.1"
    load_options: list[str] = []
    ports = {"https": HTTPS, "http": HTTP}

    def url(self, scheme: str) -> str:
        return f"{scheme}://{self.address}:{self.ports[scheme]}/bytes/{BODY_BYTES}"

    def serves(self) -> bool:
        try:
            self.read()
        except OSError:
            return False
        return True

    def cpu_seconds(self) -> float:
        fields = pathlib.Path(f"/proc/{self.process.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # utime and stime

    def stop(self) -> None:
        self.process.stop()


class Nginx(OnKernel):
    name = "nginx"

    def __init__(self, folder: pathlib.Path):
        self.folder = folder / "nginx"
        self.folder.mkdir()
        file = self.folder / "nginx.conf"
        temporary = "".join(f"{what}_temp_path {self.folder}/{what};"
                            for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        file.write_text(f"""daemon off; master_process off; pid {self.folder}/pid; error_log stderr crit;
worker_rlimit_nofile 65536;
events {{ worker_connections 16384; multi_accept on; }}
http {{
access_log off; default_type text/plain; {temporary} reset_timedout_connection on;
ssl_certificate {folder}/chain.pem; ssl_certificate_key {folder}/key.pem; ssl_protocols TLSv1.2 TLSv1.3;
server {{ listen {HTTPS} ssl backlog=8192; listen {HTTP} backlog=8192; location / {{ return 200 "{"x" * BODY_BYTES}"; }} }}
server {{ listen 127.0.0.1:{STATUS}; location / {{ stub_status; }} }}
}}
""")
        self.asked = 0
        self.process = Process(["nginx", "-p", self.folder, "-c", file, "-e", "stderr"], self.folder / "nginx.log",
                               SERVER_CORE)
        self.process.wait_until(self.serves)

    def read(self) -> Reading:
        """A connection that was handled has shaken hands, or the generator knows of its failure."""
        with urllib.request.urlopen(f"http://127.0.0.1:{STATUS}/", timeout=10) as answer:
            handled = int(answer.read().split(b"\n")[2].split()[1])
        self.asked += 1
        return Reading(handled - self.asked, handled - self.asked, self.cpu_seconds())


class Haproxy(OnKernel):
    name = "haproxy"
    ports = {"https": 8443, "http": 8080}

    def __init__(self, folder: pathlib.Path):
        self.folder = folder / "haproxy"
        self.folder.mkdir()
        self.control = self.folder / "control.sock"
        both = self.folder / "both.pem"
        both.write_text((folder / "chain.pem").read_text() + (folder / "key.pem").read_text())
        file = self.folder / "haproxy.cfg"
        file.write_text(f"""
global
    nbthread 1
    maxconn 8000
    stats socket {self.control} mode 600
defaults
    mode http
    timeout client 10s
    timeout connect 5s
    timeout server 10s
frontend bench
    bind :{self.ports["https"]} ssl crt {both} ssl-min-ver TLSv1.2 backlog 8192
    bind :{self.ports["http"]} backlog 8192
    http-request return status 200 content-type text/plain string {"x" * BODY_BYTES}
""")
        self.asked = 0
        self.process = Process(["haproxy", "-db", "-f", file], self.folder / "haproxy.log", SERVER_CORE)
        self.process.wait_until(self.serves)

    def read(self) -> Reading:
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(self.control))
            control.sendall(b"show info\n")
            answer = b"".join(iter(lambda: control.recv(65536), b"")).decode()
        info = dict(line.split(": ", 1) for line in answer.splitlines() if ": " in line)
        # A question over the control socket is a connection too.
        self.asked += 1
        return Reading(int(info["CumSslConns"]), int(info["CumConns"]) - self.asked, self.cpu_seconds())
