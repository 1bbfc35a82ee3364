"""Judges an order: checks every rule, then finds the largest quantity that passes all of them."""

from decimal import Decimal
from typing import TypeAlias

from msgspec import UNSET, Struct, structs

from pipeline.risk.account.account import RESERVATIONS_MAX
from pipeline.risk.limits.in_force import Limits
from pipeline.risk.numbers import ZERO
from pipeline.risk.order.candidate_order import CandidateOrder, OrderTerms, candidate, floored
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.rules import RULES
from pipeline.risk.rules.rule import Rule
from pipeline.risk.unknown_check import UnknownCheck
from topics.decisions import Check, Verdict

_SIZING_PLACE = 70  # In reasons, `sizing` follows `instrument`.
RESERVATIONS_HARD_MAX = 2 * RESERVATIONS_MAX  # Including exits, which too_many exempts.


Answers: TypeAlias = tuple[tuple[Rule, Check], ...]


class GateResult(Struct, frozen=True, gc=False):
    verdict: Verdict
    quantity: Decimal  # Approved, in units.
    reasons: tuple[str, ...]
    binding_rule: str | None
    checks: tuple[Check, ...]


def judge(view: RiskView, terms: OrderTerms, limits: Limits) -> GateResult:
    """Check every rule at the requested quantity; approve, cut or reject the order."""
    if view.account.totals.reservations >= RESERVATIONS_HARD_MAX:
        return GateResult("rejected", ZERO, ("too_many",), None, ())
    requested = ZERO if terms.asked is None else floored(terms, terms.asked)
    order = candidate(terms, requested)
    checks = _ask_all(view, order, limits)
    # Most orders pass, so messages and sizes are worked out only after a breach.
    for check in checks:
        if check.verdict == "breach":
            return _cut_or_reject(view, order, limits, checks=checks)
    return _passed(order, checks)


def _cut_or_reject(
    view: RiskView, order: CandidateOrder, limits: Limits, *, checks: tuple[Check, ...]
) -> GateResult:
    """Cut an order to the largest quantity that passes every rule, or reject it.

    LAST rules judge the quantity that all other rules allow, and cut it once more.
    """
    terms = order.terms
    answers = tuple(zip(limits.gate, checks, strict=True))
    breached = tuple(rule for rule in _breached(answers) if not rule.LAST)
    quantity = _cut(view, order, breached)
    allowed = candidate(terms, quantity or order.quantity)
    answers = _ask_last(view, allowed, answers)
    last = tuple(rule for rule in _breached(answers) if rule.LAST) if quantity else ()
    if last:
        quantity = _cut(view, allowed, last)
    checks = _explained(view, order, allowed, answers=answers)
    reasons = _reasons(checks, terms)
    if quantity is None:
        return GateResult("rejected", ZERO, reasons, None, checks)
    one_lot_more = candidate(terms, quantity + (terms.lot or ZERO))
    binding = last[0].NAME if last else _binding(view, one_lot_more, breached)
    final = candidate(terms, quantity)
    if not _is_worth_sending(view, final, limits, breached=breached):
        return GateResult("rejected", ZERO, reasons, binding, checks)
    if final.exempt:  # An order cut to its exit is judged by what is left of it.
        cured = _cured(view, order, breached)
        reasons = tuple(name for name in reasons if name not in cured)
    return GateResult("modified", quantity, reasons, binding, checks)


def _cured(view: RiskView, order: CandidateOrder, breached: tuple[Rule, ...]) -> set[str]:
    """Name the instrument's bounds that an order no longer breaches once other rules cut it."""
    left = _cut(view, order, tuple(rule for rule in breached if not rule.MINIMUMS))
    exit_order = candidate(order.terms, left or ZERO)
    bounds = (rule for rule in breached if rule.MINIMUMS)
    return {rule.NAME for rule in bounds if ask(rule, view, exit_order).verdict != "breach"}


