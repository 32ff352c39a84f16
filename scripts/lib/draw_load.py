"""Draws what becomes of servers as the load on them grows: docs/bench-load.svg, from a run of scripts/bench."""

import math

WIDTH, HEIGHT = 900, 380
LEFT, TOP, PLOT_WIDTH, PLOT_HEIGHT, GAP = 80, 60, 330, 250, 110
COLOURS = {"handsel": "#0b6e99", "nginx": "#c2571a"}
SPARE_COLOUR = "#5a5a5a"
INK, GRID = "#222222", "#dddddd"


class Axis:
    """Logarithmic, over whole decades of what it is to hold."""

    def __init__(self, values: list[float], start: float, length: float):
        self.low = math.floor(math.log10(min(values)))
        self.high = max(math.ceil(math.log10(max(values))), self.low + 1)
        self.start, self.length = start, length

    def at(self, value: float) -> float:
        return self.start + self.length * (math.log10(value) - self.low) / (self.high - self.low)

    def decades(self) -> list[float]:
        return [10.0**power for power in range(self.low, self.high + 1)]


def text(x: float, y: float, words: str, anchor: str = "middle", size: int = 12, colour: str = INK, turn: bool = False) -> str:
    turned = f' transform="rotate(-90 {x:.0f} {y:.0f})"' if turn else ""
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}"{turned}>{words}</text>')


def rate_label(value: float) -> str:
    return f"{value / 1000:g} k" if value >= 1000 else f"{value:g}"


def time_label(value_ms: float) -> str:
    unit, ms = next((each for each in (("s", 1000), ("ms", 1)) if value_ms >= each[1]), ("µs", 0.001))
    return f"{value_ms / ms:g} {unit}"


def frame(x: Axis, y: Axis, left: float, title: str, y_title: str, y_label) -> list[str]:
    bottom = TOP + PLOT_HEIGHT
    out = [text(left + PLOT_WIDTH / 2, TOP - 14, title, size=14)]
    for value in x.decades():
        out.append(f'<line x1="{x.at(value):.1f}" y1="{TOP}" x2="{x.at(value):.1f}" y2="{bottom}" stroke="{GRID}"/>')
        out.append(text(x.at(value), bottom + 18, rate_label(value)))
    for value in y.decades():
        out.append(f'<line x1="{left}" y1="{y.at(value):.1f}" x2="{left + PLOT_WIDTH}" y2="{y.at(value):.1f}" stroke="{GRID}"/>')
        out.append(text(left - 8, y.at(value) + 4, y_label(value), anchor="end"))
    out.append(text(left + PLOT_WIDTH / 2, bottom + 40, "handshakes begun a second"))
    out.append(text(left - 62, TOP + PLOT_HEIGHT / 2, y_title, turn=True))
    return out


def curve(points: list[tuple[float, float]], colour: str) -> list[str]:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>',
            *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points)]


def draw(curves: dict[str, list[dict]], note: str) -> str:
    """`curves`: by server, points of offered and achieved rate and p99_ns. `note`: where and when."""
    every = [point for points in curves.values() for point in points]
    right = LEFT + PLOT_WIDTH + GAP
    rates = [point["offered"] for point in every] + [point["achieved"] for point in every]
    x_left, x_right = Axis(rates, LEFT, PLOT_WIDTH), Axis(rates, right, PLOT_WIDTH)
    achieved = Axis(rates, TOP + PLOT_HEIGHT, -PLOT_HEIGHT)
    latency = Axis([point["p99_ns"] / 1e6 for point in every], TOP + PLOT_HEIGHT, -PLOT_HEIGHT)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>']
    out += frame(x_left, achieved, LEFT, "handshakes done a second", "done a second", rate_label)
    out += frame(x_right, latency, right, "99 of 100 are done and closed within", "time", time_label)
    ends = (min(rates), max(rates))
    out.append(f'<line x1="{x_left.at(ends[0]):.1f}" y1="{achieved.at(ends[0]):.1f}" x2="{x_left.at(ends[1]):.1f}" '
               f'y2="{achieved.at(ends[1]):.1f}" stroke="{INK}" stroke-dasharray="3 4" stroke-width="1"/>')
    for number, (name, points) in enumerate(curves.items()):
        colour = COLOURS.get(name, SPARE_COLOUR)
        out += curve([(x_left.at(p["offered"]), achieved.at(p["achieved"])) for p in points], colour)
        out += curve([(x_right.at(p["offered"]), latency.at(p["p99_ns"] / 1e6)) for p in points], colour)
        out.append(f'<rect x="{LEFT + 10 + 90 * number}" y="{TOP + 10}" width="12" height="12" fill="{colour}"/>')
        out.append(text(LEFT + 28 + 90 * number, TOP + 20, name, anchor="start"))
    out.append(text(LEFT, HEIGHT - 10, note, anchor="start", size=11))
    return "\n".join([*out, "</svg>"]) + "\n"
