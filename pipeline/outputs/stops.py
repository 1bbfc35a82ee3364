"""Stops from their opening to their end: the rows of emergency_stops put together."""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal

from msgspec import Struct

from pipeline.outputs.accounts import Rows
from pipeline.outputs.reader import OutputReader
from pipeline.outputs.record import Output, decoded, message_of
from pipeline.outputs.words import count, figure
from pipeline.risk.rules import RULES
from pipeline.risk.rules.rule import AccountLimit
from topics.account_states import AccountState
from topics.controls import TOPIC as CONTROLS
from topics.controls import Control
from topics.emergency_stops import TOPIC, EmergencyStop
from topics.fields import EVERYONE, DecodeError

__all__ = [
    "StopView",
    "acknowledge",
    "acknowledgements",
    "apply_row",
    "consequences",
    "everyones",
    "is_acknowledgement",
    "is_exit_id",
    "orders_of",
    "progress",
    "read_stops",
    "stop_rows",
    "stops_of",
]

MEASURED_ANEW = {"daily_loss", "weekly_loss", "drawdown"}  # Those that have a baseline.
_EXIT = re.compile(r".+:[0-9]+:[0-9]+")  # What riskgate itself names; a signal's id may look so.


class StopView(Struct, kw_only=True):
    """One stop of one account; a stop of `*` is one of each account, with the same id."""

    stop_id: str
    account_id: str
    status: str = "unknown"
    rule: str = "unknown"
    measured: Decimal | None = None
    limit: Decimal | None = None
    reason: str = ""
    author: str | None = None
    opened_at_ms: int | None = None  # None: its first row is no longer in the topic.
    equity: Decimal | None = None
    flattens: bool = False
    positions_at_opening: int | None = None
    positions_left: int | None = None
    exits_working: int | None = None
    flat_at_ms: int | None = None
    ends_at_ms: int | None = None  # When riskgate lifts it; None: a resume must.
    acknowledged_at_ms: int | None = None  # By the newest one, as long as `controls` keeps it.
    acknowledged_by: str | None = None
    acknowledged_reason: str = ""
    is_open: bool = False
    lifted_at_ms: int | None = None
    lifted_by: str | None = None  # None: riskgate itself, when the cause had ended.
    lifted_reason: str = ""


def read_stops(reader: OutputReader, rows: Rows, *, account: str | None = None) -> list[StopView]:
    """Return every stop that the topics still hold, newest first."""
    history = stop_rows(reader.read(TOPIC.name, account=account))
    given = acknowledgements(reader.read(CONTROLS.name, account=account))
    return stops_of(history, rows, given)


def acknowledgements(outputs: Iterable[Output]) -> Iterator[tuple[int, Control]]:
    """Yield who says that they look at a stop, and when; skip what ingest or the gate refuses."""
    for output in outputs:
        control = decoded(output)
        if isinstance(control, Control) and is_acknowledgement(control, output.at_ms):
            yield output.at_ms, control


def is_acknowledgement(control: Control, at_ms: int) -> bool:
    """Whether somebody looks at a stop by a control; the gate ignores one that came too late."""
    if control.command != "acknowledge":
        return False
    return control.expires_at_ms is None or at_ms < control.expires_at_ms


def acknowledge(stops: Iterable[StopView], given: Iterable[tuple[int, Control]]) -> None:
    """Add to each stop the newest acknowledgement that found it open, as the gate judges it."""
    known = {(stop.account_id, stop.stop_id): stop for stop in stops}
    for at_ms, control in given:
        stop = known.get((control.account_id, control.stop_id or ""))
        if stop is None or at_ms < (stop.opened_at_ms or 0):
            continue
        if stop.lifted_at_ms is None or at_ms <= stop.lifted_at_ms:
            stop.acknowledged_at_ms, stop.acknowledged_by = at_ms, control.author
            stop.acknowledged_reason = control.reason


def stop_rows(outputs: Iterable[Output]) -> Iterator[EmergencyStop]:
    """Decode rows of emergency_stops; skip what riskgate did not write."""
    for output in outputs:
        try:
            row = message_of(output)
        except DecodeError:
            continue
        if isinstance(row, EmergencyStop):
            yield row


