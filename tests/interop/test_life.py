"""Start and end of an engine, and how it says that it can't start. Runs last: it ends the shared engine first."""

import itertools
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time
import unittest

import clients
import context
import engine

NUMBERS = itertools.count()
EXIT_CONFIG = 2
EXIT_RIGHTS = 3
V4 = "10.78.0.2"
INTERFACE = "handsel1"

GOOD = f"""
[[port]]
device = "net_tap0,iface={INTERFACE}"
addresses = ["{V4}/24"]
kernel_addresses = ["10.78.0.1/24"]

[[listener]]
port = 80
service = "http"

[[listener]]
port = 443
tls = "made"
service = "http"

[[listener]]
port = 7
service = "echo"

[tls.made]

[limits]
drain_timeout = "1s"
"""


def setUpModule():
    context.stop_shared()


def interfaces() -> set[str]:
    return set(os.listdir("/sys/class/net"))


class Life(unittest.TestCase):
    def setUp(self):
        folder = context.work / f"life{next(NUMBERS)}"  # short: a socket's path has at most 107 bytes
        self.engine = engine.Engine(context.build, folder, GOOD, name="life")
        self.addCleanup(self.engine.stop, signal.SIGKILL)

    def assert_nothing_left(self):
        self.assertTrue(context.eventually(lambda: INTERFACE not in interfaces(), 3), "the tap is still there")
        sockets = [path for path in self.engine.runtime_dir.rglob("*") if path.is_socket()]
        self.assertEqual([path for path in sockets if "handsel/" in str(path.relative_to(self.engine.runtime_dir))], [])

    def test_kernels_may_be_chosen(self):
        self.engine.config.write_text(
            self.engine.config.read_text().replace("[engine]", '[engine]\nkernels = "libcrypto"'))
        self.engine.start()
        crypto = json.loads(self.engine.handsel("crypto", "--json").stdout)
        self.assertEqual((crypto["kernels"], crypto["forced"]), ("libcrypto", True))
        self.assertEqual({kind["kernel"] for kind in crypto["kinds"]}, {"libcrypto"})
        self.assertEqual(self.engine.stop(), 0)
        self.assertIn("public keys by libcrypto (as configured)", self.engine.log.read_text())

    def test_a_crypto_core_computes_for_the_workers(self):
        core = min(os.sched_getaffinity(0))
        self.engine.config.write_text(
            self.engine.config.read_text().replace("[engine]", f"[engine]\ncrypto = [{core}]"))
        self.engine.start()
        for _ in range(3):
            self.assertTrue(clients.curl(f"https://{V4}/").startswith(b"handsel"))
        crypto = json.loads(self.engine.handsel("crypto", "--json").stdout)
        self.assertEqual([each["core"] for each in crypto["cores"]], [core])
        handed_over = self.engine.counter(("crypto_cores", "handed_over"))
        self.assertGreaterEqual(handed_over, 9)  # a handshake has three
        done = sum(kind["operations"] for kind in crypto["kinds"]) + sum(bank["taken"] for bank in crypto["banks"])
        self.assertEqual(done, handed_over)
        self.assertIn(f"on crypto cores {core} (", self.engine.handsel("crypto").stdout)
        self.assertEqual(self.engine.stop(), 0)
        self.assert_nothing_left()

    def test_a_certificate_is_made_when_none_is_named(self):
        self.engine.start()
        self.assertTrue(clients.curl(f"https://{V4}/").startswith(b"handsel"))

    def test_a_session_outlives_the_engine_where_the_ticket_keys_are_in_a_file(self):
        request = b"GET / HTTP/1.0\r\n\r\n"
        keys = self.engine.folder / "tickets"
        keys.write_bytes(os.urandom(48))
        keys.chmod(0o600)
        self.engine.config.write_text(self.engine.config.read_text().replace(
            "[tls.made]\n", f'[tls.made]\nticket_keys = "{keys}"\n'))
        session = self.engine.folder / "session.pem"
        self.engine.start()
        first = clients.s_client("-sess_out", str(session), "-ign_eof", host=V4, send=request)
        self.assertEqual(first.version, "TLSv1.3", first.text)
        self.assertEqual(self.engine.stop(), 0)
        self.engine.start()
        second = clients.s_client("-sess_in", str(session), "-ign_eof", host=V4, send=request)
        self.assertTrue(second.field("Reused, ").startswith("TLSv1.3"), second.text)
        keys.write_bytes(os.urandom(48))
        self.engine.process.send_signal(signal.SIGHUP)
        self.assertTrue(context.eventually(lambda: self.engine.counter(("ticket_keys", "rotations")) == 1))
        third = clients.s_client("-sess_in", str(session), "-ign_eof", host=V4, send=request)
        self.assertEqual(third.version, "TLSv1.3", third.text)

    def test_sigterm_and_sigint_end_an_idle_engine_at_once_with_status_0(self):
        for how in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(how=how):
                self.engine.start()
                begun = time.monotonic()
                self.assertEqual(self.engine.stop(how), 0, self.engine.log_tail())
                self.assertLess(time.monotonic() - begun, 3)
                self.assert_nothing_left()

    def test_sigterm_with_open_connections_ends_when_the_drain_time_is_over(self):
        self.engine.start()
        open_ones = [clients.connect(7, V4) for _ in range(5)]
        for sock in open_ones:
            sock.sendall(b"x")
            self.assertEqual(sock.recv(10), b"x")
        begun = time.monotonic()
        self.assertEqual(self.engine.stop(), 0, self.engine.log_tail())
        self.assertLess(time.monotonic() - begun, 5)
        for sock in open_ones:
            sock.close()
        self.assert_nothing_left()

    def test_a_new_engine_starts_where_another_was_killed(self):
        self.engine.start()
        self.engine.stop(signal.SIGKILL)
        self.engine.start()
        self.assertTrue(clients.curl(f"http://{V4}/").startswith(b"handsel"))
        self.assertEqual(self.engine.stop(), 0)

    def test_a_second_engine_of_the_same_name_is_refused_and_the_first_goes_on(self):
        self.engine.start()
        run = subprocess.run([context.build / "apps" / "handseld", self.engine.config], capture_output=True, text=True,
                             timeout=60, stdin=subprocess.DEVNULL, check=False)
        self.assertNotEqual(run.returncode, 0)
        self.assertTrue(clients.curl(f"http://{V4}/").startswith(b"handsel"))

    def test_handsel_without_an_engine_names_the_socket_that_it_tried(self):
        answer = self.engine.handsel("stats")
        self.assertNotEqual(answer.returncode, 0)
        self.assertIn(str(self.engine.runtime_dir), answer.stderr)


