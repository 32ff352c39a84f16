"""Draw the conformance table of src/tcp/README.md from the names of the cases.

    table.py CASES_FOLDER README [--check]

Without --check the part of README between the markers is rewritten; with it, the exit code is 1 when it is not what the
cases say.
"""

import pathlib
import re
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
import drawn


def cases(folder: pathlib.Path):
    """(document, section, rule, file) of each case."""
    for path in sorted(folder.glob("*.pkt")):
        for line in path.read_text().splitlines():
            if not line.startswith("case "):
                continue
            source, rule = line[len("case "):].split(": ", 1)
            match = re.match(r"(RFC \d+|CVE-\S+|handsel)\s*(.*)", source)
            if not match:
                sys.exit(f"{path}: the case names no document: {line}")
            yield match[1], match[2], rule, path.stem


def order(document: str):
    kind, _, number = document.partition(" ")
    return {"RFC": (0, int(number or 0))}.get(kind, (1, 0)), document


def table(folder: pathlib.Path) -> list[str]:
    rows = list(cases(folder))
    documents = sorted({row[0] for row in rows}, key=order)
    lines = [f"{len(rows)} cases.", ""]
    for document in documents:
        title = "Our own bounds" if document == "handsel" else document
        lines += [f"### {title}", "", "| section | rule | cases |", "| --- | --- | --- |"]
        for _, section, rule, file in sorted(row for row in rows if row[0] == document):
            lines.append(f"| {section or '–'} | {rule} | {file} |")
        lines.append("")
    return lines[:-1]


def main() -> int:
    return drawn.put(pathlib.Path(sys.argv[2]), "conformance table", table(pathlib.Path(sys.argv[1])), "cases")


if __name__ == "__main__":
    sys.exit(main())
