"""The gate: every rule is asked, and the largest quantity that passes all of them is found."""

from decimal import Decimal

from msgspec import Struct

from pipeline.risk.account import RESERVATIONS_MAX
from pipeline.risk.gate.proposal import Proposal, Terms, floored, propose
from pipeline.risk.gate.standing import Standing
from pipeline.risk.numbers import ZERO
from pipeline.risk.rules.rule import Rule, UnknownCheck
from topics.decisions import Check, Verdict

RESERVATIONS_HARD_MAX = 2 * RESERVATIONS_MAX  # Of exits too, which the rule lets pass.


class Judgement(Struct, frozen=True, gc=False):
    verdict: Verdict
    quantity: Decimal  # Approved, in units.
    reasons: tuple[str, ...]
    binding_rule: str | None
    checks: tuple[Check, ...]


def judge(standing: Standing, terms: Terms) -> Judgement:
    """Ask every rule at the requested quantity; cut what is too large, refuse what is forbidden."""
    asked = terms.asked
    if standing.account.totals.reservations >= RESERVATIONS_HARD_MAX:
        return Judgement("rejected", ZERO, ("too_many",), None, ())
    requested = ZERO if asked is None else floored(terms, asked)
    proposal = propose(terms, requested)
    checks, breached = _ask_all(standing, proposal)
    if not breached:
        return _passed(proposal, checks)
    others = tuple(rule for rule in breached if not rule.LAST)
    left = quantity = _cut(standing, proposal, others)
    checks, last = _ask_last(standing, propose(terms, left or requested), checks)
    if left and last:
        quantity = _cut(standing, propose(terms, left), last)
    reasons = _reasons(checks)
    if quantity is None:
        return Judgement("rejected", ZERO, reasons, None, checks)
    binding = _binding(standing, propose(terms, quantity + (terms.lot or ZERO)), others)
    if left and last:
        binding = last[0].NAME
    smallest = standing.limits.sizing.modify_ratio_min * (asked or ZERO)
    final = propose(terms, quantity)
    if quantity <= ZERO or quantity < smallest or not _passes(standing, final, others):
        return Judgement("rejected", ZERO, reasons, binding, checks)
    return Judgement("modified", quantity, reasons, binding, checks)


def _ask_all(standing: Standing, proposal: Proposal) -> tuple[tuple[Check, ...], tuple[Rule, ...]]:
    """Ask every rule; return all checks, and the rules that are breached."""
    limits = standing.limits
    if proposal.exempt:
        checks = [ask(rule, standing, proposal) for rule in limits.gate]
    else:
        checks = [check(standing, proposal) for check in limits.checks]
    for check in checks:
        if check.verdict == "breach":
            break
    else:
        return tuple(checks), ()
    asked = zip(limits.gate, checks, strict=True)
    return tuple(checks), tuple(rule for rule, check in asked if check.verdict == "breach")


def _ask_last(
    standing: Standing, left: Proposal, checks: tuple[Check, ...]
) -> tuple[tuple[Check, ...], tuple[Rule, ...]]:
    """Ask again, of what the other rules leave, those that judge that; return the breached ones."""
    asked = zip(standing.limits.gate, checks, strict=True)
    anew = tuple(ask(rule, standing, left) if rule.LAST else check for rule, check in asked)
    judged = zip(standing.limits.gate, anew, strict=True)
    return anew, tuple(rule for rule, check in judged if rule.LAST and check.verdict == "breach")


def ask(rule: Rule, standing: Standing, proposal: Proposal) -> Check:
    """Ask one rule; a proven exit is exempt from entry rules, which still show their numbers."""
    check = rule.check(standing, proposal)
    if proposal.exempt and rule.ENTRY:
        return Check(check.rule, "exempt", check.measured, check.limit, check.headroom)
    return check


def _passed(proposal: Proposal, checks: tuple[Check, ...]) -> Judgement:
    """Approve, unless what an approval needs is unknown because its rule was turned off."""
    terms = proposal.terms
    if terms.lot is None:
        return Judgement("rejected", ZERO, ("unknown_instrument",), None, checks)
    if terms.asked is None or (terms.price is None and not proposal.exempt):
        return Judgement("rejected", ZERO, ("stale_mark",), None, checks)
    if proposal.quantity <= ZERO:
        return Judgement("rejected", ZERO, ("instrument",), None, checks)
    if proposal.quantity != terms.asked:
        return Judgement("modified", proposal.quantity, (), "instrument", checks)
    return Judgement("approved", proposal.quantity, (), None, checks)


def _reasons(checks: tuple[Check, ...]) -> tuple[str, ...]:
    """Name the breached rules; an unknown input counts for the rule that owns it.

    Where that rule was turned off, those that miss the input answer for themselves.
    """
    breached = [check for check in checks if check.verdict == "breach"]
    owning = tuple(check.rule for check in breached if not isinstance(check, UnknownCheck))
    return owning or tuple(check.rule for check in breached)


def _cut(standing: Standing, proposal: Proposal, breached: tuple[Rule, ...]) -> Decimal | None:
    """Return the largest quantity that no breached rule forbids, or None when one forbids any."""
    terms = proposal.terms
    quantity = proposal.quantity
    for rule in breached:
        sizes = rule.sizes(standing, proposal)
        if not sizes and not (rule.ENTRY and terms.exit_room > 0):
            return None
        cut = propose(terms, quantity) if quantity < proposal.quantity else proposal
        if sizes and cut is not proposal and ask(rule, standing, cut).verdict != "breach":
            continue  # What another rule left is small enough for this one.
        room = rule.room(standing, cut) if sizes else ZERO
        if rule.ENTRY:
            room = max(room, terms.exit_room)
        quantity = min(quantity, floored(terms, room))
    return quantity


def _binding(standing: Standing, more: Proposal, breached: tuple[Rule, ...]) -> str | None:
    """Name the first rule that breaches at one lot more; what passed at all that was asked passes.

    Minimums never bind.
    """
    for rule in breached:
        if ask(rule, standing, more).verdict == "breach" and not (
            rule.MINIMUMS and not rule.sizes(standing, more)
        ):
            return rule.NAME
    return None


def _passes(standing: Standing, proposal: Proposal, breached: tuple[Rule, ...]) -> bool:
    """Whether a smaller quantity cures every breach and falls below no minimum."""
    return all(
        ask(rule, standing, proposal).verdict != "breach"
        for rule in (*breached, *standing.limits.minimums)
    )
