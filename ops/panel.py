"""A panel of the dashboard: what is asked, and in which unit the answer is."""

from typing import NamedTuple

from ops.queries import Query


class Number(NamedTuple):
    """One number; from `warn` on it is orange, from `bad` on red. Falling: below them."""

    title: str
    unit: str
    query: Query
    warn: float
    bad: float


class Graph(NamedTuple):
    """Lines over time."""

    title: str
    unit: str
    queries: tuple[Query, ...]
    says: str = ""
    stacked: bool = False


Panel = Number | Graph


class Row(NamedTuple):
    """Panels that answer one question."""

    title: str
    panels: tuple[Panel, ...]
