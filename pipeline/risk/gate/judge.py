"""The gate: every rule is asked, and the largest quantity that passes all of them is found."""

from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct, structs

from pipeline.risk.account.account import RESERVATIONS_MAX
from pipeline.risk.limits.in_force import Limits
from pipeline.risk.numbers import ZERO
from pipeline.risk.order.candidate_order import Proposal, Terms, floored, propose
from pipeline.risk.order.risk_view import Standing
from pipeline.risk.rules import RULES
from pipeline.risk.rules.measure import UnknownCheck
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check, Verdict

_SIZING_PLACE = 70  # In reasons it follows `instrument`.
RESERVATIONS_HARD_MAX = 2 * RESERVATIONS_MAX  # Of exits too, which the rule lets pass.


Answers: TypeAlias = tuple[tuple[Rule, Check], ...]


class Judgement(Struct, frozen=True, gc=False):
    verdict: Verdict
    quantity: Decimal  # Approved, in units.
    reasons: tuple[str, ...]
    binding_rule: str | None
    checks: tuple[Check, ...]


def judge(standing: Standing, terms: Terms, limits: Limits) -> Judgement:
    """Ask every rule at the requested quantity; cut what is too large, refuse what is forbidden."""
    if standing.account.totals.reservations >= RESERVATIONS_HARD_MAX:
        return Judgement("rejected", ZERO, ("too_many",), None, ())
    requested = ZERO if terms.asked is None else floored(terms, terms.asked)
    proposal = propose(terms, requested)
    checks = _ask_all(standing, proposal, limits)
    for check in checks:
        if check.verdict == "breach":
            return _cut_or_reject(standing, proposal, limits, checks=checks)
    return _passed(proposal, checks)


def _cut_or_reject(
    standing: Standing, proposal: Proposal, limits: Limits, *, checks: tuple[Check, ...]
) -> Judgement:
    """Cut an order that breaches to what every rule lets through, or reject it."""
    terms = proposal.terms
    answers = tuple(zip(limits.gate, checks, strict=True))
    first = tuple(rule for rule in _breached(answers) if not rule.LAST)
    quantity = _cut(standing, proposal, first)
    left = propose(terms, quantity or proposal.quantity)
    answers = _ask_last(standing, left, answers)
    last = tuple(rule for rule in _breached(answers) if rule.LAST) if quantity else ()
    if last:
        quantity = _cut(standing, left, last)
    checks = _explained(standing, proposal, left, answers=answers)
    reasons = _reasons(checks, terms)
    if quantity is None:
        return Judgement("rejected", ZERO, reasons, None, checks)
    more = propose(terms, quantity + (terms.lot or ZERO))
    binding = last[0].NAME if last else _binding(standing, more, first)
    final = propose(terms, quantity)
    if not _is_left(standing, final, limits, rules=first):
        return Judgement("rejected", ZERO, reasons, binding, checks)
    if final.exempt:  # Cut to the exit, it is judged by what is left of it.
        small = {rule.NAME for rule in first if rule.is_only_too_small(proposal)}
        reasons = tuple(name for name in reasons if name not in small)
    return Judgement("modified", quantity, reasons, binding, checks)


def _breached(answers: Answers) -> tuple[Rule, ...]:
    return tuple(rule for rule, check in answers if check.verdict == "breach")


def _is_left(
    standing: Standing, final: Proposal, limits: Limits, *, rules: tuple[Rule, ...]
) -> bool:
    """Whether a cut order is worth sending: it cures every breach and falls below no minimum."""
    smallest = limits.sizing.modify_ratio_min * (final.terms.asked or ZERO)
    if final.quantity <= ZERO or (final.quantity < smallest and not final.exempt):
        return False  # So little of an entry is more likely an error than a wish.
    asked = (*rules, *limits.minimums)
    return all(ask(rule, standing, final).verdict != "breach" for rule in asked)


