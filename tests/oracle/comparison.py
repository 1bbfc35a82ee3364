"""The oracle beside the program: event by event, the first difference ends a history."""

from typing import Any

from tests.oracle.model.step import Oracle
from tests.oracle.program import Applied, Program

__all__ = ["Comparison", "first_difference"]

Json = dict[str, Any]
DECISION_FIELDS = (
    "verdict", "requested_quantity", "approved_quantity", "stop_price", "risk_score", "reasons",
    "binding_rule", "trading_state", "equity", "drawdown_ratio", "daily_pnl", "weekly_pnl",
)  # fmt: skip
CHECK_FIELDS = ("rule", "verdict", "measured", "limit", "headroom", "unit")
STOP_FIELDS = (
    "status", "rule", "measured", "limit", "actions", "positions", "author", "equity",
)  # fmt: skip
EXIT_FIELDS = ("symbol", "side", "quantity", "reason")


class Comparison:
    """One history: lines in, the first difference out."""

    def __init__(self) -> None:
        self.oracle = Oracle()
        self.program = Program()
        self.outputs: list[tuple[str, Json]] = []  # Of the program, all of them.
        self.events = 0

    def feed(self, line: Json) -> str | None:
        """Apply a line to both; return the first difference in words."""
        if line["topic"] == "heartbeat":
            self.oracle.heartbeat_ms = line["timestamp_ms"]
        return self._compare(self.program.feed(line))

    def finish(self) -> str | None:
        """Apply what is due at the end."""
        return self._compare(self.program.finish())

    def _compare(self, applied: list[Applied]) -> str | None:
        for one in applied:
            self.events += 1
            self.outputs += one.outputs
            expected, row = self.oracle.apply(one.event, one.at_ms)
            found = self._difference(one, expected, row)
            if found is not None:
                event = one.event
                return f"{event['type']} of {event['account_id']} at {one.at_ms}: {found}"
        return None

    def _difference(
        self, one: Applied, expected: list[tuple[str, Json]], row: Json | None
    ) -> str | None:
        kinds = [kind for kind, _ in one.outputs]
        if kinds != [kind for kind, _ in expected]:
            return f"outputs: program {_brief(one.outputs)}, oracle {_brief(expected)}"
        for (kind, real), (_, mine) in zip(one.outputs, expected, strict=True):
            found = _output_difference(kind, real, mine)
            if found is not None:
                return found
            self._name(one.event["account_id"], real, mine, row)
        if row is None or one.row is None:
            return None if row is one.row else "one of both has no row"
        return _differing(row, one.row, "row")

    def _name(self, account_id: str, real: Json, mine: Json, row: Json | None) -> None:
        """Let the oracle use the ids that the program derived."""
        for name in ("stop_id", "exit_id"):
            if name in mine and mine[name] != real[name]:
                self.oracle.rename(account_id, mine[name], real[name])
                if row is not None:
                    account = self.oracle.accounts[account_id]
                    row.update(self.oracle.row(account))


def _brief(outputs: list[tuple[str, Json]]) -> list[str]:
    names = ("verdict", "status", "rule", "symbol", "quantity", "reason", "measured", "limit")
    return [
        " ".join([kind, *(f"{n}={fields[n]}" for n in names if n in fields)])
        for kind, fields in outputs
    ]


def _output_difference(kind: str, real: Json, mine: Json) -> str | None:
    if kind == "stop":
        return _differing({n: mine[n] for n in STOP_FIELDS}, real, "stop")
    if kind == "exit":
        return _differing({n: mine[n] for n in EXIT_FIELDS}, real, "exit")
    ours = {check["rule"]: check for check in mine["checks"]}
    theirs = {check["rule"]: check for check in real["checks"]}
    if list(ours) != list(theirs):
        return f"rules checked: {sorted(set(ours) ^ set(theirs))}"
    for rule, check in ours.items():
        known = check["measured"] is not None or check["limit"] is not None
        judged = check if known else {**check, "unit": theirs[rule]["unit"]}  # Of no number.
        found = _differing(judged, theirs[rule], f"check of {rule}")
        if found is not None:
            return found
    return _differing({n: mine[n] for n in DECISION_FIELDS}, real, "decision")


def _in_order(value: Any) -> Any:
    """Sort the rows of a list by symbol and id: their order says nothing."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return sorted(value, key=lambda row: (row["symbol"], row.get("signal_id", "")))
    return value


def _differing(mine: Json, real: Json, what: str) -> str | None:
    for name, value in mine.items():
        if _in_order(real[name]) != _in_order(value):
            return f"{what}, {name}: program {real[name]!r}, oracle {value!r}"
    return None


def first_difference(lines: list[Json]) -> str | None:
    """Run a history; return its first difference in words, None when there is none."""
    comparison = Comparison()
    for line in lines:
        found = comparison.feed(line)
        if found is not None:
            return found
    return comparison.finish()