class BadConfigurations(unittest.TestCase):
    """Each exits 2 and says file:line:column."""

    def setUp(self):
        self.folder = context.work / self.id()
        self.folder.mkdir()
        self.file = self.folder / "bad.toml"

    def run_with(self, file: pathlib.Path) -> subprocess.CompletedProcess:
        return subprocess.run([context.build / "apps" / "handseld", file], capture_output=True, text=True, timeout=30,
                              stdin=subprocess.DEVNULL, check=False)

    def assert_fault(self, text: str, at: str, *words: str):
        self.file.write_text(text)
        run = self.run_with(self.file)
        said = run.stdout + run.stderr
        self.assertEqual(run.returncode, EXIT_CONFIG, said)
        self.assertIn(f"{self.file}:{at}:", said)
        for word in words:
            self.assertIn(word, said)

    def test_text_that_is_no_toml(self):
        self.assert_fault("[engine\nworkers = 1\n", "1:8")

    def test_an_unknown_key_with_the_nearest_known_one(self):
        self.assert_fault("[engine]\nmemory_mb = 64\n", "2:1", "memory_mb", "memory_mib")

    def test_an_unknown_section(self):
        self.assert_fault("[lisener]\nport = 1\n", "1", "lisener", "listener")

    def test_a_value_of_the_wrong_type(self):
        self.assert_fault('[[listener]]\nport = "443"\n', "2:8", "port")

    def test_a_port_out_of_range(self):
        self.assert_fault("[[listener]]\nport = 70000\n", "2:8", "70000")

    def test_an_address_that_is_none(self):
        self.assert_fault('[[port]]\ndevice = "net_tap0"\naddresses = ["10.77.0.300/24"]\n', "3:14", "10.77.0.300")

    def test_an_unknown_service(self):
        self.assert_fault('[[listener]]\nport = 80\nservice = "htpt"\n', "3:11", "htpt", "http")

    def test_a_listener_whose_tls_section_does_not_exist(self):
        self.assert_fault('[[listener]]\nport = 443\ntls = "nowhere"\n', "1", "nowhere")

    def with_certificate(self, chain: object, key: object) -> tuple[str, str]:
        """GOOD, in order but for these files, and the line in which they stand."""
        text = GOOD.replace("[tls.made]", f'[tls.made]\ncertificates = [{{ chain = "{chain}", key = "{key}" }}]')
        line = 1 + next(number for number, line in enumerate(text.splitlines()) if line.startswith("certificates"))
        return text, str(line)

    def test_a_certificate_file_that_is_not_there(self):
        text, line = self.with_certificate("gone.pem", "gone.key")
        self.assert_fault(text, line, "gone.pem")

    def test_a_key_that_does_not_fit_its_certificate(self):
        chain, key = context.chains["ecdsa"][0], context.chains["rsa"][1]
        text, line = self.with_certificate(chain, key)
        self.assert_fault(text, line, str(key))

    def test_several_faults_are_told_together(self):
        self.assert_fault('[engine]\nwrokers = 1\n[[listener]]\nport = 0\nservice = "http"\n', "2:1")
        run = self.run_with(self.file)
        self.assertIn(f"{self.file}:4:", run.stdout + run.stderr)

    def test_a_file_that_is_not_there(self):
        run = self.run_with(self.folder / "absent.toml")
        self.assertEqual(run.returncode, EXIT_CONFIG)
        self.assertIn("absent.toml", run.stdout + run.stderr)


class NoRights(unittest.TestCase):
    def test_a_user_without_rights_is_told_what_to_grant(self):
        folder = context.work / "unprivileged"
        folder.mkdir()
        program = folder / "handseld"
        shutil.copy(context.build / "apps" / "handseld", program)
        for path in (context.work, folder, program):
            path.chmod(0o755)
        run = subprocess.run([program], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, check=False,
                             user=65534, group=65534, extra_groups=[], cwd="/", env={"PATH": "/usr/bin:/bin"})
        said = run.stdout + run.stderr
        self.assertEqual(run.returncode, EXIT_RIGHTS, said)
        self.assertIn("CAP_NET_ADMIN", said)
