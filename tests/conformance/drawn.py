"""The part of a README that a program draws, between two marks."""

import pathlib
import sys


def put(readme: pathlib.Path, name: str, lines: list[str], source: str) -> int:
    """Puts the lines between the marks of this name; with --check says whether they are there. Gives the exit code."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    text = readme.read_text()
    before, rest = text.split(begin)
    _, after = rest.split(end)
    wanted = before + "\n".join([begin, "", *lines, "", end]) + after
    if "--check" in sys.argv:
        if wanted != text:
            print(f"{readme} is older than the {source}: run {' '.join(each for each in sys.argv if each != '--check')}")
        return int(wanted != text)
    readme.write_text(wanted)
    return 0
