"""Prices out of CSV files: which columns are understood, what stays exact, what is refused."""

import sys
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.errors import StartupError
from pipeline.paper.price_files import prices_of
from riskgate import Price

AT_MS = 1_767_225_600_000  # 2026-01-01, midnight UTC.


def read(folder: Path, text: str, symbol: str | None = None) -> list[Price]:
    path = folder / "prices.csv"
    path.write_text(text)
    return list(prices_of(path, symbol))


def test_every_column_is_read_when_a_file_has_them_all(tmp_path: Path) -> None:
    text = (
        "symbol,as_of_ms,bid,ask,mark,last,high,low,volume\n"
        "BTC/USDT:USDT,1767225600000,1.10,1.3,1.2,1.15,2,1,77\n"
    )

    (price,) = read(tmp_path, text)

    assert price == Price(
        symbol="BTC/USDT:USDT",
        bid=Decimal("1.1"),
        ask=Decimal("1.3"),
        mark=Decimal("1.2"),
        last=Decimal("1.15"),
        high=Decimal(2),
        low=Decimal(1),
        as_of_ms=AT_MS,
    )


@pytest.mark.parametrize(
    "time",
    [
        "1767225600", "1767225600000", "1767225600000000", "1767225600000000000", "2026-01-01",
        "2026-01-01 00:00:00", "2026-01-01T00:00:00Z", "2026-01-01T02:00:00+02:00",
    ],
)  # fmt: skip
def test_time_is_the_same_when_it_is_spelt_otherwise(tmp_path: Path, time: str) -> None:
    (price,) = read(tmp_path, f"Timestamp, Close\n{time},5\n", "X")

    assert (price.as_of_ms, price.last, price.symbol) == (AT_MS, Decimal(5), "X")


def test_digits_stay_exact_when_a_float_would_lose_them(tmp_path: Path) -> None:
    (price,) = read(tmp_path, "time,symbol,price\n2026-01-01,X,0.123456789012345678\n")

    assert price.last == Decimal("0.123456789012345678")


def test_a_line_without_a_price_is_left_out_when_others_have_one(tmp_path: Path) -> None:
    text = "time,symbol,bid,ask\n2026-01-01,X,,\n2026-01-01,X,nan,2\n"

    (price,) = read(tmp_path, text)

    assert (price.bid, price.ask) == (None, Decimal(2))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("symbol,price\nX,1\n", "has no column for a time"),
        ("time,price\n2026-01-01,1\n", "no column for symbol; name one with --symbol"),
        ("time,symbol,volume\n2026-01-01,X,1\n", "no column for one of bid, ask, mark, last"),
        ("time,symbol,price\nsoon,X,1\n", "line 2: 'soon' is not a time"),
        ("time,symbol,price\n2026-01-01,X,1_0\n", "line 2: price: Expected a number in plain"),
        ("time,symbol,price\n2026-01-01,a|b,1\n", r"line 2: \$.symbol: "),
        ("time,symbol,price\n2026-01-02,X,1\n2026-01-01,X,1\n", "line 3: its time is before"),
        ("time,symbol,price\n", "holds no price"),
    ],
)
def test_a_file_is_refused_with_its_line_when_something_is_wrong(
    tmp_path: Path, text: str, sentence: str
) -> None:
    with pytest.raises(StartupError, match=sentence):
        read(tmp_path, text)


def test_a_file_is_named_when_it_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match=r"none.csv cannot be read \(No such file"):
        list(prices_of(tmp_path / "none.csv", None))


def test_extra_is_named_when_a_parquet_file_needs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(StartupError, match=r"pip install '\.\[gate,parquet\]'"):
        list(prices_of(tmp_path / "prices.parquet", None))
