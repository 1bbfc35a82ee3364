"""Execution reports of FIX 4.4, tag by tag, as orders and fills."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal, NamedTuple

from simplefix import FixMessage

from riskgate.adapters.ids import event_id
from riskgate.adapters.journal import Journal
from riskgate.engine_protocol import Status
from riskgate.messages import Fill, Order
from riskgate.venue import Report
from topics.bounds import exact_number
from topics.fields import DecodeError, Side

__all__ = ["ReportError", "reports_of"]

SIDES: Mapping[str, Side] = {"1": "buy", "2": "sell", "5": "sell", "6": "sell"}  # 5, 6: short.
STATUSES: Mapping[str, Status] = {
    "0": "accepted", "2": "filled", "3": "expired", "4": "cancelled", "8": "rejected",
    "C": "expired",
}  # fmt: skip
KINDS: Mapping[str, Literal["new", "bust", "correct"]] = {"F": "new", "G": "correct", "H": "bust"}
TIMES = ("%Y%m%d-%H:%M:%S.%f", "%Y%m%d-%H:%M:%S")


class _Sent(NamedTuple):
    """Whose order it is, and under which client order id it was sent first."""

    account: str
    signal_id: str


class ReportError(Exception):
    """Say in one sentence which execution report is not understood, and why."""


def reports_of(message: FixMessage, accounts: Mapping[str, str], journal: Journal) -> list[Report]:
    """Return the fill and the order status of an execution report, the fill first.

    accounts: riskgate's by tag 1. journal: knows the first id of each execution and order, as a
    bust, a correction and a replaced order come under new ones. Raise ReportError.
    """
    try:
        account = accounts.get(_text(message, 1))
        if account is None:
            raise ReportError(f"Tag 1 names the account {_text(message, 1)!r}, which is not listed")
        sent = _Sent(account, _signal_id(message, account, journal))
        reports: list[Report] = []
        kind = KINDS.get(_text(message, 150))
        if kind is not None:
            reports.append(_fill(message, sent, journal=journal, kind=kind))
        status = STATUSES.get(_text(message, 39))
        if status is not None:
            reports.append(_order(message, sent, status))
    except (DecodeError, ValueError) as error:
        raise ReportError(f"Execution {_text(message, 17)} is not understood: {error}") from error
    return reports


def _signal_id(message: FixMessage, account: str, journal: Journal) -> str:
    """Return the client order id under which the order was sent first."""
    name = f"order {account} {_required(message, 37)}"
    sent = _text(message, 41) or _required(message, 11)
    journal.note(name, sent, _at_ms(message))
    noted = journal.noted(name)
    return sent if noted is None else noted[0]


def _fill(
    message: FixMessage, sent: _Sent, *, journal: Journal, kind: Literal["new", "bust", "correct"]
) -> Fill:
    own_id, at_ms = _required(message, 17), _at_ms(message)
    before = (
        journal.noted(f"exec {sent.account} {_required(message, 19)}") if kind != "new" else None
    )
    # What was corrected keeps the id and the time of the first report.
    first_id = (own_id if kind == "new" else _required(message, 19), at_ms)
    root_id, root_ms = first_id if before is None else before
    journal.note(f"exec {sent.account} {own_id}", root_id, root_ms)
    return Fill(
        account_id=sent.account,
        fill_id=event_id(root_id),
        order_id=event_id(_required(message, 37)),
        signal_id=event_id(sent.signal_id),
        symbol=_required(message, 55),
        side=_side(message),
        quantity=_number(message, 32),
        price=_number(message, 31),
        fee=_fee(message),
        fee_currency=_text(message, 479) or None,
        executed_at_ms=root_ms,
        kind=kind,
    )


def _order(message: FixMessage, sent: _Sent, status: Status) -> Order:
    return Order(
        account_id=sent.account,
        signal_id=event_id(sent.signal_id),
        order_id=event_id(_required(message, 37)),
        symbol=_required(message, 55),
        status=status,
        filled_quantity=_number(message, 14),
        updated_at_ms=_at_ms(message),
    )


def _fee(message: FixMessage) -> Decimal:
    """Return the commission in money; tag 13 says whether it is per unit or a percentage."""
    if not _text(message, 12):
        return Decimal(0)
    commission, kind = _number(message, 12), _text(message, 13) or "3"
    if kind == "1":
        return commission * _number(message, 32)
    if kind == "2":
        return commission * _number(message, 32) * _number(message, 31) / 100
    if kind == "3":
        return commission
    raise ValueError(f"tag 13 is {kind}; only 1, 2 and 3 are known")


def _side(message: FixMessage) -> Side:
    side = SIDES.get(_required(message, 54))
    if side is None:
        raise ValueError(f"tag 54 is {_text(message, 54)}; only 1, 2, 5 and 6 are known")
    return side


def _number(message: FixMessage, tag: int) -> Decimal:
    return exact_number(_required(message, tag))


def _at_ms(message: FixMessage) -> int:
    text = _required(message, 60)
    for form in TIMES:
        try:
            moment = datetime.strptime(text[:24], form).replace(tzinfo=UTC)
        except ValueError:
            continue
        return round(moment.timestamp() * 1000)
    raise ValueError(f"tag 60 is {text!r}, not a time such as 20260101-10:30:00.123")


def _required(message: FixMessage, tag: int) -> str:
    text = _text(message, tag)
    if not text:
        raise ValueError(f"tag {tag} is missing")
    return text


def _text(message: FixMessage, tag: int) -> str:
    value: bytes | None = message.get(tag)
    return "" if value is None else value.decode(errors="replace")
