"""Draw the conformance table of src/tcp/README.md from the names of the cases.

    table.py CASES_FOLDER README [--check]

Without --check the part of README between the markers is rewritten; with it, the exit code is 1 when it is not what the
cases say.
"""

import pathlib
import re
import sys

BEGIN = "<!-- conformance table: begin -->"
END = "<!-- conformance table: end -->"


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


def table(folder: pathlib.Path) -> str:
    rows = list(cases(folder))
    documents = sorted({row[0] for row in rows}, key=order)
    lines = [BEGIN, "", f"{len(rows)} cases.", ""]
    for document in documents:
        title = "Our own bounds" if document == "handsel" else document
        lines += [f"### {title}", "", "| section | rule | cases |", "| --- | --- | --- |"]
        for _, section, rule, file in sorted(row for row in rows if row[0] == document):
            lines.append(f"| {section or '–'} | {rule} | {file} |")
        lines.append("")
    return "\n".join(lines + [END])


def main() -> int:
    folder, readme = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    text = readme.read_text()
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    wanted = before + table(folder) + after
    if "--check" in sys.argv:
        if wanted != text:
            print(f"{readme} is older than the cases: run table.py {folder} {readme}")
        return int(wanted != text)
    readme.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
