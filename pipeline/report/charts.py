"""Charts as geometry: a line over time, stacked bars, and points. parts.html.j2 draws them as SVG.

No markup in here, and no library: three simple charts that open offline without a script.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from math import floor, log10
from typing import NamedTuple

from msgspec import Struct

__all__ = ["Bar", "Drawing", "Line", "Point", "bars", "line", "scatter"]

WIDTH, HEIGHT = 960, 200
LEFT, RIGHT, TOP, BOTTOM = 84, 12, 10, 26
TICKS = 4
LABELS_MAX = 12
DAY_MS = 86_400_000


class Line(NamedTuple):
    """A line over time, filled towards `base` if there is one."""

    points: Sequence[tuple[int, float]]  # Time in ms and value, in order of time.
    color: str
    percent: bool = False
    base: float | None = None
    marks: Sequence[int] = ()  # Times in ms; those outside of the line's are left out.


class Bar(NamedTuple):
    """One bar, stacked from the bottom up."""

    label: str
    parts: Sequence[tuple[int, str]]  # Count and color.


class Point(NamedTuple):
    """One point; `text` appears when a mouse rests on it."""

    x: float
    y: float
    color: str
    text: str


class Dot(NamedTuple):
    """A point that was laid out."""

    x: str
    y: str
    color: str
    text: str


class Label(NamedTuple):
    """A text beside an axis. Coordinates here and below are decimal text, in SVG units."""

    x: str
    y: str
    anchor: str
    text: str


class Rectangle(NamedTuple):
    """One part of a bar."""

    x: str
    y: str
    width: str
    height: str
    color: str


class Drawing(Struct, kw_only=True):
    """What the template draws, in this order: grid, bars, area, line, marks, dots, labels."""

    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    color: str = ""
    grid: list[str] = []
    bars: list[Rectangle] = []
    area: str = ""
    path: str = ""
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM
    marks: list[str] = []
    dots: list[Dot] = []
    labels: list[Label] = []


def line(chart: Line) -> Drawing:
    """Lay out a line with its axes."""
    values = [value for _, value in chart.points]
    values += [] if chart.base is None else [chart.base]
    ticks = _ticks(min(values), max(values))
    first, last = chart.points[0][0], chart.points[-1][0]
    span = max(last - first, 1)
    low, high = ticks[0], ticks[-1]
    xy = [(_x((at_ms - first) / span), _y(value, low, high)) for at_ms, value in chart.points]
    drawing = _axis(ticks, percent=chart.percent)
    drawing.color = chart.color
    drawing.path = " ".join(f"{x:.1f},{y:.1f}" for x, y in xy)
    if chart.base is not None:
        y = _y(chart.base, low, high)
        drawing.area = f"{xy[0][0]:.1f},{y:.1f} {drawing.path} {xy[-1][0]:.1f},{y:.1f}"
    inside = (at_ms for at_ms in chart.marks if first <= at_ms <= last)
    drawing.marks = [f"{_x((at_ms - first) / span):.1f}" for at_ms in inside]
    drawing.labels += [_time(first + span * n // TICKS, n / TICKS, span) for n in range(TICKS + 1)]
    return drawing


def bars(stacks: Sequence[Bar]) -> Drawing:
    """Lay out stacked bars side by side."""
    most = max(sum(count for count, _ in stack.parts) for stack in stacks)
    ticks = [value for value in _ticks(0.0, float(most)) if value == int(value)]
    high = ticks[-1] or 1.0
    drawing = _axis(ticks, high=high)
    width = (WIDTH - LEFT - RIGHT) / len(stacks)
    every = -(-len(stacks) // LABELS_MAX)
    for number, stack in enumerate(stacks):
        x = LEFT + number * width
        drawing.bars += _stack(stack, x=x, width=width, high=high)
        if number % every == 0:
            drawing.labels.append(_label(x + width / 2, stack.label))
    return drawing


def scatter(points: Sequence[Point]) -> Drawing:
    """Lay out points with both axes in round numbers."""
    across = _ticks(min(point.x for point in points), max(point.x for point in points))
    upward = _ticks(min(point.y for point in points), max(point.y for point in points))
    drawing = _axis(upward)
    span = across[-1] - across[0]
    for point in points:
        x = _x((point.x - across[0]) / span)
        y = _y(point.y, upward[0], upward[-1])
        drawing.dots.append(Dot(f"{x:.1f}", f"{y:.1f}", point.color, point.text))
    for number, value in enumerate(across):
        anchor = "end" if number == len(across) - 1 else "middle"
        drawing.labels.append(_label(_x((value - across[0]) / span), f"{value:,.12g}", anchor))
    return drawing


def _stack(stack: Bar, *, x: float, width: float, high: float) -> list[Rectangle]:
    below, parts = 0, []
    for count, color in stack.parts:
        top, bottom = _y(below + count, 0.0, high), _y(below, 0.0, high)
        wide = f"{max(width - 2, 1):.1f}"
        parts.append(Rectangle(f"{x + 1:.1f}", f"{top:.1f}", wide, f"{bottom - top:.1f}", color))
        below += count
    return parts


def _ticks(low: float, high: float) -> list[float]:
    """Return round values, evenly spaced, that enclose low and high."""
    if high <= low:
        low, high = low - abs(low) / 100 - 1e-9, high + abs(high) / 100 + 1e-9
    rough = (high - low) / TICKS
    unit = 10.0 ** floor(log10(rough))
    step = next(unit * n for n in (1, 2, 5, 10) if unit * n >= rough)
    first = floor(low / step)
    count = -floor(-high / step) - first
    return [(first + n) * step for n in range(count + 1)]


def _axis(ticks: Sequence[float], *, high: float | None = None, percent: bool = False) -> Drawing:
    """Return a drawing with a grid line and a label for each tick."""
    top = ticks[-1] if high is None else high
    drawing = Drawing()
    for value in ticks:
        y = _y(value, ticks[0], top)
        text = f"{value * 100:.6g}%" if percent else f"{value:,.12g}"
        drawing.grid.append(f"{y:.1f}")
        drawing.labels.append(Label(f"{LEFT - 6}", f"{y + 4:.1f}", "end", text))
    return drawing


def _x(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(value: float, low: float, high: float) -> float:
    return TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM)


def _time(at_ms: int, share: float, span_ms: int) -> Label:
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    form = "%Y-%m-%d" if span_ms > 4 * DAY_MS else "%m-%d %H:%M" if span_ms > DAY_MS else "%H:%M:%S"
    anchor = "start" if share == 0 else "end" if share == 1 else "middle"
    return _label(_x(share), moment.strftime(form), anchor)


def _label(x: float, text: str, anchor: str = "middle") -> Label:
    return Label(f"{x:.1f}", f"{HEIGHT - 8}", anchor, text)
