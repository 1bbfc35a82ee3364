"""The panels of the dashboard: queries, and the unit of their results."""

from typing import NamedTuple

from ops.queries import Query


class Number(NamedTuple):
    """One number: orange from `warn` on, red from `bad` on; with `falling`, below them."""

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


class Marker(NamedTuple):
    """Vertical lines in every graph, wherever the query has a value."""

    name: str
    color: str
    query: Query


class Row(NamedTuple):
    """A row: panels that together answer one question."""

    title: str
    panels: tuple[Panel, ...]
