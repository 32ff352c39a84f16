"""handsel-load and handseld with nothing but shared memory between them: no kernel, no wire."""

import itertools
import json
import subprocess
import unittest

import context
import engine
import names
from test_load import ALL_WELL, BAD_USAGE, SOME_FAILED, command

SERVER = "10.79.0.1"
CLIENT = "10.79.0.2/16"
HANDSHAKES = 60


class Memif(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        context.stop_shared()
        folder = context.work / "memif"
        cls.link = f"socket={folder / 'memif.sock'},socket-abstract=no"
        chain, key = context.chains["ecdsa"]
        cls.engine = engine.Engine(context.build, folder, f"""
[[port]]
device = "net_memif0,role=server,{cls.link}"
addresses = ["{SERVER}/16"]
[[listener]]
port = {context.HTTPS}
tls = "ecdsa"
[tls.ecdsa]
certificates = [{{ chain = "{chain}", key = "{key}" }}]
min_version = "1.2"
[limits]
syn_cookies = "always"
drain_timeout = "1s"
""", name="memif")
        cls.engine.start()

    @classmethod
    def tearDownClass(cls):
        cls.engine.stop()

    def command(self, *arguments: str) -> list[str]:
        return command(*arguments, "--device", f"net_memif0,role=client,{self.link}", "--address", CLIENT, "--core", "0")

    def load(self, *arguments: str) -> dict:
        run = subprocess.run(self.command(*arguments), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                             check=False)
        self.assertEqual(run.returncode, ALL_WELL, f"{arguments}: {run.stderr}{run.stdout}")
        return json.loads(run.stdout)

    def test_both_ends_count_the_same_handshakes(self):
        pin = str(context.chains["ecdsa"][0])
        for version, trust in itertools.product(("1.3", "1.2"), (["--pin", pin], ["--insecure"],
                                                                 ["--insecure", "--spare", "signatures,keys"])):
            with self.subTest(version=version, trust=trust):
                before = self.engine.counter(names.COMPLETED)
                report = self.load(f"https://{SERVER}/", "--mode", "handshake", "--tls", version, "--connections", "16",
                                   "--total", str(HANDSHAKES), *trust)
                self.assertEqual(report["connections"]["completed"], HANDSHAKES)
                self.assertEqual(report["tls"]["handshakes"]["completed"], HANDSHAKES)
                self.assertEqual(self.engine.counter(names.COMPLETED) - before, HANDSHAKES)

    def test_every_syn_from_many_addresses_is_answered_by_a_cookie(self):
        before = self.engine.counter(("tcp", "cookies_sent"))
        report = self.load(f"tcp://{SERVER}:{context.HTTPS}", "--mode", "syn", "--sources", "50", "--total", "5000",
                           "--rate", "20000")
        self.assertEqual(report["syns"]["sent"], 5000)
        self.assertEqual(report["syns"]["answered"], 5000)
        self.assertEqual(self.engine.counter(("tcp", "cookies_sent")) - before, 5000)
        self.assertEqual(self.engine.counter(names.FLOWS), 0)

    def test_syns_to_a_port_where_nobody_listens_are_refused(self):
        run = subprocess.run(self.command(f"tcp://{SERVER}:9", "--mode", "syn", "--total", "100", "--rate", "10000"),
                             stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(run.returncode, SOME_FAILED)
        self.assertEqual(json.loads(run.stdout)["syns"]["refused"], 100)

    def test_who_spares_signatures_must_say_that_it_trusts_anybody(self):
        run = subprocess.run(self.command(f"https://{SERVER}/", "--spare", "signatures"), stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, timeout=20, check=False)
        self.assertEqual(run.returncode, BAD_USAGE)
        self.assertIn("--insecure", run.stderr)
