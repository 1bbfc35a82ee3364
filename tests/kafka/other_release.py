"""A risk worker of another release, which rejects everything or decides the same: its argument."""

import sys

from pipeline.risk import on_signal
from pipeline.risk.gate.judge import GateResult
from pipeline.risk.numbers import ZERO
from pipeline.streams.role_names import RoleName
from pipeline.streams.roles import workers
from pipeline.streams.roles.decide import decide
from pipeline.streams.roles.run import run_roles

OTHER = "9.9.9+0123456789ab"


def main() -> int:
    """Run until stopped."""
    for module in (decide, workers):
        module.__dict__["rules_version"] = lambda: OTHER
    if sys.argv[1] == "stricter":
        rejected = GateResult("rejected", ZERO, ("order_notional",), None, ())
        on_signal.__dict__["judge"] = lambda *_: rejected
    return run_roles([RoleName.RISK])


if __name__ == "__main__":
    sys.exit(main())
