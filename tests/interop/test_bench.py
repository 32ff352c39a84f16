"""What scripts/bench measures between processes, in small: the servers start, and both ends count the same."""

import json
import shutil
import subprocess
import sys
import unittest

import context

SCRIPT = "scripts/lib/bench_between.py"
ROW = "edge/handshake-tls13"


class Bench(unittest.TestCase):
    def test_handseld_nginx_and_haproxy_side_by_side(self):
        context.stop_shared()
        work = context.work / "bench"
        work.mkdir()
        for file, name in zip(context.chains["ecdsa"], ("chain.pem", "key.pem")):
            shutil.copy(file, work / name)
        figures = work / "bench.json"
        run = subprocess.run([sys.executable, "-B", SCRIPT, "--build", context.build, "--work", work, "--json", figures,
                              "--quick", "--filter", ROW, "--seconds", "0.3"],
                             stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        known = {each["name"]: each for each in json.loads(figures.read_text())}
        self.assertEqual({name: each["peer"] for name, each in known.items()}, {ROW: "nginx", f"{ROW}-haproxy": "haproxy"})
        for each in known.values():
            self.assertGreater(each["value"], 0)
            self.assertGreater(each["peer_value"], 0)
