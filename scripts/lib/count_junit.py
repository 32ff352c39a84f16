"""Prints "PASSED FAILED" for a JUnit file that Meson wrote.

    count_junit.py FILE STATUS

STATUS is what `meson test` returned: if it failed and no case in the file did, or there is no file, one failure
is counted, so that a crash before the first case is not lost.
"""

import sys
import xml.etree.ElementTree


def count(path: str) -> tuple[int, int]:
    passed = failed = 0
    for case in xml.etree.ElementTree.parse(path).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is None and case.get("status") != "notrun":
            passed += 1
    return passed, failed


if __name__ == "__main__":
    path, status = sys.argv[1], int(sys.argv[2])
    try:
        passed, failed = count(path)
    except (OSError, xml.etree.ElementTree.ParseError):
        passed, failed = 0, 0
    if status != 0 and failed == 0:
        failed = 1
    print(passed, failed)
