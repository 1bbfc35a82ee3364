"""Queries of the dashboard; each is limited to the namespace that the user selects."""

from typing import NamedTuple

__all__ = ["Query", "by_label", "every", "quantiles", "rate", "share_beyond", "total"]

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
