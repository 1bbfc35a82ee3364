"""The tables of docs/performance.md: ratios first, then microseconds and milliseconds."""

from collections.abc import Iterator

from bench.peers.core import ours
from bench.peers.cost import Costs
from bench.peers.delay import Delays
from bench.peers.goals import Measured, Spent, goals
from bench.peers.sides import RISK
from bench.peers.spread import percentile, ratios, spread

__all__ = ["page"]

SHARES = (0.5, 0.99)
BACKLOG_MS = 500.0  # At p99 of a run of a few seconds.
TAIL = 0.999


def page(found: Measured, conditions: str, absent: list[str]) -> str:
    """Return all tables. conditions: what they were measured on; absent: sentences."""
    parts = [
        [conditions, *absent],
        list(_cost_table(found.costs, found.build)),
        list(_core_table(found.cores, found.build)),
        list(_delay_table(found.delays)),
        ["```", *(goal.line() for goal in goals(found)), "```"],
    ]
    return "\n\n".join("\n".join(lines) for lines in parts) + "\n"


def _cost_table(costs: Costs, build: str) -> Iterator[str]:
    yield (
        "| CPU per event | riskgate's role / this, process | the same, working thread "
        "| us, process | us, working thread | events/s |"
    )
    yield "|---|---|---|---|---|---|"
    role = costs.get(RISK[build], [])
    for name, runs in costs.items():
        process = ratios([run.process_us for run in role], [run.process_us for run in runs])
        thread = ratios([run.thread_us for run in role], [run.thread_us for run in runs])
        figures = [
            process.text(2),
            thread.text(2),
            spread([run.process_us for run in runs]).text(),
            spread([run.thread_us for run in runs]).text(),
            spread([run.rate for run in runs]).text(0),
        ]
        yield f"| {name} | {' | '.join(figures)} |"


def _core_table(cores: Spent, build: str) -> Iterator[str]:
    yield "| CPU per signal in the core | riskgate's step with the usual rules / this | us |"
    yield "|---|---|---|"
    first = cores[ours(build, "usual"), "step"]
    for (side, part), runs in cores.items():
        yield f"| {side}: {part} | {ratios(first, runs).text(2)} | {spread(runs).text()} |"


def _delay_table(delays: Delays) -> Iterator[str]:
    yield "| delay, ms | signals/s | p50 | p99 | p99.9 of all runs |"
    yield "|---|---|---|---|---|"
    for (name, rate), runs in delays.items():
        figures = [spread([percentile(run, share) for run in runs]).text() for share in SHARES]
        tail = percentile([ms for run in runs for ms in run], TAIL)
        carried = "" if _is_carried(runs) else ", not carried here"
        yield f"| {name} | {rate}{carried} | {' | '.join(figures)} | {tail:,.1f} |"


def _is_carried(runs: list[list[float]]) -> bool:
    """Whether most runs ended without a backlog: it would grow with each further second."""
    return spread([percentile(run, 0.99) for run in runs]).middle <= BACKLOG_MS
