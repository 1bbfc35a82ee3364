"""Who waits for which decision: the part of the gate that knows neither Kafka nor a clock."""

import threading
from collections import Counter, OrderedDict
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from decimal import Decimal
from typing import Literal, TypeAlias, cast

from msgspec import Struct

from topics.checks import Check
from topics.codec import DecodeError, decode_as
from topics.decisions import Decision, Exit, Stop
from topics.signals import Signal

__all__ = ["NO_ANSWER", "Answers", "Ask", "no_answer"]

# No rule has a blank in its name, so nothing that riskgate answers is mistaken for this.
NO_ANSWER = "no answer"
REMEMBERED_MAX = 10_000  # Answers; a repetition comes within seconds.

Log: TypeAlias = Decision | Exit | Stop
Side: TypeAlias = Literal["buy", "sell", "hold"]


class Ask(Struct, eq=False):
    """One signal that is asked about, and how many wait for its decision."""

    signal: Signal
    future: "Future[Decision]"
    waiters: int = 0

    @property
    def is_first(self) -> bool:
        """Whether nobody else asks the same; only the first sends the signal."""
        return self.waiters == 1


class Answers:
    """The open asks by account and signal; safe with many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asks: dict[tuple[str, str], Ask] = {}
        self._accounts: Counter[str] = Counter()  # With open asks, so that the rest stays bytes.
        self._answered: OrderedDict[tuple[str, int, str], None] = OrderedDict()
        self._closed = False

    @contextmanager
    def ask(self, signal: Signal) -> Iterator[Ask]:
        """Keep an ask open while inside `with`; whatever comes afterwards is nobody's answer."""
        name = (signal.account_id, signal.signal_id)
        with self._lock:
            ask = self._asks.get(name)
            if ask is None:
                ask = self._asks[name] = Ask(signal, Future())
                self._accounts[signal.account_id] += 1
            ask.waiters += 1
            if self._closed and not ask.future.done():
                ask.future.set_result(no_answer(signal, "The gate is closed"))
        try:
            yield ask
        finally:
            with self._lock:
                ask.waiters -= 1
                if not ask.waiters:
                    self._remove(ask)

    def take(self, account_id: str, value: bytes) -> None:
        """Hand a message of the topic decisions to those who wait for it, once."""
        if account_id not in self._accounts:  # Most are: other programs ask, too.
            return
        try:
            message = decode_as(cast(type[Log], Log), value)
        except DecodeError:
            return  # No message of this contract, so no answer to anyone.
        if isinstance(message, Decision):
            self._answer(message)

    def refuse(self, ask: Ask, why: str) -> None:
        """Answer an ask with a rejection that says why, unless it has its answer."""
        with self._lock:
            if not ask.future.done():
                ask.future.set_result(no_answer(ask.signal, why))
                self._remove(ask)

    def close(self) -> None:
        """Refuse all that wait, and all that ask later."""
        self._closed = True
        self.refuse_all("The gate was closed")

    def refuse_all(self, why: str) -> None:
        """Answer all that wait with a rejection that says why."""
        for ask in list(self._asks.values()):
            self.refuse(ask, why)

    def _answer(self, decision: Decision) -> None:
        place = (decision.account_id, decision.sequence, decision.decision_id)
        with self._lock:
            ask = self._asks.get((decision.account_id, decision.signal_id))
            # A repetition must not answer the same signal when it is asked again.
            if ask is None or place in self._answered:
                return
            self._answered[place] = None
            if len(self._answered) > REMEMBERED_MAX:
                self._answered.popitem(last=False)
            self._remove(ask)
            if not ask.future.done():
                ask.future.set_result(decision)

    def _remove(self, ask: Ask) -> None:
        """Close an ask once, so that the next one on the same signal is sent again."""
        name = (ask.signal.account_id, ask.signal.signal_id)
        if self._asks.get(name) is ask:
            del self._asks[name]
            self._accounts[name[0]] -= 1
            if not self._accounts[name[0]]:
                del self._accounts[name[0]]


def no_answer(signal: Signal, why: str) -> Decision:
    """Return the rejection of a signal that nobody decided; its only check says why."""
    return Decision(
        decision_id=signal.signal_id,
        signal_id=signal.signal_id,
        account_id=signal.account_id,
        strategy_id=signal.strategy_id,
        symbol=signal.symbol,
        side=cast(Side, signal.side),  # A word, once it was checked.
        verdict="rejected",
        requested_quantity=signal.quantity,
        approved_quantity=Decimal(0),
        limit_price=signal.limit_price,
        stop_price=signal.stop_price,
        reduce_only=signal.reduce_only,
        risk_score=None,
        reasons=(NO_ANSWER,),
        binding_rule=None,
        checks=(Check(NO_ANSWER, "breach", message=why),),
        trading_state="halted",  # Unknown, so nothing may be opened as far as this caller knows.
        equity=None,
        drawdown_ratio=None,
        daily_pnl=None,
        weekly_pnl=None,
        limits_version="0.0",
        valid_until_ms=0,
        sequence=0,  # riskgate counts from 1.
        chain="",
        rules_version="",
        at_ms=signal.created_at_ms,
    )
