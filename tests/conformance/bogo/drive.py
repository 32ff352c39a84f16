"""Drives a shim as BoringSSL's test runner would, through the cases of cases.py. Prints TAP.

    drive.py SHIM [WORD]        only the cases whose name holds WORD
"""

import sys
import traceback

from bench import Bench
from cases import CASES
from runner import Certificates


def main() -> int:
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    chosen = {name: run for name, run in CASES.items() if len(sys.argv) == 2 or sys.argv[2] in name}
    bench = Bench(sys.argv[1], Certificates())
    print(f"1..{len(chosen)}")
    failed = 0
    for number, (name, run) in enumerate(chosen.items(), 1):
        fault = ""
        try:
            run(bench)
        except Exception:  # noqa: BLE001 - whatever it is, the case has failed, and the others go on
            fault = traceback.format_exc()
        failed += fault != ""
        print(f"{'not ok' if fault else 'ok'} {number} - {name}")
        for line in fault.splitlines():
            print(f"# {line}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
