"""The limits in force for an account: its own document over the `*` document over the defaults."""

from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar, cast

from msgspec import Struct
from msgspec.structs import replace

from pipeline.risk.account.exposures import Sums
from pipeline.risk.limits.stored import stored_in
from pipeline.risk.numbers import ZERO
from pipeline.risk.order.risk_view import Common, ScoreLimits
from pipeline.risk.parameters import (
    GROUPS,
    AccountParameters,
    Alerts,
    Approvals,
    Confirmation,
    Decisions,
    Dedupe,
    Exits,
    Parameters,
    Prices,
    ReservationTimes,
    Sizing,
    StopPrices,
    Stops,
)
from pipeline.risk.rules import HALVES, RULES
from pipeline.risk.rules.circuit_breaker.rule import CircuitBreaker
from pipeline.risk.rules.drawdown import Drawdown
from pipeline.risk.rules.position_ratio import PositionRatio
from pipeline.risk.rules.price_collar import PriceCollar
from pipeline.risk.rules.rule import AccountLimit, PositionStop, Rule
from pipeline.risk.rules.volatility_halt import VolatilityHalt

_POSITION_RATIO_MAX = cast(Decimal, PositionRatio().position_ratio_max)
R = TypeVar("R", bound=Rule)


class Limits(Struct, frozen=True):
    gate: tuple[Rule, ...]  # Enabled rules in the order of the gate.
    minimums: tuple[Rule, ...]  # Gate rules that a smaller quantity can breach.
    account_limits: tuple[AccountLimit, ...]
    keeps: Sums  # Account sums that a gate rule reads.
    position_stops: tuple[PositionStop, ...]
    circuit_breaker: CircuitBreaker | None  # None while it is off.
    rules: dict[str, Rule]  # Every rule, enabled or not.
    defects: tuple[str, ...]  # Stored parameters that this release cannot use.
    account: AccountParameters
    reservation: ReservationTimes
    dedupe: Dedupe
    confirmation: Confirmation
    sizing: Sizing
    stop: StopPrices
    prices: Prices
    decisions: Decisions
    exits: Exits
    alerts: Alerts
    stops: Stops
    approvals: Approvals
    collar_ratio: Decimal  # 0 when price_collar is off.
    common: Common

    def rule(self, kind: type[R]) -> R:
        """Return the rule of this type with the parameters in force, enabled or not."""
        return cast(R, self.rules[kind.NAME])


@lru_cache(maxsize=8192)
def limits_of(everyone: str, own: str) -> Limits:
    """Combine two canonical documents; the account's own parameters override those of `*`.

    Cached: the result depends on the two texts alone, many accounts share the same documents, and
    reading them costs far more than a decision.
    """
    stored = stored_in(everyone, own)
    rules = {name: cast(Rule, stored.values[name]) for name in RULES}
    groups = {name: stored.values[name] for name in GROUPS}
    rules = _without_replaced(rules)
    judging = [rule for rule in rules.values() if rule.judges]
    gate = tuple(_whole_or_half(rule) for rule in judging if rule.GATE)
    stops = tuple(rule for rule in judging if isinstance(rule, PositionStop) and rule.ready)
    account_limits = tuple(rule for rule in gate if isinstance(rule, AccountLimit))
    collar = cast(PriceCollar, rules["price_collar"])
    groups["reservation"] = _outliving(groups["reservation"], groups["decisions"])
    return Limits(
        gate=gate,
        minimums=tuple(rule for rule in gate if rule.MINIMUMS),
        account_limits=account_limits,
        keeps=tuple(sorted({name for rule in gate for name in rule.KEEPS})),
        position_stops=stops,
        circuit_breaker=next((rule for rule in judging if isinstance(rule, CircuitBreaker)), None),
        rules=rules,
        defects=stored.defects,
        collar_ratio=collar.collar_ratio if collar.enabled else ZERO,
        common=Common(cast(Prices, groups["prices"]), _score_limits(rules)),
        **cast(dict[str, Any], groups),
    )


def _score_limits(rules: dict[str, Rule]) -> ScoreLimits:
    return ScoreLimits(
        _unless_off(rules, PositionRatio).position_ratio_max,
        _POSITION_RATIO_MAX,
        _unless_off(rules, Drawdown).drawdown_ratio_max,
        _unless_off(rules, VolatilityHalt).volatility_ratio_max,
    )


def _unless_off(rules: dict[str, Rule], kind: type[R]) -> R:
    """Return the rule in force, or its defaults while it is off."""
    rule = cast(R, rules[kind.NAME])
    return rule if rule.enabled else kind()


def _without_replaced(rules: dict[str, Rule]) -> dict[str, Rule]:
    """Turn off rules that an enabled rule replaces, such as cash under margin."""
    off = replacements(rules)
    return {
        name: replace(rule, enabled=False) if name in off else rule for name, rule in rules.items()
    }


def replacements(rules: dict[str, Rule]) -> dict[str, str]:
    """Map each replaced rule to the enabled rule that replaces it."""
    replacing = [rule for rule in rules.values() if rule.REPLACES and rule.enabled and rule.ready]
    return {name: rule.NAME for rule in replacing for name in rule.REPLACES}


def _whole_or_half(rule: Rule) -> Rule:
    """Substitute a stand-in that rejects entries for a rule with only some of its limits."""
    stand_in = HALVES.get(rule.NAME)
    return rule if stand_in is None or rule.lacking is None else stand_in


def _outliving(reservation: Parameters, decisions: Parameters) -> Parameters:
    """Make reservations outlive approvals; two merged documents may not ensure it."""
    times, valid = cast(ReservationTimes, reservation), cast(Decisions, decisions)
    minimum_ms = valid.decision_ttl_ms + 1
    return replace(times, reservation_ttl_ms=max(times.reservation_ttl_ms, minimum_ms))
