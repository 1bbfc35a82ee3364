"""What openings, balance snapshots and cash flows mean: they change capital, not PnL.

Funding is the exception: it is PnL.
"""

from pipeline.risk.account.cause import Cause
from pipeline.risk.account.identities import may_be_forgotten
from pipeline.risk.account.windows import Window, day_at, week_at
from pipeline.risk.ledger.cash import flow_in, foreign_flow, keeps_currency
from pipeline.risk.ledger.drift import compare_balance
from pipeline.risk.ledger.early import open_early
from pipeline.risk.ledger.money import Money, book_at, book_in_windows
from pipeline.risk.ledger.rates import fresh_rate, hold_rate, start_in_currency
from pipeline.risk.ledger.roll import open_marks
from pipeline.risk.ledger.taking_over import count_past
from pipeline.risk.numbers import booked
from pipeline.risk.turn import Turn
from topics.accounts import CashFlow


def on_account(turn: Turn, flow: CashFlow, *, seen: bool, rated: tuple[str, ...] = ()) -> None:
    """Apply an opening, a snapshot or a flow once.

    rated: the currencies that events carry rates in, if the flow's own is not among them.
    """
    account = turn.account
    if seen:
        turn.alert(Cause("flow", f"{flow.flow_id} was already applied"))
    elif may_be_forgotten(
        account.memory.ring("flows"),
        flow.as_of_ms,
        skew_ms_max=turn.limits.prices.clock_skew_ms_max,
    ):
        reason = f"{flow.flow_id} is older than all remembered ids and is not applied"
        turn.alert(Cause("dedupe", reason), level="critical", action="warn")
    elif account.capital.opened_ms is None:
        _open(turn, flow)
        if rated and turn.account.capital.opened_ms is not None:
            _report_unrated(turn, flow, rated)
    elif flow.currency != account.capital.currency and not account.currencies.by_currency:
        turn.alert(
            Cause("flow", f"{flow.flow_id} is in {flow.currency}, not {account.capital.currency}")
        )
    elif flow.kind == "opening":
        turn.alert(Cause("flow", f"{flow.flow_id} is a second opening"))
    else:
        turn.remember_id("flows", f"flow:{flow.flow_id}")
        _apply(turn, flow)


def _open(turn: Turn, flow: CashFlow) -> None:
    if flow.kind not in ("opening", "snapshot"):
        turn.alert(Cause("flow", f"{flow.flow_id} came before the opening"))
        return
    turn.remember_id("flows", f"flow:{flow.flow_id}")
    clock = turn.limits.account
    marks = open_marks(turn)
    amount = booked(flow.amount)
    day = Window(day_at(turn.now_ms, clock.zone, clock.day_roll), amount, marks=marks)
    week = Window(week_at(turn.now_ms, clock.zone, clock.day_roll), amount, marks=marks)
    turn.set_capital(
        currency=flow.currency, opened_ms=min(flow.as_of_ms, turn.now_ms), opening=amount
    )
    turn.set_windows(peak_equity=amount, day=day, week=week, rolls_by=(clock.zone, clock.day_roll))
    turn.set_currencies(by_currency=clock.cash == "by_currency")
    start_in_currency(turn)  # The account's currency is known only now.
    count_past(turn)
    open_early(turn)
    turn.state_changed = True


def _report_unrated(turn: Turn, flow: CashFlow, rated: tuple[str, ...]) -> None:
    """Report that nothing in another currency can be valued in this account."""
    reason = (
        f"{flow.flow_id} opens the account in {flow.currency}, but RISKGATE_ACCOUNT_CURRENCIES of "
        f"ingest and broadcast names only {', '.join(rated)}, so no event carries rates in "
        f"{flow.currency}; add it to the setting"
    )
    turn.alert(Cause("flow", reason), level="high", action="warn")


def _apply(turn: Turn, flow: CashFlow) -> None:
    if flow.kind == "snapshot":
        compare_balance(turn, flow)
        return
    turn.set_capital(flow_ms=max(turn.account.capital.flow_ms, min(flow.as_of_ms, turn.now_ms)))
    if flow.kind == "funding":
        _fund(turn, flow)
        return
    amount = booked(flow.amount if flow.kind == "deposit" else -flow.amount)
    if keeps_currency(turn.account, flow.currency):
        foreign_flow(turn, flow.currency, amount)
    else:
        flow_in(turn, amount)


def _fund(turn: Turn, flow: CashFlow) -> None:
    """Realize funding as PnL of the day and week in which it arrives."""
    hold_rate(turn, flow.currency)
    money = Money("", flow.currency, flow.amount)
    won = book_at(turn, money, rate=fresh_rate(turn, flow.currency), counted=True)
    if won is not None:
        book_in_windows(turn, won, won)
