"""Everything the demo has seen, in order of arrival: the source of the view and the summary."""

from collections import Counter, deque
from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct

from pipeline.demo.loss_timeline import LossTimeline
from topics.account_states import AccountState
from topics.alerts import Alert
from topics.decisions import Decision, Exit, Stop
from topics.signals import Signal

__all__ = ["Ledger", "News", "StopStory"]

NEWS_MAX = 50


class StopStory(Struct):
    """One stop from its cause until flat; times are those of time.monotonic()."""

    account_id: str
    rule: str
    actions: tuple[str, ...]
    measured: Decimal | None
    limit: Decimal | None
    stopped_s: float
    cause_s: float | None  # When the loss began; None for a stop without one.
    flat_s: float | None = None


class News(NamedTuple):
    """One line for people."""

    at_s: float
    account_id: str
    text: str
    level: str  # stop, exit or good.


class Ledger:
    """Record signals, decisions, states and alerts in order of arrival."""

    def __init__(self, losses: LossTimeline) -> None:
        self._losses = losses
        self.sent_s: dict[tuple[str, str], float] = {}  # By account and signal.
        self.repeated = 0
        self.decided: Counter[tuple[str, str]] = Counter()
        self.verdicts: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.exits: Counter[str] = Counter()
        self.alerts: Counter[str] = Counter()  # By rule.
        self.latencies_s: list[tuple[float, float]] = []  # When read, and how long it took.
        self.states: dict[str, AccountState] = {}
        self.stops: dict[str, StopStory] = {}
        self.news: deque[News] = deque(maxlen=NEWS_MAX)

    @property
    def undecided(self) -> int:
        """Signals without a decision."""
        return len(self.sent_s) - len(self.decided)

    @property
    def stopped(self) -> set[str]:
        """Accounts that are not active."""
        return {name for name, state in self.states.items() if state.trading_state != "active"}

    @property
    def unfinished(self) -> int:
        """The number of stops that are still flattening."""
        return sum("flatten" in stop.actions and not stop.flat_s for stop in self.stops.values())

    def peak(self, account_id: str) -> Decimal:
        """Return riskgate's peak equity of an account: a single quote does not set a peak there."""
        state = self.states.get(account_id)
        return state.peak_equity if state else Decimal(0)

    def signal(self, signal: Signal, at_s: float) -> None:
        """Record a signal when it is written; the first time counts when it is written twice."""
        name = (signal.account_id, signal.signal_id)
        self.repeated += name in self.sent_s
        self.sent_s.setdefault(name, at_s)

    def read(self, message: Decision | Exit | Stop, at_s: float) -> None:
        """Record one message of the decisions topic."""
        if isinstance(message, Decision):
            self._decision(message, at_s)
        elif isinstance(message, Exit):
            self.exits[message.reason] += 1
            text = f"{message.side} {message.quantity:f} {message.symbol} ({message.reason})"
            self.news.append(News(at_s, message.account_id, f"exit: {text}", "exit"))
        else:
            self._stop(message, at_s)

    def state(self, state: AccountState) -> None:
        """Record an account's newest state; the row of `*` is not an account."""
        if state.account_id != "*":
            self.states[state.account_id] = state

    def alert(self, alert: Alert) -> None:
        """Count an alert."""
        self.alerts[alert.rule] += 1

    def _decision(self, decision: Decision, at_s: float) -> None:
        self.verdicts[decision.verdict] += 1
        self.reasons.update(decision.reasons)
        if decision.decision_id != decision.signal_id:
            return  # The answer to a repeated signal.
        name = (decision.account_id, decision.signal_id)
        self.decided[name] += 1
        if name in self.sent_s and self.decided[name] == 1:
            self.latencies_s.append((at_s, at_s - self.sent_s[name]))

    def _stop(self, stop: Stop, at_s: float) -> None:
        if stop.status == "triggered":
            self.stops[stop.stop_id] = StopStory(
                account_id=stop.account_id,
                rule=stop.rule,
                actions=stop.actions,
                measured=stop.measured,
                limit=stop.limit,
                stopped_s=at_s,
                cause_s=self._losses.since_s(stop.account_id, at_s),
            )
            text = f"STOP by {stop.rule}: {_why(stop)}"
            self.news.append(News(at_s, stop.account_id, text, "stop"))
        elif stop.status == "flat":
            story = self.stops.get(stop.stop_id)
            if story is not None and story.flat_s is None:
                story.flat_s = at_s
            self.news.append(News(at_s, stop.account_id, "flat: nothing left to close", "good"))


def _why(stop: Stop) -> str:
    if stop.measured is None or stop.limit is None:
        return stop.reason
    if abs(stop.limit) < 1:
        return f"{stop.measured:.2%} is beyond {stop.limit:.2%}"
    return f"{stop.measured:,.0f} is beyond {stop.limit:,.0f}"