def _explained(
    standing: Standing, proposal: Proposal, left: Proposal, *, answers: Answers
) -> tuple[Check, ...]:
    """Add its sentence to each breach; `left`: what the last rules judged."""
    return tuple(
        structs.replace(
            check, message=rule.message(standing, left if rule.LAST else proposal, check)
        )
        if check.verdict == "breach"
        else check
        for rule, check in answers
    )


def _ask_all(standing: Standing, proposal: Proposal, limits: Limits) -> tuple[Check, ...]:
    if proposal.exempt:
        return tuple([ask(rule, standing, proposal) for rule in limits.gate])
    return tuple([check(standing, proposal) for check in limits.checks])


def _ask_last(standing: Standing, left: Proposal, answers: Answers) -> Answers:
    """Ask those rules again that judge what the other rules leave."""
    return tuple(
        (rule, ask(rule, standing, left) if rule.LAST else check) for rule, check in answers
    )


def ask(rule: Rule, standing: Standing, proposal: Proposal) -> Check:
    """Ask one rule; a proven exit is exempt from entry rules, which still show their numbers."""
    check = rule.check(standing, proposal)
    if proposal.exempt and rule.ENTRY:
        return Check(check.rule, "exempt", check.measured, check.limit, check.headroom, check.unit)
    return check


def _passed(proposal: Proposal, checks: tuple[Check, ...]) -> Judgement:
    """Approve, unless what an approval needs is unknown because its rule was turned off."""
    terms = proposal.terms
    if terms.lot is None:
        return Judgement("rejected", ZERO, ("unknown_instrument",), None, checks)
    if terms.asked is None or (terms.price is None and not proposal.exempt):
        return Judgement("rejected", ZERO, ("stale_mark",), None, checks)
    if terms.foreign and not proposal.exempt:
        return Judgement("rejected", ZERO, ("unknown_rate",), None, checks)
    if proposal.quantity <= ZERO:
        return Judgement("rejected", ZERO, ("instrument",), None, checks)
    if proposal.quantity != terms.asked:
        return Judgement("modified", proposal.quantity, (), "instrument", checks)
    return Judgement("approved", proposal.quantity, (), None, checks)


def _reasons(checks: tuple[Check, ...], terms: Terms) -> tuple[str, ...]:
    """Name the breached rules; an unknown input counts for the rule that owns it.

    An order that cannot be sized has the one reason `sizing` for all that a size is needed for.
    Where an input's owner was turned off, those that miss the input answer for themselves.
    """
    breached = [check for check in checks if check.verdict == "breach"]
    owning = [check.rule for check in breached if not isinstance(check, UnknownCheck)]
    if terms.asked is None and not terms.signal.reduce_only:
        place = sum(RULES[name].PLACE <= _SIZING_PLACE for name in owning)
        owning.insert(place, "sizing")
    return tuple(owning) or tuple(check.rule for check in breached)


def _cut(standing: Standing, proposal: Proposal, breached: tuple[Rule, ...]) -> Decimal | None:
    """Return the largest quantity that no breached rule forbids, or None when one forbids any."""
    terms = proposal.terms
    quantity, only_exit = proposal.quantity, False
    for rule in breached:
        sizes = rule.sizes(standing, proposal)
        if not sizes and rule.is_only_too_small(proposal) and terms.exit_room > 0:
            only_exit = True
            continue
        if not sizes and not (rule.ENTRY and terms.exit_room > 0):
            return None
        cut = propose(terms, quantity) if quantity < proposal.quantity else proposal
        if sizes and cut is not proposal and ask(rule, standing, cut).verdict != "breach":
            continue  # What another rule left is small enough for this one.
        room = rule.room(standing, cut) if sizes else ZERO
        if rule.ENTRY:
            room = max(room, terms.exit_room)
        quantity = min(quantity, floored(terms, room))
    return None if only_exit and quantity > terms.exit_room else quantity


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
