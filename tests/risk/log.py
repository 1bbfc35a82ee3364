"""An account's log by hand: events with their append times, straight through the one door."""

from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.account.account import Account, Shared
from pipeline.risk.state import new_shared
from pipeline.risk.step import Arrival, Recall, Step, step
from tests import given
from topics.codec import decode_as, encode_event
from topics.decisions import Decision
from topics.events import (
    AccountEvent,
    Event,
    FillEvent,
    Heartbeat,
    HeartbeatEvent,
    LimitsEvent,
    Market,
    Quote,
    Revaluation,
    RevaluationEvent,
    SignalEvent,
    Source,
)
from topics.fields import EVERYONE, Side

T0_MS = given.T0_MS


class Log:
    """One partition's log with one account in it."""

    def __init__(self) -> None:
        self.account: Account | None = None
        self.shared: Shared = new_shared(partition=0, rules_version="0123456789abcdef")
        self.steps: list[Step] = []
        self._offset = 0

    def open(self, balance: int = 100_000, *, watched: bool = True) -> None:
        """Start the account, with somebody watching its stops unless said otherwise."""
        if watched:
            self.heartbeat(T0_MS)
        body = replace(given.account(balance=balance), as_of_ms=T0_MS)
        self.append(AccountEvent(account_id=given.ACCOUNT, source=self.source(), body=body), T0_MS)

    def limit(self, rules: given.Rules) -> None:
        """Set the limits of everyone."""
        body = given.limits(rules)
        self.append(LimitsEvent(account_id=EVERYONE, source=self.source(), body=body), T0_MS)

    def append(self, event: Event, at_ms: int, recall: Recall | None = None) -> Step:
        """Append an event and take its step."""
        content = encode_event(event)
        arrival = Arrival(
            event=decode_as(Event, content),  # type: ignore[arg-type]
            content=content,
            at_ms=at_ms,
            recall=recall or Recall(),
        )
        taken = step(self.account, self.shared, arrival)
        self.account = taken.account or self.account
        self.shared = taken.shared
        self.steps.append(taken)
        return taken

    def heartbeat(self, at_ms: int) -> Step:
        return self.append(HeartbeatEvent(account_id=EVERYONE, body=Heartbeat()), at_ms)

    def ask(
        self,
        signal_id: str,
        at_ms: int,
        *,
        quantity: int = 1,
        price: int = 100,
        recall: Recall | None = None,
    ) -> Decision:
        """Append a buy with a fresh quote and return its decision."""
        body = replace(given.signal("buy", quantity), signal_id=signal_id, created_at_ms=at_ms)
        event = SignalEvent(
            account_id=given.ACCOUNT,
            source=self.source(),
            instrument=given.instrument(groups=("coins",)),
            quote=self.quote(price, at_ms),
            body=body,
        )
        outputs = self.append(event, at_ms, recall).outputs
        return next(output for output in outputs if isinstance(output, Decision))

    def fill(self, fill_id: str, quantity: int, at_ms: int, *, price: int = 100) -> Step:
        """Append a fill; a negative quantity sells."""
        side: Side = "buy" if quantity > 0 else "sell"
        body = replace(
            given.fill(side, abs(quantity), price), fill_id=fill_id, executed_at_ms=at_ms
        )
        event = FillEvent(
            account_id=given.ACCOUNT,
            source=self.source(),
            instrument=given.instrument(groups=("coins",)),
            quote=self.quote(price, at_ms),
            body=body,
        )
        return self.append(event, at_ms)

    def revaluation(self, price: int, at_ms: int) -> Step:
        markets = (Market(symbol=given.SYMBOL, quote=self.quote(price, at_ms)),)
        event = RevaluationEvent(account_id=given.ACCOUNT, body=Revaluation(markets=markets))
        return self.append(event, at_ms)

    def quote(self, price: int, at_ms: int) -> Quote:
        self._offset += 1
        money = Decimal(price)
        return Quote(symbol=given.SYMBOL, bid=money, ask=money, as_of_ms=at_ms, offset=self._offset)

    def source(self) -> Source:
        self._offset += 1
        return Source(topic="any", topic_id="any", partition=0, offset=self._offset)


def opened() -> Log:
    """Return a log whose account is open."""
    log = Log()
    log.open()
    return log
