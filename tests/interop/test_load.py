"""handsel-load, and with it our TCP as client, against Linux as server: each byte arrives, each failure has its name."""

import itertools
import json
import signal
import subprocess
import time
import unittest

import context
import linux_server

SEEDS = itertools.count(1)
V4, V6 = "10.77.1.1", "[fd77:1::1]"
ABSENT = "10.77.1.99"
BULK_BYTES = 400_000
TRADE_BYTES = 200_000
MIN_MTU_IPV6 = 1280
TCP_IP_HEADERS = {V4: 40, V6: 60}
ALL_WELL, SOME_FAILED, BAD_USAGE, NO_ENGINE = range(4)


def command(*arguments: str) -> list[str]:
    return [str(context.build / "apps" / "handsel-load"), "--runtime-dir", str(context.work / "load"), "--json", *arguments]


class Load(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        context.stop_shared()
        cls.server = linux_server.LinuxServer(TRADE_BYTES)

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def setUp(self):
        self.server.uploads.clear()
        self.server.faults.clear()

    def tearDown(self):
        self.assertEqual(self.server.faults, [])

    def load(self, *arguments: str, status: int = ALL_WELL) -> dict:
        """The report of a run that ended with `status`."""
        run = subprocess.run(command(*arguments), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                             check=False)
        self.assertEqual(run.returncode, status, f"{arguments}: {run.stderr}{run.stdout}")
        report = json.loads(run.stdout)
        connections = report["connections"]
        self.assertEqual(connections["begun"], connections["completed"] + connections["failed"] + connections["cut"])
        return report

    def fails(self, why: str, count: int, *arguments: str) -> dict:
        report = self.load(*arguments, "--total", str(count), status=SOME_FAILED)
        self.assertEqual(report["failures"], {why: count})
        return report

    # Bulk in both directions, byte by byte

    def bulk(self, mtu: int, loss: float) -> None:
        for host in [V4] if mtu < MIN_MTU_IPV6 else [V4, V6]:
            faults = f"loss={loss},duplicate={loss},reorder={loss},seed={next(SEEDS)}"
            path = ["--mtu", str(mtu), *(["--impair", faults] if loss else [])]
            segments = BULK_BYTES // (mtu - TCP_IP_HEADERS[host])
            with self.subTest(mtu=mtu, loss=loss, host=host, what="download"):
                report = self.load(f"http://{host}:{linux_server.HTTP}/bytes/{BULK_BYTES}", "--mode", "bulk", "--verify",
                                   "--total", "1", *path)
                self.assertEqual(report["bytes"]["received"], BULK_BYTES)
                self.assertGreater(report["tcp"]["segments_in"], segments)
            with self.subTest(mtu=mtu, loss=loss, host=host, what="upload"):
                self.server.uploads.clear()
                report = self.load(f"tcp://{host}:{linux_server.SINK}", "--mode", "bulk", "--upload", str(BULK_BYTES),
                                   "--total", "1", *path)
                self.assertEqual(self.server.uploads, [BULK_BYTES])
                self.assertGreater(report["tcp"]["segments_out"], segments)
                if loss >= 0.05:
                    self.assertGreater(report["tcp"]["retransmits"], 0)
            with self.subTest(mtu=mtu, loss=loss, host=host, what="echo"):
                report = self.load(f"tcp://{host}:{linux_server.ECHO}", "--mode", "echo", "--bytes", str(BULK_BYTES // 2),
                                   "--total", "2", "--connections", "2", *path)
                self.assertEqual(report["bytes"]["received"], BULK_BYTES)

    def test_mtu_576_nothing_lost(self):
        self.bulk(576, 0)

    def test_mtu_576_1_percent_lost(self):
        self.bulk(576, 0.01)

    def test_mtu_576_5_percent_lost(self):
        self.bulk(576, 0.05)

    def test_mtu_1280_nothing_lost(self):
        self.bulk(1280, 0)

    def test_mtu_1280_1_percent_lost(self):
        self.bulk(1280, 0.01)

    def test_mtu_1280_5_percent_lost(self):
        self.bulk(1280, 0.05)

    def test_mtu_1500_nothing_lost(self):
        self.bulk(1500, 0)

    def test_mtu_1500_1_percent_lost(self):
        self.bulk(1500, 0.01)

    def test_mtu_1500_5_percent_lost(self):
        self.bulk(1500, 0.05)

    # Many, and in time

    def test_200_connections_at_once(self):
        for host in (V4, V6):
            report = self.load(f"http://{host}:{linux_server.HTTP}/bytes/5000", "--connections", "200", "--total", "400",
                               "--requests", "2", "--verify")
            self.assertEqual(report["connections"]["completed"], 400)
            self.assertEqual(report["requests"]["status"], {"2xx": 800})
            self.assertEqual(report["bytes"]["received"], 800 * 5000)

    def test_200_connections_are_held(self):
        report = self.load(f"tcp://{V4}:{linux_server.MUTE}", "--mode", "idle", "--connections", "200", "--total", "200",
                           "--duration", "1")
        self.assertEqual(report["connections"]["completed"], 200)

    def test_open_loop_keeps_its_rate(self):
        report = self.load(f"http://{V4}:{linux_server.HTTP}/bytes/10", "--connections", "100", "--rate", "200",
                           "--duration", "1")
        self.assertEqual(report["connections"]["begun"] + report["connections"]["unstarted"], 200)
        self.assertAlmostEqual(report["elapsed_s"], 1.0, delta=0.5)

    def test_uploads_by_put_share_a_connection(self):
        self.load(f"http://{V4}:{linux_server.HTTP}/", "--mode", "bulk", "--upload", "50000", "--requests", "3", "--total", "1")
        self.assertEqual(self.server.uploads, [50000] * 3)

    def test_several_addresses_of_ours(self):
        report = self.load("--total", "20", "--kernel-address", "10.77.1.1/24", "--address", "10.77.1.2/24", "--address",
                           "10.77.1.3/24", f"tcp://{V4}:{linux_server.CLOSES}")
        self.assertEqual(report["connections"]["completed"], 20)

    # Who closes, and when

    def test_client_half_closes_first(self):
        report = self.load(f"tcp://{V4}:{linux_server.TRADE}", "--mode", "bulk", "--upload", "100000", "--expect",
                           str(TRADE_BYTES), "--verify", "--total", "2")
        self.assertEqual(self.server.uploads, [100000] * 2)
        self.assertEqual(report["bytes"]["received"], 2 * TRADE_BYTES)

    def test_server_half_closes_first(self):
        report = self.load(f"tcp://{V4}:{linux_server.SOURCE}", "--mode", "bulk", "--upload", "3000000", "--expect",
                           str(TRADE_BYTES), "--verify", "--total", "2")
        self.assertEqual(self.server.uploads, [3000000] * 2)
        self.assertEqual(report["bytes"]["received"], 2 * TRADE_BYTES)

    def test_body_that_ends_with_the_connection(self):
        report = self.load(f"http://{V4}:{linux_server.HTTP}/close/70000", "--verify", "--total", "3")
        self.assertEqual(report["bytes"]["received"], 210000)

    # What goes wrong has a name

    def test_nobody_listens(self):
        for host in (V4, V6):
            self.fails("refused", 5, f"tcp://{host}:{linux_server.NOBODY}", "--connections", "5")

    def test_nobody_has_that_address(self):
        report = self.fails("unresolved", 5, f"tcp://{ABSENT}:{linux_server.HTTP}", "--connections", "5")
        self.assertEqual(report["drops"]["neighbour_unresolved"], 5)

    def test_server_resets(self):
        self.fails("reset", 3, f"http://{V4}:{linux_server.RESETS}/")

    def test_server_never_answers(self):
        self.fails("no_answer", 3, f"http://{V4}:{linux_server.MUTE}/", "--connections", "3", "--timeout", "0.5")

    def test_server_closes_first(self):
        self.fails("closed_early", 3, f"http://{V4}:{linux_server.CLOSES}/")

    def test_one_byte_is_another(self):
        self.fails("wrong_bytes", 2, f"http://{V4}:{linux_server.LIES}/", "--verify")

    def test_status_404(self):
        report = self.load(f"http://{V4}:{linux_server.HTTP}/nothing", "--total", "2", status=SOME_FAILED)
        self.assertEqual(report["requests"]["status"], {"4xx": 2})
        self.assertEqual(report["failures"], {})

    def test_interrupt_ends_the_run_and_the_report_is_printed(self):
        with subprocess.Popen(command(f"http://{V4}:{linux_server.MUTE}/", "--duration", "60"), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True) as run:
            self.addCleanup(run.kill)
            time.sleep(1.5)
            run.send_signal(signal.SIGINT)
            output, _ = run.communicate(timeout=10)
        self.assertEqual(json.loads(output)["connections"]["cut"], 1)
        self.assertEqual(run.returncode, SOME_FAILED)

    def test_faults_of_the_command_line(self):
        for words, said in ((["tcp://192.0.2.1:7"], "no --gateway"),
                            (["http://10.77.1.1/", "--impair", "loss=2"], "a share from 0 to 1"),
                            (["http://10.77.1.1/", "--mode", "dance"], "--mode")):
            run = subprocess.run(command(*words), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20,
                                 check=False)
            self.assertEqual(run.returncode, BAD_USAGE, words)
            self.assertIn(said, run.stderr)

    def test_device_that_does_not_exist(self):
        run = subprocess.run(command("http://10.77.1.1/", "--device", "net_nothing0"), stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, timeout=20, check=False)
        self.assertEqual(run.returncode, NO_ENGINE)
        self.assertIn("no driver", run.stderr)
