"""What a limits document means for its account: it takes effect immediately or is refused."""

from msgspec.structs import replace

from pipeline.risk.account.cause import Cause
from pipeline.risk.account.documents import Document
from pipeline.risk.account.exposures import NOT_KEPT, exposures_of
from pipeline.risk.ledger.cash import choose_cash
from pipeline.risk.limits.in_force import limits_of
from pipeline.risk.limits.taking import next_document, unreported_defects, without_ended
from pipeline.risk.turn import Turn
from topics.limits import LimitsDocument


def on_limits(turn: Turn, document: LimitsDocument) -> None:
    """Put a valid document with a higher version in force, or keep it as a proposal."""
    below = turn.shared.limits.in_force_at(turn.now_ms)
    taken = next_document(turn.account.limits, document, below=below, now_ms=turn.now_ms)
    if taken.reported is not None:
        turn.alert(Cause("limits", taken.reported))
    if taken.document is not None:
        _put_in_force(turn, taken.document)


def end_temporary(turn: Turn) -> None:
    """Drop the account's temporary limits whose time is over."""
    if not turn.account.limits.temporary:
        return
    document, ended = without_ended(turn.account.limits, turn.now_ms)
    if ended is not None:
        turn.alert(Cause("limits", ended))
        _put_in_force(turn, document)


def temporary_ms(turn: Turn) -> int | None:
    """When the first temporary limit ends that the account has, or every account."""
    if not turn.account.limits.temporary and not turn.shared.limits.temporary:
        return None
    ends = [turn.ahead(each.limits.ends_ms) for each in (turn.account, turn.shared)]
    return min((end_ms for end_ms in ends if end_ms is not None), default=None)


def _put_in_force(turn: Turn, document: Document) -> None:
    everyone = turn.shared.limits.in_force_at(turn.now_ms)
    turn.set_document(document, limits_of(everyone, document.in_force))
    choose_cash(turn)
    turn.state_changed = True


def report_defects(turn: Turn) -> None:
    """Report the defects of the account's document, once for each pair of documents."""
    if not turn.limits.defects:
        return
    shared, account = turn.shared, turn.account
    everyone = shared.limits.in_force_at(turn.now_ms)
    of_everyone = limits_of(everyone, "{}").defects  # Reported once for all accounts.
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
