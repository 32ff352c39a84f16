"""Draw the TLS table of README.md from what tls-conformance finds out.

    facts.py TLS_CONFORMANCE README [--check]

Without --check the part of README between the markers is rewritten; with it, the exit code is 1 when it is not what the
handshakes say.
"""

import pathlib
import subprocess
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
import drawn


def table(program: str) -> list[str]:
    facts = subprocess.run([program, "--facts"], capture_output=True, text=True, check=True).stdout
    rows = [line.split("\t") for line in facts.splitlines()]
    if not rows or not all(value for _, value in rows):
        sys.exit(f"{program} found out nothing about {[name for name, value in rows if not value]}")
    return ["| | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows)]


def main() -> int:
    return drawn.put(pathlib.Path(sys.argv[2]), "TLS table", table(sys.argv[1]), "code")


if __name__ == "__main__":
    sys.exit(main())
