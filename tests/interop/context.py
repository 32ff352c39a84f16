"""What the tests share: the engine that runs all the time, its addresses, ports and configuration."""

import pathlib
import time
import unittest

import engine

V4 = "10.77.0.2"
V6 = "fd77::2"
KERNEL_V4 = "10.77.0.1"
INTERFACE = "handsel0"
NAME = "example.test"  # the name in the certificates

HTTPS, HTTP, HTTPS_RSA, HTTPS_ECDSA, HTTPS_12, HTTPS_MUTUAL, ECHO, ECHO_TLS = 443, 80, 8443, 9443, 8444, 8445, 7, 7443
HTTPS_EARLY = 8446
EARLY_DATA_BYTES = 4096
HANDSHAKE_TIMEOUT_SECONDS = 3

build = pathlib.Path()
work = pathlib.Path()
chains: dict[str, tuple[pathlib.Path, pathlib.Path]] = {}
shared: engine.Engine | None = None


def shared_config() -> str:
    def certificate(kind: str) -> str:
        chain, key = chains[kind]
        return f'{{ chain = "{chain}", key = "{key}" }}'

    return f"""
[[port]]
device = "net_tap0,iface={INTERFACE}"
addresses = ["{V4}/24", "{V6}/64"]
kernel_addresses = ["{KERNEL_V4}/24", "fd77::1/64"]

[[listener]]
port = {HTTPS}
tls = "both"
service = "http"

[[listener]]
port = {HTTP}
service = "http"

[[listener]]
port = {HTTPS_RSA}
tls = "rsa"
service = "http"

[[listener]]
port = {HTTPS_ECDSA}
tls = "ecdsa"
service = "http"

[[listener]]
port = {HTTPS_12}
tls = "older"
service = "http"

[[listener]]
port = {HTTPS_MUTUAL}
tls = "mutual"
service = "http"

[[listener]]
port = {HTTPS_EARLY}
tls = "early"
service = "http"

[[listener]]
port = {ECHO}
service = "echo"

[[listener]]
port = {ECHO_TLS}
tls = "both"
service = "echo"

[tls.both]
certificates = [{certificate("ecdsa")}, {certificate("rsa")}]
alpn = ["http/1.1"]

[tls.older]
certificates = [{certificate("ecdsa")}, {certificate("rsa")}]
alpn = ["http/1.1"]
groups = ["x25519", "secp256r1", "secp384r1"]
min_version = "1.2"

[tls.mutual]
certificates = [{certificate("ecdsa")}, {certificate("rsa")}]
client_certificates = "require"
client_ca = "{work / "certificates" / "root.pem"}"
min_version = "1.2"

[tls.early]
certificates = [{certificate("ecdsa")}, {certificate("rsa")}]
early_data = {EARLY_DATA_BYTES}

[tls.rsa]
certificates = [{certificate("rsa")}]

[tls.ecdsa]
certificates = [{certificate("ecdsa")}]

[limits]
handshake_timeout = "{HANDSHAKE_TIMEOUT_SECONDS}s"
drain_timeout = "2s"
"""


def stop_shared() -> int | None:
    global shared
    if shared is None:
        return None
    running, shared = shared, None
    return running.stop()


def show_engine_log() -> None:
    """What the engine has said since it was asked last, if anything."""
    if shared is not None and (said := shared.log_tail()):
        print(said, flush=True)


def eventually(check, seconds: float = 5.0):
    """The first true answer of `check`, or its last one."""
    deadline = time.monotonic() + seconds
    while True:
        answer = check()
        if answer or time.monotonic() >= deadline:
            return answer
        time.sleep(0.05)


class EngineTest(unittest.TestCase):
    """A test against the shared engine. Afterwards the engine must still run."""

    def tearDown(self):
        self.assertIsNotNone(shared, "there is no engine")
        self.assertTrue(shared.running(), "the engine has ended")

    def counter(self, name: tuple[str, str]) -> int:
        return shared.counter(name)

    def assert_grows(self, name: tuple[str, str], before: int, by: int, seconds: float = 5.0):
        """The counter reaches before + by in time, and is exactly there."""
        eventually(lambda: self.counter(name) >= before + by, seconds)
        self.assertEqual(self.counter(name) - before, by, f"{'.'.join(name)}")
