"""What the oracle judges of the program, and what it does not yet: the table of reliability.md."""

from tests.oracle.model.gate import RULES
from tests.oracle.model.watches import EXIT_RULES, LOSS_RULES

__all__ = ["INPUTS", "JUDGED_RULES", "NOT_JUDGED", "table"]

# As a check of each decision, as a stop of the account, or as an exit of a position.
NOT_JUDGED = {
    "unknown_rate": "no history has a second currency",
    "too_many": "no history reaches the bounds",
    "drift": "needs snapshots",
}
WATCHED = {"stale_data", "overfill", "unmatched_fill", "violation_rate", "risk_score"}
JUDGED_RULES = {*RULES, *LOSS_RULES, *EXIT_RULES, *WATCHED} - set(NOT_JUDGED)
# What the histories vary of each input.
INPUTS = {
    "signals": "all fields; before the opening, too, and of an unknown instrument",
    "orders": "all statuses, with and without filled_quantity",
    "fills": "of orders, of nobody, too large, with fees in the settlement currency; few are late",
    "positions": "not judged: no history has snapshots",
    "accounts": "opening, deposit, withdrawal, funding",
    "limits": "of `*` and of the account",
    "controls": "all commands, of `*` and of the account",
    "prices": "all prices but high and low",
    "instruments": "linear, in the account's currency; with exchange sessions",
}


def table(rules: list[str]) -> str:
    """Return both tables as Markdown."""
    lines = ["| rule | judged |", "|---|---|"]
    for rule in rules:
        why = NOT_JUDGED.get(rule)
        no = "no" if not why else f"no: {why}"
        lines.append(f"| `{rule}` | {'yes' if rule in JUDGED_RULES else no} |")
    lines += ["", "| input | what is judged |", "|---|---|"]
    lines += [f"| `{name}` | {text} |" for name, text in INPUTS.items()]
    return "\n".join(lines)
