"""`handsel stats --json` agrees with what was done; `handsel trace` draws what was said."""

import json
import re
import subprocess

import clients
import context
import names


class Stats(context.EngineTest):
    def test_connections_and_handshakes_of_20_clients(self):
        watched = (names.OPENED, names.STARTED, names.COMPLETED, names.FAILED, names.SYN_RECEIVED)
        # Connections of other tests may still be on their way out.
        self.assertTrue(context.eventually(lambda: self.counter(names.FLOWS) == 0, 15))
        before = {name: self.counter(name) for name in watched}
        over = self.over()
        for number in range(20):
            scheme, port = (("https", context.HTTPS), ("http", context.HTTP))[number % 2]
            clients.curl("-o", "/dev/null", clients.url(scheme, (context.V4, context.V6)[number // 10], port, "/bytes/1000"))
        for name, by in zip(watched, (20, 10, 10, 0, 20)):
            with self.subTest(name=name):
                self.assert_grows(name, before[name], by)
        self.assertTrue(context.eventually(lambda: self.over() == over + 20), f"{self.over() - over} of 20 are over")

    def test_every_handshake_that_began_has_one_end(self):
        self.assertTrue(context.eventually(lambda: self.counter(names.FLOWS) == 0, 15))
        started, *ends = (self.counter(name) for name in (names.STARTED, names.COMPLETED, names.FAILED, names.ABANDONED))
        self.assertEqual(started, sum(ends))

    def over(self) -> int:
        """Connections that have ended. A client that closes before it has read our close_notify ends by a reset."""
        return self.counter(names.CLOSED) + self.counter(names.RESET)

    def test_bytes_out_cover_the_body(self):
        before = self.counter(names.BYTES_OUT)
        clients.curl("-o", "/dev/null", clients.url("http", context.V4, context.HTTP, "/bytes/500000"))
        grown = self.counter(names.BYTES_OUT) - before
        self.assertGreaterEqual(grown, 500000)
        self.assertLess(grown, 501000)

    def test_the_negotiated_parameters_are_counted(self):
        def count(group: str) -> int:
            return sum(context.shared.stats().get(group, {}).values())

        before = [count(group) for group in ("tls_versions", "tls_suites", "tls_groups", "tls_signatures")]
        clients.s_client()
        after = [count(group) for group in ("tls_versions", "tls_suites", "tls_groups", "tls_signatures")]
        self.assertEqual([b - a for a, b in zip(before, after)], [1, 1, 1, 1])

    def test_frames_flow_both_ways(self):
        received, sent = self.counter(names.RX_FRAMES), self.counter(names.TX_FRAMES)
        clients.curl("-o", "/dev/null", clients.url("http", context.V4, context.HTTP, "/bytes/100000"))
        self.assertGreater(self.counter(names.RX_FRAMES), received + 5)
        self.assertGreater(self.counter(names.TX_FRAMES), sent + 60)

    def test_the_text_names_what_the_json_names(self):
        answer = context.shared.handsel("stats")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        for name in ("connections_opened", "handshakes_completed"):
            self.assertIn(name, answer.stdout)

    def test_nothing_is_left_open_when_all_clients_have_gone(self):
        self.assertTrue(context.eventually(lambda: self.counter(names.FLOWS) == 0, 15),
                        f"{self.counter(names.FLOWS)} flows, {self.counter(names.TIME_WAIT)} in TIME_WAIT")


class Crypto(context.EngineTest):
    def kind(self, name: str) -> dict:
        answer = context.shared.handsel("crypto", "--json")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        return next(kind for kind in json.loads(answer.stdout)["kinds"] if kind["kind"] == name)

    def test_a_handshake_is_one_of_each_of_its_operations(self):
        kinds = ("x25519_shared", "rsa_pss_sign")
        before = [self.kind(name) for name in kinds]
        clients.s_client("-groups", "X25519", "-sigalgs", "RSA-PSS+SHA256")
        for name, earlier in zip(kinds, before):
            with self.subTest(kind=name):
                now = self.kind(name)
                self.assertEqual(now["operations"], earlier["operations"] + 1)
                self.assertEqual(sum(now["fill"]), now["batches"])
                self.assertEqual(sum(lanes * batches for lanes, batches in enumerate(now["fill"], 1)), now["operations"])
                self.assertGreater(now["cycles"], earlier["cycles"])

    def test_the_drawing_fits_a_terminal_and_names_the_kernels_of_info(self):
        kernels = json.loads(context.shared.handsel("info", "--json").stdout)["kernels"]
        clients.s_client("-groups", "X25519")
        answer = context.shared.handsel("crypto")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertIn(f"kernels  {kernels} ", answer.stdout)
        self.assertIn("x25519_shared", answer.stdout)
        self.assertLessEqual(max(map(len, answer.stdout.splitlines())), 80)


class Trace(context.EngineTest):
    def traced(self, *arguments: str) -> str:
        """What `handsel trace` prints of the handshake of some client."""
        shared = context.shared
        process = subprocess.Popen(
            [shared.build / "apps" / "handsel", "--runtime-dir", shared.runtime_dir, "--name", shared.name, "trace",
             "--count", "1", *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            context.eventually(lambda: clients.s_client() and process.poll() is not None, 10)
            output, errors = process.communicate(timeout=10)
        finally:
            process.kill()
        self.assertEqual(process.returncode, 0, errors)
        return output

    def test_the_ladder_shows_x_and_y_and_the_messages(self):
        ladder = self.traced()
        lines = ladder.splitlines()
        self.assertRegex(lines[0], rf"{re.escape(context.KERNEL_V4)}:\d+ > {re.escape(context.V4)}:443")
        rungs = [line for line in lines if "|" in line]
        for number, wanted in enumerate((r"SYN +seq=X=\d+", r"SYN ACK +seq=Y=\d+ ack=X\+1", r"ACK +seq=X\+1 ack=Y\+1")):
            self.assertRegex(rungs[number], wanted, ladder)
        for message in ("ClientHello", "ServerHello", "Finished"):
            self.assertIn(message, ladder)

    def test_only_clients_of_the_network_asked_for_are_drawn(self):
        shared = context.shared
        process = subprocess.Popen(
            [shared.build / "apps" / "handsel", "--runtime-dir", shared.runtime_dir, "--name", shared.name, "trace",
             "--count", "1", "--src", "192.0.2.0/24"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        context.eventually(lambda: clients.s_client() and False, 1.5)
        self.assertIsNone(process.poll(), "it has drawn somebody else's handshake")
        process.terminate()
        output, _ = process.communicate(timeout=10)
        self.assertNotIn("ClientHello", output)

    def test_json_holds_the_same_segments(self):
        found = json.loads(self.traced("--format", "json"))
        self.assertIn("ClientHello", json.dumps(found))
