"""Each account's share of a budget, read from its limits documents and its account_states row.

A document may be in force as soon as it is written, and its predecessor until a row of
account_states names the new version. So every document from the row's version on counts.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from pipeline.budgets.allowances import Seat
from pipeline.risk.limits.document import faults_of
from topics.account_states import AccountState
from topics.codec import plain
from topics.limits import LimitsDocument

__all__ = ["RULE_OF", "newest", "next_rules", "seat", "valid_documents"]

RULE_OF = {"gross_exposure_max": "gross_exposure", "daily_loss_max": "daily_loss"}
ZERO = Decimal(0)


def seat(dimension: str, documents: Sequence[LimitsDocument], state: AccountState | None) -> Seat:
    """Return one account's share. `documents`: its valid ones, in log order."""
    lasting = [document for document in documents if document.duration_ms is None]
    last = newest(lasting)
    allowed = None if last is None else _allowance(last, dimension)
    used = None if state is None else _used(state, dimension)
    version = 0 if state is None else int(state.limits_version.partition(".")[2])
    is_known = version in {each.version for each in documents}
    below = newest([document for document in lasting if document.version <= version])
    since = version if below is None else below.version
    possible = [_allowance(each, dimension) for each in lasting if each.version >= since]
    if used is None or not is_known or None in possible:
        return Seat(allowed, None, used)
    return Seat(allowed, max([used, *(amount for amount in possible if amount is not None)]), used)


def valid_documents(documents: Sequence[LimitsDocument]) -> list[LimitsDocument]:
    """Leave out proposals, and what riskgate refuses under any `*` document: neither has effect."""
    return [each for each in documents if each.approval != "propose" and _is_valid(each)]


def newest(documents: Sequence[LimitsDocument]) -> LimitsDocument | None:
    """Return the document with the highest version, the first of two equal ones."""
    return max(documents, key=lambda document: document.version, default=None)


def next_rules(last: LimitsDocument | None, allowances: Mapping[str, Decimal]) -> dict[str, Any]:
    """Return the rules of an account's next document: its last ones with these allowances."""
    rules = {name: dict(values) for name, values in (last.rules if last else {}).items()}
    for dimension, amount in allowances.items():
        rule = rules.setdefault(RULE_OF[dimension], {})
        rule["enabled"] = True  # A disabled rule would bound nothing.
        rule[dimension] = plain(amount)
    return rules


def _allowance(document: LimitsDocument, dimension: str) -> Decimal | None:
    values = document.rules.get(RULE_OF[dimension], {})
    amount = values.get(dimension)
    if amount is None or values.get("enabled") is not True:
        return None
    return Decimal(str(amount))


def _used(state: AccountState, dimension: str) -> Decimal | None:
    """Return what an account uses: its worst exposure or today's loss; None when unknown."""
    if dimension == "gross_exposure_max":
        return state.worst_exposure
    if state.currency is None:
        return ZERO  # Not opened yet: its day has not begun.
    if state.daily is None or state.daily.pnl is None:
        return None
    return max(-state.daily.pnl, ZERO)


def _is_valid(document: LimitsDocument) -> bool:
    return not any(faults_of(document.rules))
