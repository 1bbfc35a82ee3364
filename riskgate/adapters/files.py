"""Fills out of the files that IBKR, Binance and Kraken let their customers export.

Each function yields one fill per line, in the file's order, and raises FileError that names the
line that it does not understand: a fill that is left out in silence is a wrong position.
"""

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from riskgate.adapters.ids import event_id, short_id
from riskgate.messages import Fill
from topics.bounds import exact_number
from topics.fields import DecodeError, Side

__all__ = ["FileError", "binance", "ibkr_flex", "kraken"]

Row: TypeAlias = Mapping[str, str]
Symbols: TypeAlias = Mapping[str, str]  # riskgate's by the file's; what is missing stays as it is.

_AMOUNT = re.compile(r"([0-9.,]+)([A-Z0-9]*)")
_IBKR_TIMES = ("%Y%m%d;%H%M%S", "%Y-%m-%d;%H:%M:%S", "%Y-%m-%d, %H:%M:%S", "%Y%m%d %H%M%S")


class FileError(Exception):
    """Say in one sentence which line of a file is not understood, and why."""


def ibkr_flex(
    path: Path, *, zone: str, symbols: Symbols | None = None, accounts: Symbols | None = None
) -> Iterator[Fill]:
    """Yield the executions of a Flex query of trades, as CSV with a header.

    Columns: ClientAccountID, Symbol, IBExecID, IBOrderID, DateTime, Buy/Sell, Quantity, TradePrice,
    IBCommission, IBCommissionCurrency. zone: the time zone of the query, such as America/New_York.
    accounts: riskgate's account by IBKR's.
    """
    own = ZoneInfo(zone)

    def fill(row: Row) -> Fill:
        account = row["ClientAccountID"]
        word = row["Buy/Sell"].upper()
        return Fill(
            account_id=(accounts or {}).get(account, account),
            fill_id=event_id(row["IBExecID"]),
            order_id=event_id(row["IBOrderID"]),
            symbol=(symbols or {}).get(row["Symbol"], row["Symbol"]),
            side=_side(word.split()[0]),
            quantity=abs(_number(row["Quantity"])),
            price=_number(row["TradePrice"]),
            fee=-_number(row["IBCommission"]),  # Negative there is what was paid.
            fee_currency=row["IBCommissionCurrency"] or None,
            executed_at_ms=_at_ms(row["DateTime"], _IBKR_TIMES, own),
            kind=_kind(word),
        )

    return _fills(path, fill)


def binance(path: Path, *, account_id: str, symbols: Symbols | None = None) -> Iterator[Fill]:
    """Yield the trades of an export of spot trade history.

    Columns: Date(UTC), Pair, Side, Price, Executed, Fee. The file gives no ids, so a trade's is
    made of its line: export whole days, or the same trade may get two ids.
    """
    seen: Counter[str] = Counter()

    def fill(row: Row) -> Fill:
        line = "|".join(f"{name}={row[name]}" for name in ("Date(UTC)", "Pair", "Side", "Price",
                                                           "Executed", "Fee"))  # fmt: skip
        seen[line] += 1
        name = short_id(account_id, line, str(seen[line]))
        fee, fee_currency = _amount(row["Fee"])
        return Fill(
            account_id=account_id,
            fill_id=name,
            order_id=name,
            symbol=(symbols or {}).get(row["Pair"], row["Pair"]),
            side=_side(row["Side"]),
            quantity=_amount(row["Executed"])[0],
            price=_number(row["Price"]),
            fee=fee,
            fee_currency=fee_currency or None,
            executed_at_ms=_at_ms(row["Date(UTC)"], ("%Y-%m-%d %H:%M:%S",), UTC),
        )

    return _fills(path, fill)


def kraken(path: Path, *, account_id: str, symbols: Symbols | None = None) -> Iterator[Fill]:
    """Yield the trades of an export of trades: txid, ordertxid, pair, time, type, price, fee, vol.

    The fee is in the settlement currency, as on Kraken's spot markets unless somebody chose
    otherwise.
    """

    def fill(row: Row) -> Fill:
        return Fill(
            account_id=account_id,
            fill_id=event_id(row["txid"]),
            order_id=event_id(row["ordertxid"]),
            symbol=(symbols or {}).get(row["pair"], row["pair"]),
            side=_side(row["type"]),
            quantity=_number(row["vol"]),
            price=_number(row["price"]),
            fee=_number(row["fee"]),
            executed_at_ms=_at_ms(row["time"], ("%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S"), UTC),
        )

    return _fills(path, fill)


def _fills(path: Path, fill: Callable[[Row], Fill]) -> Iterator[Fill]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        for row in reader:
            try:
                yield fill(row)
            except KeyError as error:
                columns = ", ".join(reader.fieldnames or ())
                raise FileError(
                    f"{path} has no column {error.args[0]}; its columns are: {columns}"
                ) from None
            except (DecodeError, ValueError, AttributeError) as error:
                raise FileError(f"{path}, line {reader.line_num}: {error}") from error


def _number(text: str) -> Decimal:
    return exact_number(text.replace(",", "").strip() or "0")


def _amount(text: str) -> tuple[Decimal, str]:
    """Split an amount from its currency: 0.0005BNB."""
    found = _AMOUNT.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not an amount such as 0.5BTC")
    return _number(found[1]), found[2]


def _side(text: str) -> Side:
    sides: dict[str, Side] = {"buy": "buy", "sell": "sell"}
    try:
        return sides[text.strip().lower()]
    except KeyError:
        raise ValueError(f"{text!r} is neither buy nor sell") from None


def _kind(word: str) -> Literal["new", "bust"]:
    """Return what IBKR says of an execution; `(Ca.)` cancels the one of the same id."""
    return "bust" if "(CA" in word else "new"


def _at_ms(text: str, formats: tuple[str, ...], zone: tzinfo) -> int:
    for form in formats:
        try:
            moment = datetime.strptime(text.strip(), form).replace(tzinfo=zone)
        except ValueError:
            continue
        return round(moment.timestamp() * 1000)
    raise ValueError(f"{text!r} is not a time such as {datetime.now(zone).strftime(formats[0])}")
