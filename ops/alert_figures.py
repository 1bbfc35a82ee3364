"""The measurements of `make check-alerts` as a page."""

import os
from typing import NamedTuple


class Figure(NamedTuple):
    """The time from a cause to its effect, in seconds."""

    cause: str
    effect: str
    seconds: float


def page(figures: list[Figure], *, queries: int) -> str:
    """Return the page's text."""
    rows = [f"| {item.cause} | {item.effect} | {item.seconds:.1f} |" for item in figures]
    head = [
        "# From a cause to the person who is called",
        "",
        "Four roles on one local Kafka, Prometheus (scraping and judging every second) and",
        "Alertmanager, delivering to a webhook; before it a quiet quarter of a minute without a",
        "call. A loss acts on the third of three quotes, 0.6 s apart. Made by `make check-alerts`,",
        f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.",
        "",
        "| cause | effect | seconds |",
        "|---|---|---|",
    ]
    tail = ["", f"All {queries} queries of the dashboard had an answer."]
    return "\n".join([*head, *rows, *tail]) + "\n"
