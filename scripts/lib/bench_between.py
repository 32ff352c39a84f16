"""What scripts/bench measures between processes: handseld over shared memory, and beside it nginx and HAProxy on the kernel's
TCP, all under handsel-load on another core. Runs in a network namespace of its own.

    bench_between.py --build DIR --work DIR --json FILE [--quick] [--chart FILE] [--filter TEXT] [--seconds N]

A handshake counts when both ends have completed it: the server has taken the client's Finished, and the connection was
closed in order. Where the generator's count and the server's differ by more than DISAGREEMENT, there is no figure.
"""

import argparse
import contextlib
import json
import pathlib
import signal
import subprocess
import sys

import bench_figures
import draw_load
from bench_servers import LOAD_CORE, BenchError, Handseld, Haproxy, Nginx

DISAGREEMENT = 0.01
CONNECTIONS, CONNECTIONS_RESUMING = 256, 64
GRACE_SECONDS = 60
NOTE = "Full TLS 1.3 handshakes, X25519 and ECDSA P-256, one core each; dashed: all that are begun are done"

ECDSA_13 = ["--tls", "1.3", "--groups", "x25519", "--suites", "TLS_AES_128_GCM_SHA256"]
# In 1.2 the groups are the certificate's curves as well (RFC 8422 5.1.1).
ECDSA_12 = ["--tls", "1.2", "--groups", "x25519,P-256", "--suites", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"]
CHEAP = ["--insecure", "--spare", "signatures,keys"]
RATES_OURS = (1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 40_000, 50_000, 60_000)
RATES_THEIRS = (500, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 8_000)


class Bench:
    def __init__(self, arguments: argparse.Namespace):
        self.build = arguments.build
        self.work = arguments.work
        self.json = arguments.json
        self.chart = arguments.chart
        self.filter = arguments.filter
        self.runs = 1 if arguments.quick else 5
        self.seconds = arguments.seconds or (1 if arguments.quick else 2)
        self.pin = ["--pin", str(self.work / "chain.pem")]

    def wanted(self, name: str) -> bool:
        return self.filter in name

    def load(self, server, target: str, *options: str) -> dict:
        """handsel-load's report. One that failed in part still has one."""
        command = [self.build / "apps/handsel-load", target, "--json", "--runtime-dir", self.work / "load", "--core",
                   LOAD_CORE, "--duration", self.seconds, *server.load_options, *options]
        run = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                             timeout=self.seconds + GRACE_SECONDS, check=False)
        if not run.stdout:
            raise BenchError(f"handsel-load ended with {run.returncode}: {run.stderr}")
        return json.loads(run.stdout)

    def measured(self, server, target: str, *options: str, connections: int = CONNECTIONS) -> tuple[dict, float]:
        """The report, and the processor seconds that it cost the server; both ends agree on what was done."""
        before = server.read()
        report = self.load(server, target, "--connections", str(connections), *options)
        after = server.read()
        over_tls = target.startswith("https")
        ours = report["tls"]["handshakes"]["completed"] if over_tls else report["connections"]["completed"]
        theirs = after.handshakes - before.handshakes if over_tls else after.connections - before.connections
        if ours == 0 or abs(ours - theirs) > DISAGREEMENT * ours or report["connections"]["failed"] > DISAGREEMENT * ours:
            raise BenchError(f"{server.name}, {target} {' '.join(options)}: the generator counts {ours} and the server "
                             f"{theirs}; failures: {report['failures']}")
        report["done"] = ours
        return report, after.cpu_seconds - before.cpu_seconds

    def per_cpu_second(self, server, scheme: str, options: list[str], resumed: bool) -> float:
        # The first on each connection has nothing to resume: few at once, that they do not count.
        connections = CONNECTIONS_RESUMING if resumed else CONNECTIONS
        report, cpu_seconds = self.measured(server, server.url(scheme), *options, connections=connections)
        if scheme == "https":
            share = report["tls"]["handshakes"]["resumed"] / report["done"]
            if (share < 0.95) if resumed else (share > 0):
                raise BenchError(f"{server.name}: {share:.1%} of the handshakes were resumed")
        return report["done"] / cpu_seconds

    # What is measured

    def syn_ack(self) -> None:
        if not self.wanted("memif/syn-ack"):
            return
        server = Handseld(self.build, self.work, cookies="always")
        try:
            rates = []
            for _ in range(self.runs):
                before = server.stats()["groups"]["tcp"]["cookies_sent"]
                syns = self.load(server, f"tcp://{server.address}:443", "--mode", "syn", "--sources", "64")["syns"]
                cookies = server.stats()["groups"]["tcp"]["cookies_sent"] - before
                if syns["answered"] == 0 or abs(syns["answered"] - cookies) > DISAGREEMENT * cookies:
                    raise BenchError(f"{syns['answered']} SYN-ACKs came, and {cookies} cookies were sent")
                rates.append(syns["answered_per_s"])
            self.add(bench_figures.figure("memif/syn-ack", "pps", rates))
        finally:
            server.stop()

    def memif_handshakes(self, server) -> None:
        for name, trust in (("memif/handshake-tls13", CHEAP), ("memif/handshake-tls13-honest", self.pin)):
            if not self.wanted(name):
                continue
            rates, cycles = [], []
            for _ in range(self.runs):
                report, cpu_seconds = self.measured(server, server.url("https"), "--mode", "handshake", *ECDSA_13, *trust)
                rates.append(report["connections"]["steady_per_s"])
                cycles.append(cpu_seconds * server.stats()["tsc_hz"] / report["done"])
            self.add(bench_figures.figure(name, "per s", rates),
                     bench_figures.figure(f"{name}-cost", "cyc", cycles, better="lower"))

    def side_by_side(self, ours, peers: list) -> None:
        """A peer's rows bear its name; the first one's, which is who most would take instead, do not."""
        handshake = ["--mode", "handshake", *self.pin]
        rows = (("edge/handshake-tls13", "https", [*handshake, *ECDSA_13], False),
                ("edge/handshake-tls12", "https", [*handshake, *ECDSA_12], False),
                ("edge/resume-tls13", "https", [*handshake, *ECDSA_13, "--resume", "1"], True),
                ("edge/request-plain", "http", ["--mode", "request"], False))
        for name, scheme, options, resumed in rows:
            if not self.wanted(name):
                continue
            rates = {server: [] for server in (ours, *peers)}
            for _ in range(self.runs):
                rates[ours].append(self.per_cpu_second(ours, scheme, options, resumed))
                with ours.paused():
                    for peer in peers:
                        rates[peer].append(self.per_cpu_second(peer, scheme, options, resumed))
            self.add(*(bench_figures.figure(name if peer is peers[0] else f"{name}-{peer.name}", "per CPU s", rates[ours],
                                            peer=peer.name, peer_values=rates[peer]) for peer in peers))

    def scaling(self, ours, theirs) -> None:
        """Open loop: connections are begun at a rate, whatever becomes of those before."""
        curves = {ours.name: self.curve(ours, RATES_OURS)}
        with ours.paused():
            curves[theirs.name] = self.curve(theirs, RATES_THEIRS)
        self.chart.write_text(draw_load.draw(curves, NOTE))
        for name, points in curves.items():
            for point in points:
                print(f"   {name:<8} offered {point['offered']:>7,}/s   achieved {point['achieved']:>9,.0f}/s   "
                      f"p99 {point['p99_ns'] / 1e6:>9.3f} ms", flush=True)

    def curve(self, server, rates: tuple[int, ...]) -> list[dict]:
        points = []
        for rate in rates:
            report, _ = self.measured(server, server.url("https"), "--mode", "handshake", *ECDSA_13, *CHEAP, "--rate",
                                      str(rate), connections=4_096)
            points.append({"offered": rate, "achieved": report["connections"]["steady_per_s"],
                           "p99_ns": report["latency_ns"]["total"]["p99"]})
        return points

    def add(self, *figures: dict) -> None:
        bench_figures.add(self.json, list(figures))
        for each in figures:
            peer = f"   {each['peer']} {each['peer_value']:,.0f}   {each['ratio']:.1f}×" if each["ratio"] else ""
            print(f"   {each['name']:<34} {each['value']:>12,.0f} {each['unit']:<10}"
                  f"({each['min']:,.0f} to {each['max']:,.0f}){peer}", flush=True)

    def run(self) -> None:
        self.syn_ack()
        with contextlib.ExitStack() as servers:
            def started(server):
                servers.callback(server.stop)
                return server

            ours = started(Handseld(self.build, self.work))
            self.memif_handshakes(ours)
            nginx = started(Nginx(self.work))
            self.side_by_side(ours, [nginx, started(Haproxy(self.work))])
            if self.chart:
                self.scaling(ours, nginx)


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # by way of every "finally"
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--json", type=pathlib.Path, required=True)
    parser.add_argument("--chart", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--filter", default="", help="only figures whose names contain it")
    parser.add_argument("--seconds", type=float, help="of one run")
    try:
        Bench(parser.parse_args()).run()
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
