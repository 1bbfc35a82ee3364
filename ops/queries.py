"""Queries of the dashboard: every one is of the namespace chosen above it."""

from typing import NamedTuple

__all__ = ["Query", "by_label", "every", "quantiles", "rate", "share_beyond", "total"]

CHOSEN = 'namespace=~"$namespace"'
WINDOW = "$__rate_interval"


class Query(NamedTuple):
    """An expression, and what its lines are called."""

    expr: str
    legend: str


def _of(metric: str, where: str = "", window: str = "") -> str:
    selector = f"{CHOSEN}, {where}" if where else CHOSEN
    return f"{metric}{{{selector}}}" + (f"[{window}]" if window else "")


def rate(metric: str, by: str, *, where: str = "") -> Query:
    """Events a second of a counter, by a label."""
    return Query(f"sum by ({by}) (rate({_of(metric, where, WINDOW)}))", f"{{{{{by}}}}}")


def total(metric: str, legend: str, *, where: str = "") -> Query:
    """Events a second of a counter, all together."""
    return Query(f"sum(rate({_of(metric, where, WINDOW)}))", legend)


def by_label(how: str, metric: str, *, by: str, where: str = "") -> Query:
    """Return a gauge over all workers, by labels."""
    legend = " ".join(f"{{{{{label.strip()}}}}}" for label in by.split(","))
    return Query(f"{how} by ({by}) ({_of(metric, where)})", legend)


def every(how: str, metric: str, legend: str, *, where: str = "") -> Query:
    """Return a gauge over all workers as one line. Silence is no 0: nobody may be there."""
    return Query(f"{how}({_of(metric, where)})", legend)


def share_beyond(metric: str, edge: str, *, where: str) -> Query:
    """Return which part of a histogram lies beyond one of its edges."""
    within = _of(f"{metric}_bucket", f'{where}, le="{edge}"', WINDOW)
    whole = _of(f"{metric}_count", where, WINDOW)
    return Query(f"1 - sum(rate({within})) / sum(rate({whole}))", "")


def quantiles(metric: str, *, where: str = "", name: str = "") -> tuple[Query, ...]:
    """The median, and what 99 of 100 stay below, of a histogram."""
    buckets = _of(f"{metric}_bucket", where, WINDOW)
    return tuple(
        Query(f"histogram_quantile({q}, sum by (le) (rate({buckets})))", f"{name} p{100 * q:g}")
        for q in (0.5, 0.99)
    )
