"""Queries of the dashboard; each is limited to the namespace that the user selects."""

from typing import NamedTuple

__all__ = [
    "Query", "appeared", "by_label", "changed", "every", "new_series", "quantiles", "rate", "share",
    "share_beyond", "total",
]  # fmt: skip

CHOSEN = 'namespace=~"$namespace"'
WINDOW = "$__rate_interval"


class Query(NamedTuple):
    """A PromQL expression and the legend of its lines."""

    expr: str
    legend: str


def _of(metric: str, where: str = "", window: str = "") -> str:
    selector = f"{CHOSEN}, {where}" if where else CHOSEN
    return f"{metric}{{{selector}}}" + (f"[{window}]" if window else "")


def rate(metric: str, by: str, *, where: str = "") -> Query:
    """Return a counter's rate per second, by a label."""
    return Query(f"sum by ({by}) (rate({_of(metric, where, WINDOW)}))", f"{{{{{by}}}}}")


def total(metric: str, legend: str, *, where: str = "") -> Query:
    """Return a counter's total rate per second."""
    return Query(f"sum(rate({_of(metric, where, WINDOW)}))", legend)


def by_label(how: str, metric: str, *, by: str, where: str = "") -> Query:
    """Return a gauge over all workers, by labels."""
    legend = " ".join(f"{{{{{label.strip()}}}}}" for label in by.split(","))
    return Query(f"{how} by ({by}) ({_of(metric, where)})", legend)


def every(how: str, metric: str, legend: str, *, where: str = "") -> Query:
    """Return a gauge over all workers as one line; it has no value, not 0, without any worker."""
    return Query(f"{how}({_of(metric, where)})", legend)


def appeared(metric: str, status: str) -> Query:
    """Return by rule when a counter of rows with a status rose, also from nothing."""
    now = _of(metric, f'status="{status}"')
    rose = _of(metric, f'status="{status}"', WINDOW)
    first = f"sum by (rule) ({now} unless {now} offset 1m)"
    return Query(f"sum by (rule) (increase({rose})) > 0 or {first} > 0", "{{rule}}")


def changed(metric: str, *, by: str) -> Query:
    """Return when a gauge changed."""
    return Query(f"max by ({by}) (changes({_of(metric, window=WINDOW)})) > 0", "")


def new_series(metric: str, *, by: str) -> Query:
    """Return when a combination of labels was first seen."""
    legend = " ".join(f"{{{{{label.strip()}}}}}" for label in by.split(","))
    now = f"max by ({by}) ({_of(metric)})"
    return Query(f"{now} unless max by ({by}) ({_of(metric)} offset 1m)", legend)


def share(metric: str, *, where: str) -> Query:
    """Return the fraction of a counter's rate that some of its series have."""
    some, whole = _of(metric, where, WINDOW), _of(metric, "", WINDOW)
    return Query(f"sum(rate({some})) / sum(rate({whole}))", "")


def share_beyond(metric: str, edge: str, *, where: str) -> Query:
    """Return the fraction of a histogram that lies above one of its edges."""
    within = _of(f"{metric}_bucket", f'{where}, le="{edge}"', WINDOW)
    whole = _of(f"{metric}_count", where, WINDOW)
    return Query(f"1 - sum(rate({within})) / sum(rate({whole}))", "")


def quantiles(metric: str, *, where: str = "", name: str = "") -> tuple[Query, ...]:
    """Return the median and the 99th percentile of a histogram."""
    buckets = _of(f"{metric}_bucket", where, WINDOW)
    return tuple(
        Query(f"histogram_quantile({q}, sum by (le) (rate({buckets})))", f"{name} p{100 * q:g}")
        for q in (0.5, 0.99)
    )
