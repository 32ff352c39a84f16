"""The list of figures in build/bench.json, and its table. The same list is written by tests/bench/harness.cc."""

import json
import pathlib
import statistics
import sys


def figure(name: str, unit: str, values: list[float], better: str = "higher", peer: str | None = None,
           peer_values: list[float] | None = None) -> dict:
    """One entry: medians of the runs. A ratio above 1 means that we are better."""
    value = statistics.median(values)
    peer_value = statistics.median(peer_values) if peer_values else None
    ratio = None
    if peer_value:
        ratio = value / peer_value if better == "higher" else peer_value / value
    return {"name": name, "value": value, "unit": unit, "better": better, "peer": peer, "peer_value": peer_value,
            "ratio": ratio, "runs": len(values), "min": min(values), "max": max(values)}


def add(file: pathlib.Path, figures: list[dict]) -> None:
    """A figure of the same name is replaced."""
    known = json.loads(file.read_text()) if file.exists() else []
    names = {each["name"] for each in figures}
    file.write_text(json.dumps([each for each in known if each["name"] not in names] + figures, indent=2) + "\n")


def table(file: pathlib.Path) -> str:
    def shown(value: float | None) -> str:
        return "" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.3g}"

    lines = ["| name | median | unit | peer | its median | ratio |", "| --- | --- | --- | --- | --- | --- |"]
    for each in json.loads(file.read_text()):
        if "@" in each["name"]:
            continue
        ratio = "" if each["ratio"] is None else f"{each['ratio']:.1f}×"
        lines.append(f"| {each['name']} | {shown(each['value'])} | {each['unit']} | {each['peer'] or ''} | "
                     f"{shown(each['peer_value'])} | {ratio} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(pathlib.Path(sys.argv[1])))
