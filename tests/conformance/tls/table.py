"""Draw the conformance table of src/tls/README.md from the cases.

    table.py CASES_FOLDER README [--check]

Without --check the part of README between the markers is rewritten; with it, the exit code is 1 when it is not what the
cases say.
"""

import itertools
import pathlib
import re
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
import drawn


class Case:
    """One block of a file, which its loops make into several cases."""

    def __init__(self, path: pathlib.Path, title: str):
        source, self.rule = title.split(": ", 1)
        match = re.match(r"(RFC \d+|handsel)\s*(.*)", source)
        if not match:
            sys.exit(f"{path}: the case names no document: {title}")
        self.document, self.section = match[1], match[2]
        self.file = path.stem
        self.loops: list[tuple[str, list[str]]] = []
        self.lines: list[str] = []

    def unrolled(self):
        """The lines of each case."""
        for values in itertools.product(*(values for _, values in self.loops)):
            lines = self.lines
            for (name, _), value in zip(self.loops, values):
                lines = [line.replace("$" + name, value.replace("~", " ")) for line in lines]
            yield [line.split() for line in lines]

    def row(self):
        """What stands in the table: the ends tested, the answers, how many cases."""
        all_lines = list(self.unrolled())
        ends = sorted({lines[0][0] for lines in all_lines}, reverse=True)
        outcomes = []
        for lines in all_lines:
            word, *rest = lines[-1]
            outcome = {"refuses": "`{}`", "fails": "{}", "waits": "waits", "connects": "goes on"}[word]
            outcome = outcome.format(*(each.replace("_", " ") if word == "fails" else each for each in rest))
            if outcome not in outcomes:
                outcomes.append(outcome)
        return ", ".join(ends), ", ".join(outcomes), len(all_lines)


def cases(folder: pathlib.Path):
    for path in sorted(folder.glob("*.tls")):
        case = None
        for line in path.read_text().splitlines():
            line = re.sub(r"(^| )#.*", "", line).rstrip()
            if line.startswith("case "):
                case = Case(path, line[len("case "):])
                yield case
            elif line.startswith("for "):
                _, name, _, *values = line.split()
                case.loops.append((name, values))
            elif line:
                case.lines.append(line)


def order(document: str):
    kind, _, number = document.partition(" ")
    return {"RFC": (0, int(number or 0))}.get(kind, (1, 0)), document


def section_order(section: str):
    """Numbers as numbers: 4.2.10 behind 4.2.9."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in section.split(".")]


def table(folder: pathlib.Path) -> list[str]:
    found = list(cases(folder))
    rows = [(case, *case.row()) for case in found]
    lines = [f"{sum(row[-1] for row in rows)} cases of {len(rows)} rules.", ""]
    for document in sorted({case.document for case in found}, key=order):
        title = "Our own" if document == "handsel" else document
        lines += [f"### {title}", "", "| section | rule | tested | answer | cases |", "| --- | --- | --- | --- | --- |"]
        chosen = [row for row in rows if row[0].document == document]
        for case, ends, outcome, count in sorted(chosen, key=lambda row: (section_order(row[0].section), row[0].rule)):
            lines.append(f"| {case.section or '–'} | {case.rule} | {ends} | {outcome} | {count} |")
        lines.append("")
    return lines[:-1]


def main() -> int:
    return drawn.put(pathlib.Path(sys.argv[2]), "conformance table", table(pathlib.Path(sys.argv[1])), "cases")


if __name__ == "__main__":
    sys.exit(main())
