"""Rules 1 to 5: what an engine places, and how often."""

from collections.abc import Iterator

from msgspec.structs import replace

from riskgate.conformance.clause import Clause, chapter, none_trades, three
from riskgate.conformance.play import Play
from topics.decisions import Decision, Exit

__all__ = ["CLAUSES"]

CLAUSES: list[Clause] = []
_clause = chapter(CLAUSES)


@_clause(1, "drop a message that it has seen")
def _repeated_message(play: Play) -> Iterator[str]:
    messages = three(play)
    play.tell(*messages, *messages)
    play.until_answered(*messages)
    play.tell(*messages)
    play.quiet()
    for message in messages:
        if play.filled(message) > message.approved_quantity:
            filled, approved = play.filled(message), message.approved_quantity
            yield f"an approval of {approved:f} that came three times filled {filled:f}"


@_clause(3, "place a modified decision at its approved quantity")
def _approved_quantity(play: Play) -> Iterator[str]:
    messages = three(play, "modified")
    play.ask(*messages)
    for message in messages:
        filled, approved = play.filled(message), message.approved_quantity
        is_whole = play.final_status(message) == "filled"
        if filled > approved or (is_whole and filled != approved):
            yield f"{filled:f} was filled where {approved:f} was approved"
    yield from none_trades(play, messages, "of the kind `modified`")


@_clause(3, "place nothing for a rejected or ignored decision")
def _rejected_decision(play: Play) -> Iterator[str]:
    messages = [
        play.approval(n, verdict=verdict) for n, verdict in ((1, "rejected"), (2, "ignored"))
    ]
    asking = [replace(message, approved_quantity=play.terms.quantity) for message in messages]
    play.tell(*asking)
    play.quiet()
    for message in asking:
        if play.statuses(message) or play.fills(message):
            yield f"a decision `{message.verdict}` led to an order"


@_clause(3, "place every exit at its quantity and side")
def _exit(play: Play) -> Iterator[str]:
    message = play.exit(1)
    play.ask(message)
    if play.filled(message) != message.quantity:
        yield f"an exit of {message.quantity:f} was filled for {play.filled(message):f}"


@_clause(3, "trade the side and symbol of the decision")
def _side(play: Play) -> Iterator[str]:
    messages = [play.approval(1), play.approval(2, side="sell"), play.approval(3)]
    play.ask(*messages)
    for message in messages:
        for fill in play.fills(message):
            if (fill.side, fill.symbol) != (message.side, message.symbol):
                yield f"a {message.side} of {message.symbol} became a {fill.side} of {fill.symbol}"


@_clause(3, "keep to the limit price")
def _limit_price(play: Play) -> Iterator[str]:
    message = play.approval(1, rests=True)
    play.tell(message)
    play.quiet()
    for fill in play.fills(message):
        if message.limit_price is not None and fill.price > message.limit_price:
            yield f"a buy with the limit {message.limit_price:f} was filled at {fill.price:f}"


@_clause(4, "use decision_id or exit_id as the client order id")
def _client_id(play: Play) -> Iterator[str]:
    messages: list[Decision | Exit] = [*three(play), play.exit(14)]
    play.ask(*messages)
    yield from {
        f"{type(each.report).__name__} names {each.report.signal_id}, which nobody asked for"
        for each in play.written
        if each.report.signal_id not in play.asked()
    }


@_clause(5, "place no orders of its own, not even to flatten")
def _own_orders(play: Play) -> Iterator[str]:
    messages = three(play)
    play.ask(*messages)
    asked = set(play.asked())
    play.tell(play.stop(20))
    play.quiet()
    for fill in play.fills():
        if fill.signal_id not in asked:
            yield f"after a stop it traded {fill.quantity:f} {fill.symbol} without an exit"
