"""Prices out of a CSV or Parquet file, read exactly and completely checked before one is sent.

Columns: a time, a symbol, and at least one of bid, ask, mark, last (also called price or close),
with high and low if there are bars. Others are left alone.
"""

import csv
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

from pipeline.errors import StartupError
from riskgate.messages import Price
from topics.bounds import exact_number
from topics.fields import DecodeError

__all__ = ["TIMES", "Columns", "prices_of", "rows_of", "time_ms"]

TIMES = ("as_of_ms", "time", "timestamp", "datetime", "date", "ts")
NUMBERS = {
    "bid": "bid", "ask": "ask", "mark": "mark", "last": "last", "price": "last", "close": "last",
    "high": "high", "low": "low",
}  # fmt: skip
SOURCES = ("bid", "ask", "mark", "last")  # A price has one of them at least.
PARQUET = {".parquet", ".pq"}
BATCH_ROWS = 10_000
# Seconds since the epoch have ten digits until the year 2286; each further three are a finer unit.
DIGITS_OF_SECONDS = 11

Row: TypeAlias = Mapping[str, object]


class Columns(Struct, frozen=True):
    """Where each part of a price stands in a file."""

    time: str
    numbers: Mapping[str, str]  # The file's column by field of a price.
    symbol: str | None = None  # None: one symbol for the whole file.


def prices_of(path: Path, symbol: str | None) -> Iterator[Price]:
    """Yield the prices of a file in its order, which must be that of time.

    symbol: of every row, for a file without that column. Raise StartupError that names the line of
    what is wrong.
    """
    before_ms, columns = 0, None
    for number, row in rows_of(path):
        if columns is None:
            columns = _columns(path, row, symbol)
        try:
            price = _price(row, columns, symbol)
        except (DecodeError, ValueError) as error:
            raise StartupError(f"{path}, line {number}: {error}") from error
        if price is None:
            continue
        if price.as_of_ms < before_ms:
            raise StartupError(f"{path}, line {number}: its time is before that of an earlier line")
        before_ms = price.as_of_ms
        yield price
    if not before_ms:
        raise StartupError(f"{path} holds no price")


def rows_of(path: Path) -> Iterator[tuple[int, Row]]:
    """Yield the rows with their numbers, as a person counts lines. Raise StartupError."""
    try:
        yield from _parquet(path) if path.suffix.lower() in PARQUET else _csv(path)
    except OSError as error:
        raise StartupError(f"{path} cannot be read ({error.strerror or error})") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise StartupError(f"{path} is no CSV file ({error})") from error


def _csv(path: Path) -> Iterator[tuple[int, Row]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        for row in reader:
            yield reader.line_num, _lowered(row)


def _parquet(path: Path) -> Iterator[tuple[int, Row]]:
    try:
        from pyarrow import ArrowInvalid  # noqa: PLC0415 - An extra, and slow to load.
        from pyarrow.parquet import ParquetFile  # noqa: PLC0415
    except ImportError as error:
        raise StartupError(
            f"{path} needs pyarrow, which is not installed; install riskgate with its extra "
            "parquet, in a clone with: pip install '.[gate,parquet]'"
        ) from error
    try:
        with ParquetFile(path) as file:
            number = 0
            for batch in file.iter_batches(BATCH_ROWS):
                for row in batch.to_pylist():
                    number += 1
                    yield number, _lowered(row)
    except ArrowInvalid as error:
        raise StartupError(f"{path} is no Parquet file ({error})") from error


def _lowered(row: Mapping[str, object] | Mapping[str | None, object]) -> Row:
    # What a line of a CSV file has beyond the header stands under None.
    return {name.strip().lower(): value for name, value in row.items() if name is not None}


def _columns(path: Path, row: Row, symbol: str | None) -> Columns:
    time = next((name for name in TIMES if name in row), None)
    numbers = {field: name for name, field in NUMBERS.items() if name in row}
    named = "symbol" if "symbol" in row and symbol is None else None
    missing = [
        *(["a time (time, timestamp, date or as_of_ms)"] if time is None else []),
        *(["symbol; name one with --symbol"] if named is None and symbol is None else []),
        *(["one of bid, ask, mark, last, price, close"] if not {*SOURCES} & {*numbers} else []),
    ]
    if time is None or missing:
        found = ", ".join(row) or "none"
        raise StartupError(f"{path} has no column for {missing[0]}; its columns are: {found}")
    return Columns(time=time, numbers=numbers, symbol=named)


def _price(row: Row, columns: Columns, symbol: str | None) -> Price | None:
    """Return the price of a row, None if the market had none then. Raise DecodeError, ValueError.

    A value that is left out, or not a number, is absent.
    """
    numbers = {field: _number(row[name], name) for field, name in columns.numbers.items()}
    if all(numbers.get(field) is None for field in SOURCES):
        return None
    name = symbol if columns.symbol is None else row[columns.symbol]
    return Price(symbol=str(name), as_of_ms=time_ms(row[columns.time]), **numbers)


def _number(value: object, name: str) -> Decimal | None:
    if isinstance(value, Decimal):
        return value
    # A float is read from its shortest digits; pandas writes nan for what is absent.
    text = "" if value is None else str(value).strip()
    if text.lower() in {"", "nan", "null", "none"}:
        return None
    try:
        return exact_number(text)
    except DecodeError as error:
        raise DecodeError(f"{error.error}, got {text!r}", name) from None


def time_ms(value: object) -> int:
    """Read a time in ms since the epoch; without an offset it is UTC. Raise ValueError."""
    if isinstance(value, datetime):
        return _moment_ms(value)
    text = str(value).strip()
    if text.isascii() and text.isdigit():
        number, digits = int(text), len(text)
        power = (max(digits - DIGITS_OF_SECONDS, 0) + 2) // 3  # Of thousands, finer than seconds.
        return number * 1000 if power == 0 else number // 1000 ** (power - 1)
    try:
        return _moment_ms(datetime.fromisoformat(text))
    except ValueError:
        raise ValueError(
            f"{text!r} is not a time; write for example 2026-11-21T14:03:20Z, or seconds or "
            "milliseconds since 1970"
        ) from None


def _moment_ms(moment: datetime) -> int:
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)
