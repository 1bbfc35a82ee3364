"""What a signal means: one decision and, if it is approved, a reservation."""

from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.account.account import APPROVALS_MAX
from pipeline.risk.account.cause import Cause
from pipeline.risk.account.holding import Holding
from pipeline.risk.account.reservations import Reservation
from pipeline.risk.gate.answer import FAILED, IGNORED_DUPLICATE, IGNORED_HOLD, answer
from pipeline.risk.gate.judge import judge
from pipeline.risk.gate.sizing import size
from pipeline.risk.ledger.rates import fresh_rate, is_foreign
from pipeline.risk.ledger.refused_orders import note_refused
from pipeline.risk.numbers import ZERO
from pipeline.risk.order.candidate_order import OrderTerms, order_terms, reference_price
from pipeline.risk.order.repeats import Repeats, noted
from pipeline.risk.order.stop_price import stop_price
from pipeline.risk.protection.violations import count_violations
from pipeline.risk.rules.repeated_order import RepeatedOrder
from pipeline.risk.turn import Turn
from topics.events import Session
from topics.signals import Signal


def on_signal(
    turn: Turn, signal: Signal, *, seen: bool, sessions: tuple[Session, ...] = ()
) -> None:
    """Decide a signal; `seen`: its id was decided before; `sessions`: of its exchange."""
    turn.repeated_signal = seen
    if not seen:
        turn.remember_id("signals", f"signal:{signal.signal_id}")
    if signal.side == "hold" or seen:
        result = IGNORED_HOLD if signal.side == "hold" else IGNORED_DUPLICATE
        answer(turn, signal, result)
        return
    terms: OrderTerms | None = None
    try:
        terms = _terms(turn, signal, sessions)
        result = judge(turn.view(), terms, turn.limits)
    except Exception as error:  # noqa: BLE001  Fail closed: a rule that raises refuses.
        result = FAILED
        reason = f"judging {signal.signal_id} raised {type(error).__name__}: {error}"
        turn.alert(Cause("internal_error", reason), level="medium")
    answer(turn, signal, result, terms=terms)
    if terms is not None and result.verdict != "approved":
        note_refused(turn, terms, result.quantity)
    if terms is not None and result.quantity:
        _approve(turn, terms, result.quantity)
    elif result.reasons:
        count_violations(turn, result.reasons)


def refuse(turn: Turn, signal: Signal, *, seen: bool) -> None:
    """Reject a signal that could not be judged; a repetition is still ignored."""
    turn.repeated_signal = seen
    if not seen:
        turn.remember_id("signals", f"signal:{signal.signal_id}")
    answer(turn, signal, IGNORED_DUPLICATE if seen else FAILED)


def _terms(turn: Turn, signal: Signal, sessions: tuple[Session, ...]) -> OrderTerms:
    limits = turn.limits
    holding = turn.holding(signal.symbol)
    oldest_ms = turn.now_ms - limits.prices.mark_age_ms_max
    fresh = holding.quote is not None and holding.quote.as_of_ms >= oldest_ms
    terms = order_terms(signal, holding, fresh=fresh, collar=limits.collar_ratio)
    atr = None if holding.quote is None else holding.quote.atr
    terms = replace(terms, stop=stop_price(terms, limits.stop, atr=atr))
    if sessions:
        terms = replace(terms, sessions=sessions)
    if holding.instrument is not None and is_foreign(holding.instrument, turn.account):
        terms = _converted(turn, terms, holding.instrument.settlement_currency)
    if signal.quantity is not None:
        return terms
    return replace(terms, asked=size(terms, limits, turn.view().equity))


def _converted(turn: Turn, terms: OrderTerms, currency: str) -> OrderTerms:
    """Add the rate to an order in another currency; with a stale one, its value is unknown."""
    known = turn.account.currencies.rates.get(currency)
    rate = fresh_rate(turn, currency)
    point_value = None if rate is None else terms.point_value
    rate_ms = None if known is None else known.as_of_ms
    return replace(terms, point_value=point_value, rate=rate, rate_ms=rate_ms)


def _approve(turn: Turn, terms: OrderTerms, quantity: Decimal) -> None:
    """Reserve the whole quantity at its order price; it counts as exposure from now on."""
    signal, now_ms = terms.signal, turn.now_ms
    turn.set_rules(
        order_rate=(*turn.account.rules.order_rate[-(APPROVALS_MAX - 1) :], now_ms),
        repeated_order=_repeats(turn, terms),
    )
    stop, distance = _stop_of(terms, quantity)
    turn.reserve(
        Reservation(
            signal.signal_id,
            signal.symbol,
            terms.side,
            quantity,
            last_known_price(terms.holding, terms),
            reserved=quantity,
            until_ms=now_ms + turn.limits.reservation.reservation_ttl_ms,
            stop_price=stop,
            stop_distance=distance,
        )
    )


def _stop_of(terms: OrderTerms, quantity: Decimal) -> tuple[Decimal | None, Decimal | None]:
    """Return an entry's stop price, and its distance if riskgate computed the stop."""
    if quantity <= terms.reducible_quantity or terms.stop is None or terms.entry_price is None:
        return None, None
    if terms.signal.stop_price is not None:
        return terms.stop, None
    return terms.stop, abs(terms.entry_price - terms.stop)


def _repeats(turn: Turn, terms: OrderTerms) -> Repeats:
    """Return the approvals with this one added; empty while the rule on repetitions is off."""
    rule = turn.limits.rule(RepeatedOrder)
    if not rule.enabled:
        return {}
    since_ms = turn.now_ms - rule.window_ms
    return noted(turn.account.rules.repeated_order, terms, at_ms=turn.now_ms, since_ms=since_ms)


def last_known_price(holding: Holding, terms: OrderTerms) -> Decimal:
    """Return the order price, else the symbol's last known price, else 0 (only for exits)."""
    if terms.price is not None:
        return terms.price
    price = reference_price(holding.quote, terms.side)
    return ZERO if price is None else price
