"""What a limits document means for its account: it takes effect immediately or is refused."""

from msgspec.structs import replace

from pipeline.risk.account.cause import Cause
from pipeline.risk.account.exposures import NOT_KEPT, exposures_of
from pipeline.risk.ledger.cash import choose_cash
from pipeline.risk.limits.in_force import limits_of
from pipeline.risk.limits.taking import next_document, unreported_defects
from pipeline.risk.turn import Turn
from topics.limits import LimitsDocument


def on_limits(turn: Turn, document: LimitsDocument) -> None:
    """Put a valid document with a higher version in force."""
    below = turn.shared.limits.rules
    taken, refusal = next_document(turn.account.limits, document, below=below)
    if refusal is not None:
        turn.alert(Cause("limits", refusal))
    if taken is not None:
        turn.set_document(taken, limits_of(below, taken.rules))
        choose_cash(turn)
        turn.state_changed = True


def report_defects(turn: Turn) -> None:
    """Report the defects of the account's document, once for each pair of documents."""
    if not turn.limits.defects:
        return
    shared, account = turn.shared, turn.account
    of_everyone = limits_of(shared.limits.rules, "{}").defects  # Reported once for all accounts.
    own = tuple(defect for defect in turn.limits.defects if defect not in of_everyone)
    judged = f"{shared.limits.version}.{account.limits.version} {shared.rules_version}"
    cause = unreported_defects(own, reported=account.memory.limits_reported, judged=judged)
    if cause is not None:
        turn.set_memory(limits_reported=judged)
        turn.alert(cause, level="high", action="warn")


def keep_sums(turn: Turn) -> None:
    """Keep the sums that rules in force read, and drop those that none reads."""
    account, sums = turn.account, turn.limits.keeps
    if account.totals.exposures.kept != sums:
        exposures = exposures_of(account.holdings.values(), sums) if sums else NOT_KEPT
        turn.set_totals(replace(account.totals, exposures=exposures))
