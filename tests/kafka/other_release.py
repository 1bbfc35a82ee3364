"""A risk worker of another release; its argument says how it decides: see MEANINGS."""

import os
import signal
import sys
from collections.abc import Callable

from pipeline.risk import on_signal
from pipeline.risk import step as step_module
from pipeline.risk.account.cause import Cause
from pipeline.risk.gate.judge import GateResult, judge
from pipeline.risk.limits.in_force import Limits
from pipeline.risk.numbers import ZERO
from pipeline.risk.order.candidate_order import OrderTerms
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.stops import open_stop
from pipeline.risk.turn import Turn
from pipeline.streams.engine import loop
from pipeline.streams.role_names import RoleName
from pipeline.streams.roles import workers
from pipeline.streams.roles.decide import decide
from pipeline.streams.roles.run import run_roles
from topics.signals import Signal

OTHER = "9.9.9+0123456789ab"
DIES_BEHIND = "s1"


def alike() -> None:
    """Decide the same."""


def stricter() -> None:
    """Reject everything."""
    rejected = GateResult("rejected", ZERO, ("order_notional",), None, ())
    on_signal.__dict__["judge"] = lambda *_: rejected


def pickier() -> None:
    """Reject orders of an odd quantity."""
    rejected = GateResult("rejected", ZERO, ("order_notional",), None, ())

    def pick(view: RiskView, terms: OrderTerms, limits: Limits) -> GateResult:
        return rejected if (terms.asked or ZERO) % 2 else judge(view, terms, limits)

    on_signal.__dict__["judge"] = pick


def halting() -> None:
    """Reject everything, and halt the account at its first signal."""
    stricter()
    decided = on_signal.on_signal

    def halt(turn: Turn, body: Signal, **known: object) -> None:
        open_stop(turn, Cause("order_notional", "another release is stricter"), strength="halt")
        decided(turn, body, **known)  # type: ignore[arg-type]

    _replace_on_signal(halt)


def halting_and_killed() -> None:
    """Halt as well, save a checkpoint after DIES_BEHIND, and be killed behind it."""
    halting()
    halted, seen = on_signal.on_signal, list[str]()

    def note(turn: Turn, body: Signal, **known: object) -> None:
        halted(turn, body, **known)  # type: ignore[arg-type]
        seen.append(body.signal_id)

    _replace_on_signal(note)
    between = loop.Loop._between

    def die(self: loop.Loop) -> None:
        between(self)
        if DIES_BEHIND in seen:
            assert self._save_all()
            os.kill(os.getpid(), signal.SIGKILL)

    loop.CHUNK_RECORDS = 1
    loop.Loop._between = die  # type: ignore[method-assign]


MEANINGS: dict[str, Callable[[], None]] = {
    meaning.__name__: meaning for meaning in (alike, stricter, pickier, halting, halting_and_killed)
}


def _replace_on_signal(decide_signal: Callable[..., None]) -> None:
    for module in (on_signal, step_module):
        module.__dict__["on_signal"] = decide_signal


def main() -> int:
    """Run until stopped."""
    for module in (decide, workers):
        module.__dict__["rules_version"] = lambda: OTHER
    MEANINGS[sys.argv[1]]()
    return run_roles([RoleName.RISK])


if __name__ == "__main__":
    sys.exit(main())
