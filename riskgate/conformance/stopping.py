"""Rules 6 and 11: stops, and accounts with two histories."""

from collections.abc import Callable, Iterator

from msgspec.structs import replace

from riskgate.conformance.clause import Clause, UndecidedError, chapter, none_trades, three, trades
from riskgate.conformance.play import Play
from topics.decisions import Decision

__all__ = ["CLAUSES"]

OTHER_CHAIN = "another chain"

CLAUSES: list[Clause] = []
_clause = chapter(CLAUSES)


@_clause(6, "drop an approval from before a stop, though it is read later")
def _older_than_stop(play: Play) -> Iterator[str]:
    message = play.approval(3)
    play.tell(play.stop(5), message)
    play.quiet()
    yield from trades(play, message, "with a lower sequence than the stop")
    if not {*play.statuses(message)} <= {"cancelled"}:  # Or it is silent, as on a repetition.
        yield f"it answered {play.statuses(message)[0]} instead of cancelled"


@_clause(6, "cancel working orders if a stop says cancel_all")
def _cancel_all(play: Play) -> Iterator[str]:
    yield from _must_be_cancelled(play, lambda: play.tell(play.stop(2)), "a stop with cancel_all")


def _require_rest(play: Play, message: Decision, unless: str = "") -> None:
    """Raise UndecidedError when the venue itself ended an order that was meant to rest."""
    status = play.final_status(message)
    if status and status != unless:
        raise UndecidedError(f"a limit order far from the market does not rest; it was {status}")


def _must_be_cancelled(play: Play, act: Callable[[], None], what: str) -> Iterator[str]:
    message = play.approval(1, rests=True)
    play.tell(message)
    play.until_working(message)
    _require_rest(play, message)
    act()
    play.stage.wait(lambda: bool(play.final_status(message)), play.terms.quiet_ms)
    _require_rest(play, message, unless="cancelled")
    if play.final_status(message) != "cancelled":
        yield f"a working order was not cancelled within {play.terms.quiet_ms} ms of {what}"


@_clause(6, "leave exits alone when a stop comes")
def _exits_stay(play: Play) -> Iterator[str]:
    message = play.exit(1)
    play.tell(message, play.stop(2))
    play.until_answered(message)
    if play.filled(message) != message.quantity:
        yield f"an exit before a stop ended {play.final_status(message) or 'nowhere'}"


@_clause(6, "obey approvals with a higher sequence than the stop")
def _after_stop(play: Play) -> Iterator[str]:
    messages = three(play)
    play.tell(play.stop(1), play.stop(2, "flattening"), play.stop(3, "flat"))
    play.tell(play.stop(4, "resumed"), *messages)
    play.until_answered(*messages)
    yield from none_trades(play, messages, "after a stop that was lifted")


@_clause(6, "do nothing on later rows of a stop")
def _later_rows(play: Play) -> Iterator[str]:
    act = (play.stop(2, "flattening"), play.stop(3, "flat"))
    yield from _must_stay(play, (play.account_id, 1), lambda: play.tell(*act), what="later rows")


@_clause(6, "cancel nothing when a stop comes again after a resume")
def _repeated_stop(play: Play) -> Iterator[str]:
    stopped = play.stop(1)
    play.tell(stopped, play.stop(2, "resumed"))
    yield from _must_stay(
        play, (play.account_id, 3), lambda: play.tell(stopped), what="a repeated stop"
    )


@_clause(6, "leave other accounts alone when one is stopped")
def _other_accounts(play: Play) -> Iterator[str]:
    other = (f"{play.account_id}-other", 1)
    yield from _must_stay(
        play, other, lambda: play.tell(play.stop(2)), what="another account's stop"
    )


def _must_stay(
    play: Play, place: tuple[str, int], act: Callable[[], None], *, what: str
) -> Iterator[str]:
    """Complain when `act` cancels an order that works; place: its account and sequence."""
    account_id, sequence = place
    message = replace(play.approval(sequence, rests=True), account_id=account_id)
    play.tell(message)
    play.until_working(message)
    _require_rest(play, message)
    act()
    play.quiet()
    _require_rest(play, message, unless="cancelled")
    if play.final_status(message) == "cancelled":
        yield f"a working order was cancelled after {what}"


@_clause(11, "refuse an account whose sequence comes with another chain")
def _fork(play: Play) -> Iterator[str]:
    forked = replace(play.approval(2), sequence=1, chain=OTHER_CHAIN)
    later = [play.approval(n) for n in (3, 4)]
    play.tell(play.exit(1), forked, *later)
    play.until_answered(forked, *later)
    for message in (forked, *later):
        yield from trades(play, message, "of an account with two histories")
        if play.final_status(message) != "rejected":
            yield f"it answered {play.final_status(message) or 'nothing'} instead of rejected"


@_clause(11, "cancel the working orders of an account that it refuses")
def _fork_cancels(play: Play) -> Iterator[str]:
    forked = replace(play.approval(2), sequence=1, chain=OTHER_CHAIN)
    yield from _must_be_cancelled(play, lambda: play.tell(forked), "a forked chain")


@_clause(11, "obey several messages of one sequence and chain")
def _one_step(play: Play) -> Iterator[str]:
    approval, leaving = play.approval(1), play.exit(1)
    play.ask(approval, leaving)
    if play.filled(leaving) != leaving.quantity:
        yield f"an exit of the same step ended {play.final_status(leaving) or 'nowhere'}"


@_clause(11, "go on with other accounts when it refuses one")
def _fork_of_another(play: Play) -> Iterator[str]:
    forked = replace(play.approval(2), sequence=1, chain=OTHER_CHAIN)
    other = f"{play.account_id}-other"
    messages = [replace(message, account_id=other) for message in three(play)]
    play.tell(play.approval(1), forked, *messages)
    play.until_answered(*messages)
    yield from none_trades(play, messages, "of another account than the refused one")
