"""A trade: the effect of a fill on position and money, once its instrument is known.

A fee in the base currency of a linear instrument is paid in units of the position.
"""

from decimal import Decimal

from msgspec import Struct

from pipeline.risk.account.account import Account
from pipeline.risk.account.contracts import contract_value, inverse_of
from pipeline.risk.account.holding import Execution
from pipeline.risk.account.position import Contract
from pipeline.risk.ledger.money import Money
from pipeline.risk.ledger.rates import is_foreign
from pipeline.risk.numbers import ONE, ZERO, booked, signed
from topics.fills import Fill
from topics.instruments import Instrument


class Trade(Struct, frozen=True, gc=False):
    execution: Execution
    quantity: Decimal  # Signed change of the position.
    fee: Decimal  # In the settlement currency; negative is a rebate.
    other_fee: Money | None  # In a third currency; negative when paid.
    contract: Contract

    def effect(self, mark: Decimal | None) -> Decimal:
        """Return its PnL up to a mark, or just its fee without one, in the settlement currency."""
        if mark is None:
            return -self.fee
        price, inverse = self.execution.price, self.contract.inverse
        moved = contract_value(self.quantity, mark, inverse) - contract_value(
            self.quantity, price, inverse
        )
        return moved * self.contract.multiplier - self.fee


def execution_of(fill: Fill) -> Execution:
    return Execution(
        fill.fill_id,
        fill.side,
        fill.quantity,
        fill.price,
        fill.fee,
        fill.fee_currency,
        fill.executed_at_ms,
    )


def trade_of(execution: Execution, instrument: Instrument, account: Account) -> Trade:
    """Work out the effect of an execution on a position of this instrument."""
    inverse = inverse_of(instrument)
    multiplier = ONE if inverse is not None else instrument.multiplier
    contract = Contract(inverse, multiplier, converts=_converts(instrument, account))
    quantity = signed(execution.side, execution.quantity)
    fee, currency = execution.fee, execution.fee_currency
    if not fee or currency is None or currency == instrument.settlement_currency:
        return Trade(execution, quantity, _booked(fee, contract), None, contract)
    if inverse is None and currency == instrument.base_currency:
        paid = _booked(fee * execution.price * multiplier, contract)
        return Trade(execution, quantity - fee, paid, None, contract)
    other = Money(instrument.symbol, currency, -fee, execution)
    return Trade(execution, quantity, ZERO, other, contract)


def _booked(fee: Decimal, contract: Contract) -> Decimal:
    return fee if contract.converts else booked(fee)


def _converts(instrument: Instrument, account: Account) -> bool:
    """Return whether its money is converted when booked; rounding then happens after that."""
    return is_foreign(instrument, account) and not account.currencies.by_currency
