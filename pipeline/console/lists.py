"""Lists of what happened: decisions, alerts, stops and dead letters, filtered, newest first."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from msgspec import Struct

from pipeline.console.entries import Entry
from pipeline.console.latency import Latency, latency
from pipeline.console.model import Model
from pipeline.console.ring import Ring
from pipeline.outputs.stops import StopView, progress

__all__ = [
    "DecisionList",
    "EntryList",
    "EntryQuery",
    "LetterList",
    "StopLine",
    "StopList",
    "alerts",
    "dead_letters",
    "decisions",
    "stops",
]  # fmt: skip

TOP = 5


class EntryQuery(Struct, frozen=True, kw_only=True):
    """Which entries; empty texts ask for nothing."""

    word: str = ""
    rule: str = ""
    strategy: str = ""
    account: str = ""
    symbol: str = ""
    most: int = 100

    def holds(self, entry: Entry) -> bool:
        """Whether an entry is wanted; account apart."""
        return (
            self.word in {"", entry.word, entry.kind}
            and (not self.rule or self.rule in entry.rules)
            and self.strategy in {"", entry.strategy_id}
            and self.symbol in {"", entry.symbol}
        )


class Share(Struct, frozen=True, kw_only=True):
    """How often something was the reason of a rejection."""

    name: str
    count: int


class EntryList(Struct, frozen=True, kw_only=True):
    """The newest entries that match."""

    entries: tuple[Entry, ...]


class DecisionList(Struct, frozen=True, kw_only=True):
    """The newest decisions that match, and what is so of all that are known."""

    entries: tuple[Entry, ...]
    known: int
    top_rules: tuple[Share, ...]
    top_strategies: tuple[Share, ...]
    latency: Latency
    unmatched_fills: int  # Alerts about fills that named no decision.


class StopLine(Struct, frozen=True, kw_only=True):
    """A stop and how far its account is on its way to hold nothing."""

    stop: StopView
    progress: str


class StopList(Struct, frozen=True, kw_only=True):
    """Open stops, oldest first, and those that were lifted, newest first."""

    open: tuple[StopLine, ...]
    lifted: tuple[StopLine, ...]


class LetterView(Struct, frozen=True, kw_only=True):
    """A message that riskgate could not use, its bytes as text with everything odd escaped."""

    at_ms: int
    topic: str
    partition: int
    offset: int
    key: str | None
    path: str | None
    error: str
    raw: str
    raw_bytes: int
    is_cut: bool


class LetterList(Struct, frozen=True, kw_only=True):
    """The newest dead letters."""

    letters: tuple[LetterView, ...]


def decisions(model: Model, query: EntryQuery) -> DecisionList:
    """Return the newest decisions and exits that match."""
    with model.lock:
        rings = model.decisions, model.incidents
        known = rings[0].newest(query.account or None)
        figures = model.figures.of(None, model.revision, lambda: _figures(*rings))
        return DecisionList(entries=tuple(_matching(known, query)), **figures)


def _figures(decisions: Ring, incidents: Ring) -> dict[str, Any]:
    """Return the fields of a DecisionList that are the same for everybody who asks."""
    rejected = [each for each in decisions.newest() if each.word == "rejected"]
    unmatched = (each for each in incidents.newest() if "unmatched_fill" in each.rules)
    return {
        "known": len(decisions),
        "top_rules": _top(rule for each in rejected for rule in each.rules),
        "top_strategies": _top(each.strategy_id for each in rejected if each.strategy_id),
        "latency": latency(each.late_ms for each in decisions.newest()),
        "unmatched_fills": sum(each.kind == "alert" for each in unmatched),
    }


def alerts(model: Model, query: EntryQuery) -> EntryList:
    """Return the newest alerts that match."""
    with model.lock:
        known = model.incidents.newest(query.account or None)
        found = _matching((each for each in known if each.kind == "alert"), query)
        return EntryList(entries=tuple(found))


def stops(model: Model, *, account: str = "", most: int = 100) -> StopList:
    """Return the open stops, and the newest ones of those that were lifted."""
    found = model.stops_of(account) if account else model.stops()
    lines = [StopLine(stop=stop, progress=progress(stop)) for stop in found]
    return StopList(
        open=tuple(reversed([line for line in lines if line.stop.is_open])),
        lifted=tuple(islice((line for line in lines if not line.stop.is_open), most)),
    )


def dead_letters(model: Model, *, topic: str = "", key: str = "", most: int = 100) -> LetterList:
    """Return the newest dead letters."""
    with model.lock:
        wanted = (
            LetterView(
                at_ms=at_ms,
                topic=letter.source.topic,
                partition=letter.source.partition,
                offset=letter.source.offset,
                key=letter.source.key,
                path=letter.path,
                error=letter.error,
                raw=letter.raw.decode(errors="backslashreplace"),
                raw_bytes=letter.raw_bytes,
                is_cut=len(letter.raw) < letter.raw_bytes,
            )
            for at_ms, letter in model.letters
            if topic in {"", letter.source.topic} and key in {"", letter.source.key}
        )
        return LetterList(letters=tuple(islice(wanted, most)))


def _matching(entries: Iterable[Entry], query: EntryQuery) -> Iterator[Entry]:
    return islice((entry for entry in entries if query.holds(entry)), query.most)


def _top(names: Iterable[str]) -> tuple[Share, ...]:
    found = Counter(names).most_common(TOP)
    return tuple(Share(name=name, count=count) for name, count in found)
