"""The gate: every rule is asked, and the largest quantity that passes all of them is found."""

from decimal import Decimal

from msgspec import Struct, structs

from pipeline.risk.account.account import RESERVATIONS_MAX
from pipeline.risk.numbers import ZERO
from pipeline.risk.order.candidate_order import Proposal, Terms, floored, propose
from pipeline.risk.order.risk_view import Standing
from pipeline.risk.rules import RULES
from pipeline.risk.rules.measure import UnknownCheck
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check, Verdict

_SIZING_PLACE = 70  # In reasons it follows `instrument`.
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
    checks = _explained(standing, proposal, propose(terms, left or requested), checks=checks)
    reasons = _reasons(checks, terms)
    if quantity is None:
        return Judgement("rejected", ZERO, reasons, None, checks)
    binding = _binding(standing, propose(terms, quantity + (terms.lot or ZERO)), others)
    if left and last:
        binding = last[0].NAME
    final = propose(terms, quantity)
    if quantity <= ZERO or _is_unwanted(standing, final) or not _passes(standing, final, others):
        return Judgement("rejected", ZERO, reasons, binding, checks)
    if final.exempt:  # Cut to the exit, it is judged by what is left of it.
        small = {rule.NAME for rule in others if rule.is_only_too_small(proposal)}
        reasons = tuple(name for name in reasons if name not in small)
    return Judgement("modified", quantity, reasons, binding, checks)


def _is_unwanted(standing: Standing, final: Proposal) -> bool:
    """Whether so little is left of an entry that it is more likely an error than a wish."""
    smallest = standing.limits.sizing.modify_ratio_min * (final.terms.asked or ZERO)
    return final.quantity < smallest and not final.exempt


def _explained(
    standing: Standing, proposal: Proposal, left: Proposal, *, checks: tuple[Check, ...]
) -> tuple[Check, ...]:
    """Add its sentence to each breach; `left`: what the last rules judged."""
    asked = zip(standing.limits.gate, checks, strict=True)
    return tuple(
        structs.replace(
            check, message=rule.message(standing, left if rule.LAST else proposal, check)
        )
        if check.verdict == "breach"
        else check
        for rule, check in asked
    )


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


def _passes(standing: Standing, proposal: Proposal, breached: tuple[Rule, ...]) -> bool:
    """Whether a smaller quantity cures every breach and falls below no minimum."""
    return all(
        ask(rule, standing, proposal).verdict != "breach"
        for rule in (*breached, *standing.limits.minimums)
    )
