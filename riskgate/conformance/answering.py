"""Rules 7 to 9 and 12: what an engine places too late, reports, and where."""

from collections.abc import Iterator

from msgspec.structs import replace

from riskgate.conformance.clause import Clause, chapter, three, trades
from riskgate.conformance.play import Play
from topics.decisions import Decision, Exit

__all__ = ["CLAUSES"]

CLOCK_MS_MAX = 60_000  # Between a fill's time and that of the stage.

CLAUSES: list[Clause] = []
_clause = chapter(CLAUSES)


@_clause(7, "place nothing at or after valid_until_ms")
def _expired(play: Play) -> Iterator[str]:
    late = [replace(message, valid_until_ms=play.now_ms) for message in three(play)]
    play.ask(*late)
    for message in late:
        yield from trades(play, message, "past its valid_until_ms")
        if play.final_status(message) != "expired":
            yield f"it answered {play.final_status(message) or 'nothing'} instead of expired"


@_clause(7, "place no exit at or after valid_until_ms")
def _expired_exit(play: Play) -> Iterator[str]:
    message = replace(play.exit(1), valid_until_ms=play.now_ms)
    play.ask(message)
    if play.fills(message) or play.final_status(message) != "expired":
        yield f"it answered {play.final_status(message) or 'nothing'} instead of expired"


@_clause(8, "answer every approval and exit with a final status")
def _answers(play: Play) -> Iterator[str]:
    messages: list[Decision | Exit] = [*three(play), play.exit(14)]
    play.ask(*messages)
    for message in messages:
        if not play.final_status(message):
            seen = ", ".join(play.statuses(message)) or "no status"
            yield f"no final status came within {play.terms.patience_ms} ms ({seen})"


@_clause(8, "report the total filled with a final status")
def _filled_quantity(play: Play) -> Iterator[str]:
    messages = three(play)
    play.ask(*messages)
    play.quiet()
    for message in messages:
        order = play.final(message.decision_id)
        if order is None:
            continue
        filled = play.filled(message)
        if order.filled_quantity is not None and order.filled_quantity != filled:
            yield f"`{order.status}` says {order.filled_quantity:f}, and {filled:f} was filled"
        if order.status == "filled" and filled != message.approved_quantity:
            yield f"`filled` came at {filled:f} of {message.approved_quantity:f}"


@_clause(8, "say one final status of an order, and no fill that it does not count")
def _one_end(play: Play) -> Iterator[str]:
    messages = three(play)
    play.ask(*messages)
    play.quiet()
    for message in messages:
        ends = {status for status in play.statuses(message) if status != "accepted"}
        if len(ends) > 1:
            yield f"one order ended as {' and '.join(sorted(ends))}"


@_clause(9, "give each execution a fill_id of its own")
def _fill_ids(play: Play) -> Iterator[str]:
    messages = three(play)
    play.ask(*messages)
    seen: dict[tuple[str, str, str], object] = {}
    for fill in play.fills():
        content = (fill.signal_id, fill.quantity, fill.price, fill.executed_at_ms)
        if seen.setdefault((fill.fill_id, fill.symbol, fill.side), content) != content:
            yield f"two executions have the fill_id {fill.fill_id}"


@_clause(9, "give the venue's time of a fill in milliseconds")
def _fill_times(play: Play) -> Iterator[str]:
    messages = three(play)
    play.ask(*messages)
    for fill in play.fills():
        if abs(fill.executed_at_ms - play.now_ms) > CLOCK_MS_MAX:
            yield f"executed_at_ms {fill.executed_at_ms} is more than a minute from now"


@_clause(12, "write under the account's key, to the partition of murmur2")
def _keys(play: Play) -> Iterator[str]:
    messages = three(play)
    play.ask(*messages)
    yield from {
        f"a message about {each.report.account_id} has the key {each.key!r}"
        for each in play.written
        if each.key != each.report.account_id
    }
    if not all(each.is_in_place for each in play.written):
        yield "a message is in another partition than murmur2 of its key"
