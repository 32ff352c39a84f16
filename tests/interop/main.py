"""Runs the interop tests inside a namespace that is already there: see tests/interop/run."""

import argparse
import os
import pathlib
import signal
import sys
import time
import unittest

import certificates
import context
import engine

# In this order; the last six modules have engines of their own and end the shared one first.
MODULES = ["test_http", "test_tls", "test_early_data", "test_clients", "test_echo", "test_bad_input", "test_packets",
           "test_stats", "test_life", "test_kernel", "test_load", "test_load_tls", "test_memif", "test_bench"]


class Report(unittest.TestResult):
    """One line a test, and what went wrong right below it."""

    def __init__(self):
        super().__init__()
        self.passed = 0
        self.failed = 0
        self.begun = 0.0
        self.sub_failed = False

    def startTest(self, test):
        super().startTest(test)
        self.begun = time.monotonic()
        self.sub_failed = False

    def line(self, test, outcome):
        print(f"   {outcome:4} {test.id()} ({time.monotonic() - self.begun:.1f} s)", flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1
        self.line(test, "ok")

    def fail(self, test, error):
        self.failed += 1
        self.line(test, "FAIL")
        print(self._exc_info_to_string(error, test), flush=True)
        context.show_engine_log()

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.fail(test, err)

    def addError(self, test, err):
        super().addError(test, err)
        self.fail(test, err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is None:
            return
        self.line(subtest, "FAIL")
        print(self._exc_info_to_string(err, test), flush=True)
        if not self.sub_failed:  # one test counts once
            self.failed += 1
            self.sub_failed = True
            context.show_engine_log()

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.line(test, f"skip: {reason}")


def filtered(suite, pattern):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from filtered(item, pattern)
        elif pattern in item.id():
            yield item


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("pattern", nargs="?", default="")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    context.build = arguments.build.resolve()
    context.work = arguments.work
    context.chains = certificates.make(arguments.work / "certificates")
    report = Report()
    try:
        context.shared = engine.Engine(context.build, context.work / "shared", context.shared_config())
        context.shared.start()
        # As one suite: a result that goes through several would tear down the last class of each once more.
        suite = unittest.defaultTestLoader.loadTestsFromNames(MODULES)
        unittest.TestSuite(filtered(suite, arguments.pattern)).run(report)
    except engine.EngineError as error:
        print(f"   FAIL {error}", flush=True)
        report.failed += 1
    finally:
        context.stop_shared()
        if counts := os.environ.get("COUNTS"):
            pathlib.Path(counts).write_text(f"{report.passed} {report.failed}\n")
    print(f"interop: {report.passed} passed, {report.failed} failed", flush=True)
    return 1 if report.failed or not report.passed else 0


if __name__ == "__main__":
    sys.exit(main())
