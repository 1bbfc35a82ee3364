"""History under other limits: its events as they would have been, as far as history can say.

docs/replay.md lists what is assumed. The inputs stay as they were, but limits documents have the
parameters set, executions follow what is approved here, and an exit that only this run sends fills
at once at the reference price.
"""

from collections import deque
from collections.abc import Iterator

from msgspec import Struct

from pipeline.backtest.answers import Answers, place_of
from pipeline.backtest.execution import Executions
from pipeline.backtest.overrides import Overrides
from pipeline.risk.account.documents import Document
from pipeline.risk.order.candidate_order import reference_price
from pipeline.risk.step import Step
from pipeline.risk.structs import replace
from pipeline.streams.roles.decide.decide import read_event
from topics.accounts import CashFlow
from topics.codec import DecodeError, encode_event
from topics.controls import Control
from topics.decisions import Exit
from topics.event_parts import Revaluation
from topics.events import (
    AccountEvent,
    ControlEvent,
    Event,
    FillEvent,
    LimitsEvent,
    Market,
    OrderEvent,
    PositionEvent,
    RevaluationEvent,
)
from topics.fills import Fill

__all__ = ["WhatIf"]


class WhatIf:
    """The changes of one what-if; `observe` must see every step that risk takes with them."""

    def __init__(self, overrides: Overrides, history: Answers) -> None:
        self.unfilled = 0  # Exits that only this run sends and that had no price.
        self._overrides = overrides
        self._history = history
        self._here = Answers()
        self._executions = Executions(history, self._here)
        self._differing: set[str] = set()  # Accounts that do not hold what history held.
        self._fills: deque[FillEvent] = deque()

    def document(self, document: Document) -> Document:
        """Return the limits that an account begins with, with the parameters set."""
        return self._overrides.over(document)

    def events(self, content: bytes, at_ms: int) -> Iterator[bytes]:
        """Yield what risk decides for a recorded event, then the fills of exits that it sends."""
        del at_ms
        try:
            event = read_event(content)
        except DecodeError:
            yield content  # Risk writes the dead letter, as it did.
            return
        changed = self._changed(event)
        if changed is event:
            yield content
        elif changed is not None:
            yield encode_event(changed)
        while self._fills:
            yield encode_event(self._fills.popleft())

    def observe(self, event: Event, step: Step, at_ms: int) -> None:
        """Take what risk decided, and fill the exits that history does not have."""
        self._here.observe(event, step, at_ms)
        for output in step.outputs:
            if isinstance(output, Exit):
                self._match(output, step)

    def _match(self, sent: Exit, step: Step) -> None:
        place = place_of(sent)
        number = next(n for n, each in enumerate(self._here.exits[place]) if each is sent)
        same = self._history.exits.get(place, [])
        if number < len(same):
            self._executions.own_exits[same[number].exit_id] = sent.exit_id
            return
        fill = _assumed(sent, step)
        if fill is None:
            self.unfilled += 1
            return
        self._differing.add(sent.account_id)
        self._fills.append(fill)

    def _changed(self, event: Event) -> Event | None:
        """Return an event as it would have been; None if nothing is left of it."""
        match event:
            case LimitsEvent(body=document) if document.rules or document.duration_ms is None:
                return replace(
                    event, body=replace(document, rules=self._overrides.merged(document))
                )
            case FillEvent(body=fill):
                return self._replaced(event, self._executions.fill(fill))
            case OrderEvent(body=order):
                return self._replaced(event, self._executions.order(order))
            case PositionEvent() | AccountEvent(body=CashFlow(kind="snapshot")):
                return _market_of(event) if event.account_id in self._differing else event
            case ControlEvent(body=control):
                return self._replaced(event, self._resumed(control))
            case _:
                return event

    def _replaced(self, event: Event, body: Struct | None) -> Event | None:
        if body is event.body:
            return event
        if isinstance(event, FillEvent):
            self._differing.add(event.account_id)
        return _market_of(event) if body is None else replace(event, body=body)

    def _resumed(self, control: Control) -> Control:
        """Let a resume name this run's stop of the same rule."""
        rule = self._history.rules.get(control.stop_id or "")
        if control.command != "resume" or rule is None:
            return control
        stop_id = self._here.stops.get((control.account_id, rule), control.stop_id)
        return control if stop_id == control.stop_id else replace(control, stop_id=stop_id)


def _market_of(event: Event) -> Event | None:
    """Return the market data of an event whose input is left out; None if it has none."""
    known = event.quote or event.instrument
    markets = (
        ()
        if known is None
        else (Market(symbol=known.symbol, instrument=event.instrument, quote=event.quote),)
    )
    if not markets and not event.rates:
        return None
    body = Revaluation(markets=markets)
    return RevaluationEvent(account_id=event.account_id, rates=event.rates, body=body)


def _assumed(sent: Exit, step: Step) -> FillEvent | None:
    """Return the fill of an exit: all of it, at once, without a fee; None without a price."""
    account = step.account
    holding = None if account is None else account.holdings.get(sent.symbol)
    price = None if holding is None else reference_price(holding.quote, sent.side)
    if holding is None or price is None:
        return None
    fill = Fill(
        account_id=sent.account_id,
        fill_id=sent.exit_id,
        order_id=sent.exit_id,
        signal_id=sent.exit_id,
        symbol=sent.symbol,
        side=sent.side,
        quantity=sent.quantity,
        price=price,
        executed_at_ms=sent.at_ms,
    )
    return FillEvent(
        account_id=sent.account_id, instrument=holding.instrument, quote=holding.quote, body=fill
    )
