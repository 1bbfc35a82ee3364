"""What ccxt calls trades, tickers, markets, positions and balances, as messages of the contract.

Pure: no request is made here, so that it can be tested on what an exchange answered once.
"""

import logging
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from riskgate.adapters.ids import event_id
from riskgate.messages import CashFlow, Fill, PositionSnapshot, Price
from topics.instruments import Instrument

__all__ = ["cash_of", "exact", "fill_of", "instrument_of", "is_contract", "position_of", "price_of"]

logger = logging.getLogger(__name__)

Unified = Mapping[str, Any]  # A structure of ccxt, which has no types.


def exact(value: object) -> Decimal | None:
    """Return a number of ccxt, read from its digits; None where there is none."""
    return None if value is None or value == "" else Decimal(str(value))


def is_contract(market: Unified) -> bool:
    """Whether a market trades contracts, of which positions are held, instead of coins."""
    return bool(market.get("contract"))


def price_of(ticker: Unified, now_ms: int) -> Price | None:
    """Return the price of a ticker, None if it quotes nothing."""
    names = {"bid": "bid", "ask": "ask", "mark": "markPrice", "last": "last"}
    found = {field: exact(ticker.get(name)) for field, name in names.items()}
    if all(number is None for number in found.values()):
        return None
    at_ms = int(ticker.get("timestamp") or now_ms)
    return Price(symbol=ticker["symbol"], as_of_ms=at_ms, **found)


def fill_of(trade: Unified, *, account_id: str, signal_id: str | None, now_ms: int) -> Fill:
    """Return the fill of a trade of the account.

    signal_id: None if the order is not one of riskgate's, which then raises an alert.
    """
    fee, fee_currency = _fee(trade)
    return Fill(
        account_id=account_id,
        fill_id=event_id(trade["id"]),
        order_id=event_id(trade["order"] or trade["id"]),
        signal_id=signal_id,
        symbol=trade["symbol"],
        side=trade["side"],
        quantity=_required(trade, "amount"),
        price=_required(trade, "price"),
        fee=fee,
        fee_currency=fee_currency,
        executed_at_ms=int(trade.get("timestamp") or now_ms),
    )


def position_of(position: Unified, *, account_id: str, now_ms: int) -> PositionSnapshot:
    """Return the snapshot of a position in contracts."""
    held = exact(position.get("contracts")) or Decimal(0)
    return PositionSnapshot(
        account_id=account_id,
        symbol=position["symbol"],
        quantity=-held if position.get("side") == "short" else held,
        average_price=exact(position.get("entryPrice")) if held else None,
        mark_price=exact(position.get("markPrice")),
        as_of_ms=now_ms,
    )


def cash_of(balance: Unified, currency: str, *, account_id: str, now_ms: int) -> CashFlow:
    """Return the snapshot of a cash balance; a currency that is not listed is 0."""
    total = balance.get("total") or {}
    return CashFlow(
        account_id=account_id,
        kind="snapshot",
        flow_id=f"cash-{now_ms}",
        currency=currency,
        amount=exact(total.get(currency)) or Decimal(0),
        as_of_ms=now_ms,
    )


def instrument_of(market: Unified) -> Instrument:
    """Return the contract of a market, for the topic instruments.

    Quantities are ccxt's amounts: coins on a spot market, else contracts of contractSize. Raise
    ValueError for options, whose risk riskgate does not know.
    """
    if market.get("option"):
        raise ValueError(f"{market['symbol']} is an option; riskgate has no rules for options")
    amounts, costs = market["limits"]["amount"], market["limits"]["cost"]
    lot = exact(market["precision"]["amount"])
    tick = exact(market["precision"]["price"])
    if not lot or not tick:
        raise ValueError(f"{market['symbol']} has no precision; write its instrument by hand")
    inverse = bool(market.get("inverse"))
    return Instrument(
        symbol=market["symbol"],
        kind="inverse" if inverse else "linear",
        base_currency=market["base"],
        settlement_currency=market["settle"] or market["quote"],
        tick_size=tick,
        lot_size=lot,
        min_quantity=exact(amounts.get("min")) or lot,
        max_quantity=exact(amounts.get("max")),
        min_notional=None if inverse else exact(costs.get("min")),
        multiplier=exact(market.get("contractSize")) or Decimal(1),
        status="trading" if market.get("active", True) else "halted",
    )


def _fee(trade: Unified) -> tuple[Decimal, str | None]:
    """Return what a trade cost and in which currency; a fee that is not named yet is 0."""
    fees = [each for each in (trade.get("fees") or [trade.get("fee") or {}]) if each.get("cost")]
    currencies = {each.get("currency") for each in fees}
    if len(currencies) > 1:
        logger.error(
            "trade %s has fees in %s, and a fill has one: only the first is reported",
            trade["id"],
            ", ".join(sorted(map(str, currencies))),
        )
    if not fees:
        return Decimal(0), None
    first = fees[0].get("currency")
    same = [exact(each["cost"]) or Decimal(0) for each in fees if each.get("currency") == first]
    return sum(same, Decimal(0)), first


def _required(trade: Unified, name: str) -> Decimal:
    number = exact(trade[name])
    if number is None:
        raise ValueError(f"the exchange's trade {trade['id']} has no {name}")
    return number
