"""The gate: every rule is asked, and the largest quantity that passes all of them is found."""

from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct, structs

from pipeline.risk.account.account import RESERVATIONS_MAX
from pipeline.risk.limits.in_force import Limits
from pipeline.risk.numbers import ZERO
from pipeline.risk.order.candidate_order import CandidateOrder, OrderTerms, candidate, floored
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.rules import RULES
from pipeline.risk.rules.measure import UnknownCheck
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check, Verdict

_SIZING_PLACE = 70  # In reasons it follows `instrument`.
RESERVATIONS_HARD_MAX = 2 * RESERVATIONS_MAX  # Of exits too, which the rule lets pass.


Answers: TypeAlias = tuple[tuple[Rule, Check], ...]


class GateResult(Struct, frozen=True, gc=False):
    verdict: Verdict
    quantity: Decimal  # Approved, in units.
    reasons: tuple[str, ...]
    binding_rule: str | None
    checks: tuple[Check, ...]


def judge(view: RiskView, terms: OrderTerms, limits: Limits) -> GateResult:
    """Ask every rule at the requested quantity; cut what is too large, refuse what is forbidden."""
    if view.account.totals.reservations >= RESERVATIONS_HARD_MAX:
        return GateResult("rejected", ZERO, ("too_many",), None, ())
    requested = ZERO if terms.asked is None else floored(terms, terms.asked)
    order = candidate(terms, requested)
    checks = _ask_all(view, order, limits)
    for check in checks:
        if check.verdict == "breach":
            return _cut_or_reject(view, order, limits, checks=checks)
    return _passed(order, checks)


def _cut_or_reject(
    view: RiskView, order: CandidateOrder, limits: Limits, *, checks: tuple[Check, ...]
) -> GateResult:
    """Cut an order that breaches to what every rule lets through, or reject it."""
    terms = order.terms
    answers = tuple(zip(limits.gate, checks, strict=True))
    first = tuple(rule for rule in _breached(answers) if not rule.LAST)
    quantity = _cut(view, order, first)
    left = candidate(terms, quantity or order.quantity)
    answers = _ask_last(view, left, answers)
    last = tuple(rule for rule in _breached(answers) if rule.LAST) if quantity else ()
    if last:
        quantity = _cut(view, left, last)
    checks = _explained(view, order, left, answers=answers)
    reasons = _reasons(checks, terms)
    if quantity is None:
        return GateResult("rejected", ZERO, reasons, None, checks)
    more = candidate(terms, quantity + (terms.lot or ZERO))
    binding = last[0].NAME if last else _binding(view, more, first)
    final = candidate(terms, quantity)
    if not _is_left(view, final, limits, rules=first):
        return GateResult("rejected", ZERO, reasons, binding, checks)
    if final.exempt:  # Cut to the exit, it is judged by what is left of it.
        small = {rule.NAME for rule in first if rule.is_only_too_small(order)}
        reasons = tuple(name for name in reasons if name not in small)
    return GateResult("modified", quantity, reasons, binding, checks)


def _breached(answers: Answers) -> tuple[Rule, ...]:
    return tuple(rule for rule, check in answers if check.verdict == "breach")


def _is_left(
    view: RiskView, final: CandidateOrder, limits: Limits, *, rules: tuple[Rule, ...]
) -> bool:
    """Whether a cut order is worth sending: it cures every breach and falls below no minimum."""
    smallest = limits.sizing.modify_ratio_min * (final.terms.asked or ZERO)
    if final.quantity <= ZERO or (final.quantity < smallest and not final.exempt):
        return False  # So little of an entry is more likely an error than a wish.
    asked = (*rules, *limits.minimums)
    return all(ask(rule, view, final).verdict != "breach" for rule in asked)


def _explained(
    view: RiskView, order: CandidateOrder, left: CandidateOrder, *, answers: Answers
) -> tuple[Check, ...]:
    """Add its sentence to each breach; `left`: what the last rules judged."""
    return tuple(
        structs.replace(check, message=rule.message(view, left if rule.LAST else order, check))
        if check.verdict == "breach"
        else check
        for rule, check in answers
    )


def _ask_all(view: RiskView, order: CandidateOrder, limits: Limits) -> tuple[Check, ...]:
    if order.exempt:
        return tuple([ask(rule, view, order) for rule in limits.gate])
    return tuple([check(view, order) for check in limits.checks])


def _ask_last(view: RiskView, left: CandidateOrder, answers: Answers) -> Answers:
    """Ask those rules again that judge what the other rules leave."""
    return tuple((rule, ask(rule, view, left) if rule.LAST else check) for rule, check in answers)


def ask(rule: Rule, view: RiskView, order: CandidateOrder) -> Check:
    """Ask one rule; a proven exit is exempt from entry rules, which still show their numbers."""
    check = rule.check(view, order)
    if order.exempt and rule.ENTRY:
        return Check(check.rule, "exempt", check.measured, check.limit, check.headroom, check.unit)
    return check


def _passed(order: CandidateOrder, checks: tuple[Check, ...]) -> GateResult:
    """Approve, unless what an approval needs is unknown because its rule was turned off."""
    terms = order.terms
    if terms.lot is None:
        return GateResult("rejected", ZERO, ("unknown_instrument",), None, checks)
    if terms.asked is None or (terms.price is None and not order.exempt):
        return GateResult("rejected", ZERO, ("stale_mark",), None, checks)
    if terms.foreign and not order.exempt:
        return GateResult("rejected", ZERO, ("unknown_rate",), None, checks)
    if order.quantity <= ZERO:
        return GateResult("rejected", ZERO, ("instrument",), None, checks)
    if order.quantity != terms.asked:
        return GateResult("modified", order.quantity, (), "instrument", checks)
    return GateResult("approved", order.quantity, (), None, checks)


def _reasons(checks: tuple[Check, ...], terms: OrderTerms) -> tuple[str, ...]:
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


def _cut(view: RiskView, order: CandidateOrder, breached: tuple[Rule, ...]) -> Decimal | None:
    """Return the largest quantity that no breached rule forbids, or None when one forbids any."""
    terms = order.terms
    quantity, only_exit = order.quantity, False
    for rule in breached:
        sizes = rule.sizes(view, order)
        if not sizes and rule.is_only_too_small(order) and terms.reducible_quantity > 0:
            only_exit = True
            continue
        if not sizes and not (rule.ENTRY and terms.reducible_quantity > 0):
            return None
        cut = candidate(terms, quantity) if quantity < order.quantity else order
        if sizes and cut is not order and ask(rule, view, cut).verdict != "breach":
            continue  # What another rule left is small enough for this one.
        max_quantity = rule.max_quantity(view, cut) if sizes else ZERO
        if rule.ENTRY:
            max_quantity = max(max_quantity, terms.reducible_quantity)
        quantity = min(quantity, floored(terms, max_quantity))
    return None if only_exit and quantity > terms.reducible_quantity else quantity


def _binding(view: RiskView, more: CandidateOrder, breached: tuple[Rule, ...]) -> str | None:
    """Name the first rule that breaches at one lot more; what passed at all that was asked passes.

    Minimums never bind.
    """
    for rule in breached:
        if ask(rule, view, more).verdict == "breach" and not (
            rule.MINIMUMS and not rule.sizes(view, more)
        ):
            return rule.NAME
    return None
