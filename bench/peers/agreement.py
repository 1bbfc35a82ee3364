"""Do all sides that have the rules decide the same? Otherwise their costs could not be compared."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from bench.peers.sides import RISK, STREAMS, STREAMS_10_MS, Side

__all__ = ["check_agreement", "difference", "essence"]

DECIDING = (*RISK.values(), STREAMS, STREAMS_10_MS)
SIGNALS = 200
SECONDS_MAX = 60.0
FIELDS = (
    "verdict", "approved_quantity", "limit_price", "stop_price", "reasons", "equity",
    "drawdown_ratio", "daily_pnl", "weekly_pnl", "trading_state",
)  # fmt: skip


def check_agreement(sides: Sequence[Side]) -> None:
    """Let the sides with rules decide the same signals. Raise RuntimeError if they differ."""
    decided = {side.name: _decided(side) for side in sides if side.name in DECIDING}
    (first, expected), *others = decided.items()
    for name, found in others:
        for signal_id, decision in expected.items():
            if other := difference(decision, found[signal_id]):
                raise RuntimeError(f"{name} decides {signal_id} otherwise than {first}: {other}")


def difference(expected: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """Return what differs between two decisions, as text; empty when they agree."""
    first, second = essence(expected), essence(found)
    return ", ".join(
        f"{name} is {second.get(name)} instead of {first.get(name)}"
        for name in first | second  # Also a check that only one of them has.
        if first.get(name) != second.get(name)
    )


def essence(decision: Mapping[str, Any]) -> dict[str, Any]:
    """Return what must be equal: all numbers but times, which no two sides share."""
    checks = {
        check["rule"]: (check["verdict"], check["limit"], _measured(check))
        for check in decision["checks"]
    }
    return {**{name: decision[name] for name in FIELDS}, **checks}


def _measured(check: Mapping[str, Any]) -> str | None:
    timed = check["unit"] == "ms" or check["rule"] == "order_rate"
    return None if timed else check["measured"]


def _decided(side: Side) -> dict[str, dict[str, Any]]:
    side.feed.refresh()
    side.feed.ask(SIGNALS)
    rows = side.take(SIGNALS, seconds_max=SECONDS_MAX)
    decisions = (orjson.loads(row.value() or b"{}") for row in rows)
    return {decision["signal_id"]: decision for decision in decisions}
