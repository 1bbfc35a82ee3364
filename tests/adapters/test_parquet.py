"""Prices out of Parquet files, beside pyarrow itself."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from pipeline.errors import StartupError
from pipeline.paper.price_files import prices_of

MORNING = datetime(2026, 1, 1, tzinfo=UTC)
AT_MS = 1_767_225_600_000


def written(folder: Path, **columns: pa.Array) -> Path:
    path = folder / "prices.parquet"
    parquet.write_table(pa.table(columns), path)
    return path


def test_numbers_are_exact_when_a_file_has_decimals_and_floats(tmp_path: Path) -> None:
    exact = Decimal("0.123456789012345678")
    path = written(
        tmp_path,
        timestamp=pa.array([MORNING], pa.timestamp("ns", "UTC")),
        symbol=pa.array(["X"]),
        bid=pa.array([exact], pa.decimal128(38, 18)),
        ask=pa.array([0.3]),
        last=pa.array([float("nan")]),
    )

    (price,) = prices_of(path, None)

    assert (price.bid, price.ask, price.last) == (exact, Decimal("0.3"), None)
    assert price.as_of_ms == AT_MS


def test_rows_keep_their_order_when_times_are_integers(tmp_path: Path) -> None:
    path = written(tmp_path, time=pa.array([AT_MS, AT_MS + 1]), close=pa.array([1, 2]))

    assert [price.last for price in prices_of(path, "X")] == [Decimal(1), Decimal(2)]


def test_file_is_named_when_it_is_no_parquet(tmp_path: Path) -> None:
    path = tmp_path / "prices.parquet"
    path.write_text("time,price\n")

    with pytest.raises(StartupError, match=r"prices\.parquet is no Parquet file"):
        list(prices_of(path, "X"))
