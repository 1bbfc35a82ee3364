"""Failure boundaries: undo the part of an event that raised, halt the account, apply the rest.

An event is usually applied without any boundary. If it raises, it is applied again from its start,
this time part by part: what became due, the market data, the event itself, and what follows from
it. So a halt, a flatten or a resume still acts, whatever else is broken.
"""

from collections.abc import Callable
from decimal import Decimal

from pipeline.risk.account.cause import Cause
from pipeline.risk.arrival import Arrival
from pipeline.risk.ledger.drift import adopt, due_drifts, forget_drift
from pipeline.risk.ledger.market import take_all
from pipeline.risk.ledger.roll import roll
from pipeline.risk.numbers import ZERO
from pipeline.risk.on_control import catch_up, end_what_is_over
from pipeline.risk.on_limits import keep_sums
from pipeline.risk.on_order import end_wait, overdue, stop_waiting
from pipeline.risk.on_signal import refuse
from pipeline.risk.protection.after_event import protect
from pipeline.risk.protection.flatten import flatten
from pipeline.risk.protection.position_stops import send_exits
from pipeline.risk.stops import alert_breach, open_stop
from pipeline.risk.turn import Turn
from pipeline.risk.unaccepted import is_unaccepted, refuse_unaccepted
from topics.events import ControlEvent, SignalEvent


class PartByPart:
    """One event applied part by part; it exists for one step, like its turn."""

    def __init__(self, turn: Turn, *, refuses: bool = False) -> None:
        self.turn = turn
        self.refuses = refuses  # A signal is rejected without being judged.
        self.failed: str | None = None  # The event itself raised.
        self.raised: list[str] = []  # The other parts that raised.
        self.rolled = False
        self.sound = False  # What raised is known, and is not what follows from the event.

    def run(self, arrival: Arrival, apply: Callable[[Turn, Arrival], None]) -> None:
        """Apply an event; `apply`: its meaning without its market data."""
        turn = self.turn
        self._attempt("keeping sums", lambda: keep_sums(turn))
        self._attempt("the roll of the day", self._roll)
        self._attempt("a control of all accounts", lambda: catch_up(turn))
        self._attempt("what is over", lambda: end_what_is_over(turn))
        self._fall_due()
        self._attempt("the market", lambda: take_all(turn, arrival.event))
        self._apply(arrival, apply)
        if self.raised:  # A resume was sent before this raised, so it must not lift the halt.
            open_stop(turn, Cause("internal_error", self.raised[-1]), strength="halt")
        before = len(self.raised)
        self._attempt("keeping sums", lambda: keep_sums(turn))
        self._attempt("judging the account", lambda: protect(turn))
        self._attempt("flattening", lambda: flatten(turn, self._send))
        self._attempt("exits", lambda: send_exits(turn, self._send))
        self.sound = self.failed is not None or 0 < len(self.raised) == before

    def _roll(self) -> None:
        self.rolled = roll(self.turn)

    def _fall_due(self) -> None:
        """Apply what became due, one by one; drop what raises."""
        turn = self.turn
        for reservation in overdue(turn):
            if not self._attempt("an expiry", lambda item=reservation: end_wait(turn, item)):  # type: ignore[misc]
                stop_waiting(turn, reservation)
        for name in due_drifts(turn):
            if not self._attempt("an adoption", lambda name=name: adopt(turn, name)):  # type: ignore[misc]
                forget_drift(turn, name)

    def _attempt(self, part: str, work: Callable[[], object]) -> bool:
        saved = self.turn.save()
        try:
            work()
        except Exception as error:  # noqa: BLE001  Its state can no longer be trusted: halt it.
            self.turn.undo(saved)
            problem = f"{part} raised {problem_of(error)}"
            self.raised.append(problem)
            halt(self.turn, problem)
            return False
        return True

    def _send(self, part: str, exit_: Callable[[], Decimal]) -> Decimal:
        """Send one exit; if it raises, the other positions are still closed."""
        sent: list[Decimal] = []
        self._attempt(part, lambda: sent.append(exit_()))
        return sent[0] if sent else ZERO

    def _apply(self, arrival: Arrival, apply: Callable[[Turn, Arrival], None]) -> None:
        saved, event = self.turn.save(), arrival.event
        if self.refuses and isinstance(event, SignalEvent):
            _refuse(self.turn, event, arrival)
            return
        try:
            apply(self.turn, arrival)
        except Exception as error:  # noqa: BLE001  Its state can no longer be trusted: halt it.
            self.turn.undo(saved)
            self.failed = problem_of(error)
            _answer(self.turn, arrival, self.failed)
            halt(self.turn, f"applying {type(event).__name__} raised {self.failed}")


def leave_out(turn: Turn, arrival: Arrival) -> str:
    """Halt an account, reject a signal, and return why the shell set the event aside."""
    problem = arrival.set_aside or ""
    _answer(turn, arrival, problem)
    halt(turn, problem)
    return problem


def _answer(turn: Turn, arrival: Arrival, problem: str) -> None:
    """Answer an event that is not applied: reject a signal, report a control by its id."""
    event = arrival.event
    if isinstance(event, SignalEvent):
        _refuse(turn, event, arrival)
    elif isinstance(event, ControlEvent):  # Each one: its author waits for what it asked for.
        reason = f"{event.body.control_id} is not applied, the account is halted: {problem}"
        turn.alert(Cause("internal_error", reason), level="critical")


def _refuse(turn: Turn, event: SignalEvent, arrival: Arrival) -> None:
    """Reject a signal; one from a topic that is not accepted must not use up its id either."""
    if is_unaccepted(turn.limits.account, event):
        refuse_unaccepted(turn, event)
    else:
        refuse(turn, event.body, seen=arrival.recall.seen_at_ms is not None)


def problem_of(error: Exception) -> str:
    """Return an exception's type and message."""
    return f"{type(error).__name__}: {error}"


def halt(turn: Turn, problem: str) -> None:
    """Halt an account whose state can no longer be trusted, and report why."""
    alert_breach(turn, Cause("internal_error", problem), key="internal_error", action="halt")
    open_stop(turn, Cause("internal_error", problem), strength="halt")
