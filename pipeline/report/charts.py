"""Charts as SVG text: a line over time, and bars in stacks. No library, no script."""

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from math import floor, log10
from typing import NamedTuple

__all__ = ["Bar", "Line", "bars", "line"]

WIDTH, HEIGHT = 960, 200
LEFT, RIGHT, TOP, BOTTOM = 84, 12, 10, 26
TICKS = 4
DAY_MS = 86_400_000


class Line(NamedTuple):
    """A line over time; `filled` down to its base."""

    points: Sequence[tuple[int, float]]  # In ms, in order.
    color: str
    percent: bool = False
    base: float | None = None  # Fill towards this value.


class Bar(NamedTuple):
    """One bar of a stack per color, from below."""

    label: str
    parts: Sequence[tuple[int, str]]  # Count and color.


def line(chart: Line) -> str:
    """Draw a line with its axes."""
    values = [value for _, value in chart.points]
    values += [] if chart.base is None else [chart.base]
    ticks = _ticks(min(values), max(values))
    first, last = chart.points[0][0], chart.points[-1][0]
    span = max(last - first, 1)
    low, high = ticks[0], ticks[-1]
    xy = [(_x((at_ms - first) / span), _y(value, low, high)) for at_ms, value in chart.points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in xy)
    out = [_grid(value, low, high, percent=chart.percent) for value in ticks]
    if chart.base is not None:
        y = _y(chart.base, low, high)
        area = f"{xy[0][0]:.1f},{y:.1f} {path} {xy[-1][0]:.1f},{y:.1f}"
        out.append(f'<polygon points="{area}" fill="{chart.color}" fill-opacity="0.2"/>')
    out.append(f'<polyline points="{path}" fill="none" stroke="{chart.color}" stroke-width="1.5"/>')
    out += [_time(first + span * n // TICKS, n / TICKS, span) for n in range(TICKS + 1)]
    return _svg(out)


def bars(stacks: Sequence[Bar]) -> str:
    """Draw stacks side by side."""
    most = max(sum(count for count, _ in stack.parts) for stack in stacks)
    ticks = [value for value in _ticks(0.0, float(most)) if value == int(value)]
    high = ticks[-1] or 1.0
    out = [_grid(value, 0.0, high) for value in ticks]
    width = (WIDTH - LEFT - RIGHT) / len(stacks)
    every = -(-len(stacks) // 12)
    for number, stack in enumerate(stacks):
        x, below = LEFT + number * width, 0
        for count, color in stack.parts:
            top, bottom = _y(below + count, 0.0, high), _y(below, 0.0, high)
            out.append(
                f'<rect x="{x + 1:.1f}" y="{top:.1f}" width="{max(width - 2, 1):.1f}" '
                f'height="{bottom - top:.1f}" fill="{color}"/>'
            )
            below += count
        if number % every == 0:
            out.append(_label(x + width / 2, stack.label))
    return _svg(out)


def _ticks(low: float, high: float) -> list[float]:
    """Round values from at or below low to at or above high."""
    if high <= low:
        low, high = low - abs(low) / 100 - 1e-9, high + abs(high) / 100 + 1e-9
    rough = (high - low) / TICKS
    unit = 10.0 ** floor(log10(rough))
    step = next(unit * n for n in (1, 2, 5, 10) if unit * n >= rough)
    first = floor(low / step)
    count = -floor(-high / step) - first
    return [(first + n) * step for n in range(count + 1)]


def _x(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(value: float, low: float, high: float) -> float:
    return TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM)


def _grid(value: float, low: float, high: float, *, percent: bool = False) -> str:
    y = _y(value, low, high)
    text = f"{value * 100:.6g}%" if percent else f"{value:,.12g}"
    return (
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>'
        f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{escape(text)}</text>'
    )


def _time(at_ms: int, share: float, span_ms: int) -> str:
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    form = "%Y-%m-%d" if span_ms > 4 * DAY_MS else "%m-%d %H:%M" if span_ms > DAY_MS else "%H:%M:%S"
    anchor = "start" if share == 0 else "end" if share == 1 else "middle"
    return _label(_x(share), moment.strftime(form), anchor)


def _label(x: float, text: str, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{HEIGHT - 8}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(parts: Sequence[str]) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img">{"".join(parts)}</svg>'
