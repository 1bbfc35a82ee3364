"""The circuit breaker and the stop-outs: what closed positions and falling equity leave behind."""

from dataclasses import dataclass, field

from tests.oracle.model.exact import Number, measure
from tests.oracle.model.parameters import Limits

__all__ = ["Breaker", "Stopouts"]

ZERO = Number(0)
SAMPLES = 60


@dataclass
class Breaker:
    """What the circuit breaker remembers."""

    opened_ms: int | None = None
    run: int = 0  # Of losing closes.
    losses: list[int] = field(default_factory=list)  # When positions closed with a loss.
    entered: bool = False  # A position was opened while it was half-open.
    samples: list[tuple[int, Number]] = field(default_factory=list)  # Slot, equity less flows.

    def phase(self, limits: Limits, now_ms: int) -> str:
        """Return closed, open or half-open."""
        if self.opened_ms is None:
            return "closed"
        cooldown = limits.number("circuit_breaker", "cooldown_ms")
        over = cooldown is not None and now_ms >= self.opened_ms + cooldown
        return "half-open" if over else "open"

    def clear(self) -> None:
        """Close, and count from nothing."""
        self.opened_ms, self.run, self.entered = None, 0, False
        self.losses, self.samples = [], []

    def _open(self, now_ms: int) -> None:
        self.opened_ms, self.entered, self.samples = now_ms, False, []

    def close_of(self, result: Number, limits: Limits, now_ms: int) -> None:
        """Count a position that returned to zero or went through it."""
        if self.phase(limits, now_ms) == "half-open":
            if result > 0:
                self.clear()
            elif result < 0:
                self._open(now_ms)
            else:
                self.entered = False
            return
        if result > 0:
            self.run = 0
        if result >= 0:
            return
        self.run += 1
        if limits.number("circuit_breaker", "loss_count_max") is not None:
            self.losses.append(now_ms)
        if self.opened_ms is None and self._too_many(limits, now_ms):
            self._open(now_ms)

    def _too_many(self, limits: Limits, now_ms: int) -> bool:
        most = limits.number("circuit_breaker", "consecutive_losses_max")
        if most is not None and self.run >= most:
            return True
        most, window = (
            limits.number("circuit_breaker", name) for name in ("loss_count_max", "window_ms")
        )
        if most is None or window is None:
            return False
        return len([at for at in self.losses if at > now_ms - window]) >= most

    def entry(self, limits: Limits, now_ms: int) -> None:
        """Note that a position was opened."""
        self.entered = self.entered or self.phase(limits, now_ms) == "half-open"

    def equity(self, equity: Number, flows: Number, limits: Limits, now_ms: int) -> None:
        """Open when equity is too far below its highest of the window; flows are no change."""
        ratio, window = (
            limits.number("circuit_breaker", name)
            for name in ("rapid_loss_ratio", "rapid_window_ms")
        )
        if ratio is None or window is None or self.phase(limits, now_ms) == "open":
            return
        slot = now_ms // max(int(window) // SAMPLES, 1)
        self.samples.append((slot, equity - flows))
        self.samples = [(at, won) for at, won in self.samples if slot - SAMPLES < at <= slot]
        highest = max(won for _, won in self.samples) + flows
        if measure(highest - equity) > measure(ratio * max(highest, ZERO)):
            self._open(now_ms)


@dataclass
class Stopouts:
    """When exits by a stop had their first fill."""

    found: list[tuple[str, int]] = field(default_factory=list)

    def note(self, symbol: str, limits: Limits, now_ms: int) -> None:
        """Note one, and forget those that neither window nor cooldown cover any more."""
        lookback = limits.number("stopout_guard", "lookback_ms") or ZERO
        cooldown = limits.number("stopout_guard", "cooldown_ms") or ZERO
        self.found = [(name, at) for name, at in self.found if at > now_ms - lookback - cooldown]
        self.found.append((symbol, now_ms))

    def count(self, symbol: str, limits: Limits, now_ms: int) -> Number:
        """Return the most within one window; with a cooldown, of one whose last still counts."""
        lookback = limits.needed("stopout_guard", "lookback_ms")
        cooldown = limits.number("stopout_guard", "cooldown_ms")
        alone = limits.value("stopout_guard", "per_symbol")
        times = [at for name, at in self.found if name == symbol or not alone]
        if cooldown is None:
            return Number(len([at for at in times if at > now_ms - lookback]))
        ends = [n for n, at in enumerate(times) if now_ms < at + cooldown]
        counts = [len([at for at in times[: n + 1] if at > times[n] - lookback]) for n in ends]
        return Number(max(counts, default=0))