def _breached(answers: Answers) -> tuple[Rule, ...]:
    return tuple(rule for rule, check in answers if check.verdict == "breach")


def _is_worth_sending(
    view: RiskView, final: CandidateOrder, limits: Limits, *, breached: tuple[Rule, ...]
) -> bool:
    """Return whether a cut order cures every breach and stays above every minimum."""
    smallest = limits.sizing.modify_ratio_min * (final.terms.asked or ZERO)
    if final.quantity <= ZERO or (final.quantity < smallest and not final.exempt):
        return False  # A cut this deep suggests an error in the signal.
    checked = (*breached, *limits.minimums)
    return all(ask(rule, view, final).verdict != "breach" for rule in checked)


def _explained(
    view: RiskView, order: CandidateOrder, allowed: CandidateOrder, *, answers: Answers
) -> tuple[Check, ...]:
    """Add its message to each breach without one; allowed: the order that LAST rules judged."""
    return tuple(
        structs.replace(check, message=rule.message(view, allowed if rule.LAST else order, check))
        if check.verdict == "breach" and check.message is UNSET
        else check
        for rule, check in answers
    )


def _ask_all(view: RiskView, order: CandidateOrder, limits: Limits) -> tuple[Check, ...]:
    """Check every rule, in the order of the gate."""
    if order.exempt:
        return tuple([ask(rule, view, order) for rule in limits.gate])
    # The hot path: a list, because a generator would cost a resume per rule.
    return tuple([rule.check(view, order) for rule in limits.gate])


def _ask_last(view: RiskView, allowed: CandidateOrder, answers: Answers) -> Answers:
    """Check the LAST rules again, at the quantity that the other rules allow."""
    return tuple(
        (rule, ask(rule, view, allowed) if rule.LAST else check) for rule, check in answers
    )


def ask(rule: Rule, view: RiskView, order: CandidateOrder) -> Check:
    """Check one rule; a proven exit is exempt from entry rules, which still show numbers."""
    check = rule.check(view, order)
    if order.exempt and rule.ENTRY:
        return Check(check.rule, "exempt", check.measured, check.limit, check.headroom, check.unit)
    return check


def _passed(order: CandidateOrder, checks: tuple[Check, ...]) -> GateResult:
    """Approve, unless a needed input is unknown and the rule that checks for it is off."""
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
    """Name the breached rules; an unknown input is blamed on the rule that owns it.

    An order without a size has the reason `sizing` instead of every rule that needs a size. If the
    owner of an input is turned off, the rules that lack the input are the reasons.
    """
    breached = [check for check in checks if check.verdict == "breach"]
    owning = [check.rule for check in breached if not isinstance(check, UnknownCheck)]
    if terms.asked is None and not terms.signal.reduce_only:
        place = sum(RULES[name].PLACE <= _SIZING_PLACE for name in owning)
        owning.insert(place, "sizing")
    return tuple(owning) or tuple(check.rule for check in breached)


def _cut(view: RiskView, order: CandidateOrder, breached: tuple[Rule, ...]) -> Decimal | None:
    """Return the largest quantity that no breached rule forbids; None if one forbids any."""
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
            continue  # Cut enough by an earlier rule.
        max_quantity = rule.max_quantity(view, cut) if sizes else ZERO
        if rule.ENTRY:
            max_quantity = max(max_quantity, terms.reducible_quantity)
        quantity = min(quantity, floored(terms, max_quantity))
    return None if only_exit and quantity > terms.reducible_quantity else quantity


def _binding(
    view: RiskView, one_lot_more: CandidateOrder, breached: tuple[Rule, ...]
) -> str | None:
    """Name the first rule that breaches at one lot more; minimums never bind.

    Only the breached rules are checked: the others passed at the full requested quantity.
    """
    for rule in breached:
        if ask(rule, view, one_lot_more).verdict == "breach" and not (
            rule.MINIMUMS and not rule.sizes(view, one_lot_more)
        ):
            return rule.NAME
    return None
