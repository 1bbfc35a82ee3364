"""What openings, balances and cash flows mean: capital, and no PnL (funding apart)."""

from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.book.drift import compare_balance
from pipeline.risk.book.money import Money, book_in_windows, book_money
from pipeline.risk.book.taking_over import count_past
from pipeline.risk.cause import Cause
from pipeline.risk.memory.identities import may_be_forgotten
from pipeline.risk.numbers import ZERO, booked
from pipeline.risk.turn import Turn
from pipeline.risk.valuation.baselines import flow_in_measures
from pipeline.risk.valuation.rates import settle_in
from pipeline.risk.valuation.windows import Window, day_at, week_at
from topics.accounts import CashFlow


def on_account(turn: Turn, flow: CashFlow, *, seen: bool, rated: tuple[str, ...] = ()) -> None:
    """Apply an opening, a snapshot or a flow once.

    rated: the currencies that events carry rates in, where the flow's own is none of them.
    """
    account = turn.account
    if seen:
        turn.alert(Cause("flow", f"{flow.flow_id} is known already"))
    elif may_be_forgotten(
        account.memory, flow.as_of_ms, skew_ms_max=turn.limits.prices.clock_skew_ms_max
    ):
        reason = f"{flow.flow_id} is older than what is remembered: not applied"
        turn.alert(Cause("dedupe", reason), level="critical", action="warn")
    elif account.opened_ms is None:
        _open(turn, flow)
        if rated and turn.account.opened_ms is not None:
            _tell_unrated(turn, flow, rated)
    elif flow.currency != account.currency:
        turn.alert(Cause("flow", f"{flow.flow_id} is in {flow.currency}, not {account.currency}"))
    elif flow.kind == "opening":
        turn.alert(Cause("flow", f"{flow.flow_id} would open the account again"))
    else:
        turn.keep(f"flow:{flow.flow_id}")
        _apply(turn, flow)


def _open(turn: Turn, flow: CashFlow) -> None:
    if flow.kind not in ("opening", "snapshot"):
        turn.alert(Cause("flow", f"{flow.flow_id} came before the opening"))
        return
    turn.keep(f"flow:{flow.flow_id}")
    account, clock = turn.account, turn.limits.clock
    marks = open_marks(turn)
    amount = booked(flow.amount)
    day = Window(day_at(turn.now_ms, clock.zone, clock.day_roll), amount, marks=marks)
    week = Window(week_at(turn.now_ms, clock.zone, clock.day_roll), amount, marks=marks)
    turn.update(
        currency=flow.currency,
        opened_ms=min(flow.as_of_ms, turn.now_ms),
        opening=amount,
        early=(),
        peak=amount,
        day=day,
        week=week,
        rolls_by=(clock.zone, clock.day_roll),
    )
    settle_in(turn)  # Only now is it known which currency counts.
    count_past(turn)
    for early in account.early:
        money = Money(early.symbol, early.currency, early.amount)
        won = book_money(turn, money, executed_ms=early.executed_ms)
        if won is not None:
            book_in_windows(turn, won, won)
    turn.state_changed = True


def _tell_unrated(turn: Turn, flow: CashFlow, rated: tuple[str, ...]) -> None:
    """Tell that nothing in another currency than the account's can be valued."""
    reason = (
        f"{flow.flow_id} opens the account in {flow.currency}, but RISKGATE_ACCOUNT_CURRENCIES of "
        f"ingest and broadcast names {', '.join(rated)}: no event carries rates in {flow.currency},"
        " so whatever settles in another currency has none; add it to the setting"
    )
    turn.alert(Cause("flow", reason), level="high", action="warn")


def open_marks(turn: Turn) -> dict[str, Decimal]:
    """The marks of what is held, kept at the open of a window."""
    return {
        holding.symbol: mark
        for holding in turn.account.holdings.values()
        if (mark := holding.mark) is not None
    }


def _apply(turn: Turn, flow: CashFlow) -> None:
    account = turn.account
    day, week = account.day, account.week
    if day is None or week is None:
        raise AssertionError("an open account has a day and a week")
    if flow.kind == "snapshot":
        compare_balance(turn, flow)
        return
    turn.note(flow_ms=max(account.flow_ms, min(flow.as_of_ms, turn.now_ms)))
    amount = booked(flow.amount)
    if flow.kind == "funding":
        turn.update(
            realized=account.realized + amount,
            day=replace(day, realized=day.realized + amount),
            week=replace(week, realized=week.realized + amount),
        )
        return
    if flow.kind == "withdrawal":
        amount = -amount
    flow_in_measures(turn, amount)
    turn.update(
        net_flows=account.net_flows + amount,
        day=_with_flow(day, amount),
        week=_with_flow(week, amount),
    )
    turn.state_changed = True


def _with_flow(window: Window, amount: Decimal) -> Window:
    deposits = window.deposits + max(amount, ZERO)
    return replace(window, flows=window.flows + amount, deposits=deposits)