def stops_of(
    history: Iterable[EmergencyStop], rows: Rows, given: Iterable[tuple[int, Control]] = ()
) -> list[StopView]:
    """Put rows together, newest first; account_states say which stops are open.

    A stop that account_states names is open even if its own rows are no longer there. given:
    acknowledgements, each with its time.
    """
    stops: dict[tuple[str, str], StopView] = {}
    for row in history:
        key = row.account_id, row.stop_id
        view = StopView(stop_id=row.stop_id, account_id=row.account_id)
        apply_row(stops.setdefault(key, view), row)
    for name, state in rows.accounts.items():
        for stop_id in state.stops:
            empty = StopView(stop_id=stop_id, account_id=name)
            _open(stops.setdefault((name, stop_id), empty), state)
    acknowledge(stops.values(), given)
    return sorted(stops.values(), key=_newest_first)


def apply_row(stop: StopView, row: EmergencyStop) -> None:
    """Add what a row of this stop says; its rows come in the order in which they were written."""
    stop.status = row.status
    stop.positions_left = len(row.positions)
    if row.status == "resumed":
        stop.lifted_at_ms, stop.lifted_by, stop.lifted_reason = row.at_ms, row.author, row.reason
    elif row.status == "flat":
        stop.flat_at_ms = row.at_ms
    elif row.status == "triggered":
        stop.opened_at_ms, stop.equity = row.at_ms, row.equity
        stop.reason, stop.author = row.reason, row.author
        stop.flattens = "flatten" in row.actions
        stop.positions_at_opening = len(row.positions)
        stop.ends_at_ms = row.ends_at_ms
    stop.rule, stop.measured, stop.limit = row.rule, row.measured, row.limit


def progress(stop: StopView) -> str:
    """Say how far the account of a stop is on its way to hold nothing."""
    if stop.lifted_at_ms is not None and not stop.is_open:
        return "lifted"
    if not stop.positions_left:
        return "flat" if stop.positions_left == 0 else "unknown"
    left = f"{count(stop.positions_left, 'position')} left"
    if not stop.flattens:
        return f"{left}, not closed by this stop"
    return f"{left}, {count(stop.exits_working or 0, 'exit')} working"


def is_exit_id(signal_id: str) -> bool:
    """Whether a reservation is one of riskgate's own exits, which no stop cancels."""
    return _EXIT.fullmatch(signal_id) is not None


def orders_of(state: AccountState) -> int:
    """Return how many approved orders, exits apart, are not done."""
    return sum(not is_exit_id(item.signal_id) for item in state.reservations)


def _open(stop: StopView, state: AccountState) -> None:
    stop.is_open = True
    held = [item for item in state.positions if item.quantity]
    stop.positions_left = len(held)
    stop.exits_working = sum(is_exit_id(item.signal_id) for item in state.reservations)


def _newest_first(stop: StopView) -> tuple[int, str, str]:
    return -(stop.opened_at_ms or 0), stop.account_id, stop.stop_id


def everyones(stops: Iterable[StopView], rows: Rows) -> list[StopView]:
    """Return the open stops of `*`, oldest first: one each, as one account shows it."""
    ids = list(dict.fromkeys(each for row in rows.everyone.values() for each in row.stops))
    found = {stop.stop_id: stop for stop in stops}
    empty = (StopView(stop_id=each, account_id=EVERYONE, rule="control") for each in ids)
    return [found.get(stop.stop_id, stop) for stop in empty]


def consequences(stop: StopView, state: AccountState | None) -> Iterator[str]:
    """Yield what was lost, and from where its rule measures after a resume."""
    rule = RULES.get(stop.rule)
    if rule is None or not issubclass(rule, AccountLimit) or not rule.LOSS:
        return
    now = None if state is None else state.equity
    yield (
        f"lost: {stop.rule} measured {figure(stop.measured)}, its limit was {figure(stop.limit)}; "
        f"equity was {figure(stop.equity)} at the stop and is {figure(now)} now"
    )
    if now is None:
        yield "it cannot be lifted while equity is unknown"
    elif stop.rule in MEASURED_ANEW:
        yield f"after a resume {stop.rule} measures from {figure(now)}; other limits go on"
    else:
        yield f"after a resume {stop.rule} measures as before and may stop the account at once"
