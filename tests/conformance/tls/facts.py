"""Draw the TLS table of README.md from what tls-conformance finds out.

    facts.py TLS_CONFORMANCE README [--check]

Without --check the part of README between the markers is rewritten; with it, the exit code is 1 when it is not what the
handshakes say.
"""

import pathlib
import subprocess
import sys

BEGIN = "<!-- TLS table: begin -->"
END = "<!-- TLS table: end -->"


def table(program: str) -> str:
    facts = subprocess.run([program, "--facts"], capture_output=True, text=True, check=True).stdout
    rows = [line.split("\t") for line in facts.splitlines()]
    if not rows or not all(value for _, value in rows):
        sys.exit(f"{program} found out nothing about {[name for name, value in rows if not value]}")
    return "\n".join([BEGIN, "", "| | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows), "", END])


def main() -> int:
    program, readme = sys.argv[1], pathlib.Path(sys.argv[2])
    text = readme.read_text()
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    wanted = before + table(program) + after
    if "--check" in sys.argv:
        if wanted != text:
            print(f"{readme} is older than the code: run facts.py {program} {readme}")
        return int(wanted != text)
    readme.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
