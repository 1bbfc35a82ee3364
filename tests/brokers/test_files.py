"""Exports of IBKR, Binance and Kraken: a fill per line, and no line that is left out in silence."""

from decimal import Decimal
from pathlib import Path

import pytest

from riskgate import Fill
from riskgate.adapters.files import FileError, binance, ibkr_flex, kraken

AT_MS = 1_767_263_400_000  # 2026-01-01 10:30:00 UTC.
IBKR = (
    "ClientAccountID,Symbol,IBExecID,IBOrderID,DateTime,Buy/Sell,Quantity,TradePrice,"
    "IBCommission,IBCommissionCurrency\n"
)
BINANCE = "Date(UTC),Pair,Side,Price,Executed,Amount,Fee\n"
KRAKEN = "txid,ordertxid,pair,time,type,ordertype,price,cost,fee,vol,margin,misc,ledgers\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "trades.csv"
    path.write_text(text)
    return path


def test_an_execution_of_ibkr_is_a_fill_at_its_own_time(tmp_path: Path) -> None:
    line = 'U1,AAPL,0000e0d5.1,77,20260101;053000,SELL,"-1,000",190.5,-1.25,USD\n'

    (fill,) = ibkr_flex(
        written(tmp_path, IBKR + line), zone="America/New_York", accounts={"U1": "acct"}
    )

    # New York is five hours behind in winter.
    assert fill == Fill(
        account_id="acct",
        fill_id="0000e0d5.1",
        order_id="77",
        symbol="AAPL",
        side="sell",
        quantity=Decimal(1000),
        price=Decimal("190.5"),
        fee=Decimal("1.25"),
        fee_currency="USD",
        executed_at_ms=AT_MS,
    )


def test_an_execution_is_busted_when_ibkr_cancels_it(tmp_path: Path) -> None:
    line = "U1,AAPL,e1,77,20260101;053000,BUY (Ca.),-5,190.5,0,USD\n"

    (fill,) = ibkr_flex(written(tmp_path, IBKR + line), zone="America/New_York")

    assert (fill.kind, fill.side, fill.quantity) == ("bust", "buy", Decimal(5))


def test_equal_lines_of_binance_are_two_trades_and_the_same_ones_each_time(tmp_path: Path) -> None:
    line = '2026-01-01 10:30:00,BTCUSDT,BUY,"60,000.5",0.25BTC,15000.125USDT,0.00025BNB\n'
    path = written(tmp_path, BINANCE + line + line)

    first, second = binance(path, account_id="acct", symbols={"BTCUSDT": "BTC/USDT"})

    assert first.fill_id != second.fill_id
    assert [first, second] == list(
        binance(path, account_id="acct", symbols={"BTCUSDT": "BTC/USDT"})
    )
    assert (first.symbol, first.quantity, first.price) == (
        "BTC/USDT", Decimal("0.25"), Decimal("60000.5"),
    )  # fmt: skip
    assert (first.fee, first.fee_currency, first.executed_at_ms) == (
        Decimal("0.00025"), "BNB", AT_MS,
    )  # fmt: skip


def test_a_trade_of_kraken_keeps_its_ids_and_milliseconds(tmp_path: Path) -> None:
    line = "TX1,OQ1,XXBTZUSD,2026-01-01 10:30:00.1234,sell,limit,60000.1,,9.6,0.1,0,,\n"

    (fill,) = kraken(
        written(tmp_path, KRAKEN + line), account_id="acct", symbols={"XXBTZUSD": "BTC-USD"}
    )

    assert (fill.fill_id, fill.order_id, fill.symbol) == ("TX1", "OQ1", "BTC-USD")
    assert (fill.side, fill.quantity, fill.fee) == ("sell", Decimal("0.1"), Decimal("9.6"))
    assert fill.executed_at_ms == AT_MS + 123


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("txid,pair\nT,P\n", "no column ordertxid; its columns are: txid, pair"),
        (KRAKEN + "T,O,P,soon,buy,,1,,0,1,,,\n", "line 2: 'soon' is not a time such as"),
        (KRAKEN + "T,O,P,2026-01-01 10:30:00,hold,,1,,0,1,,,\n", "'hold' is neither buy nor"),
        (KRAKEN + "T,O,P,2026-01-01 10:30:00,buy,,x,,0,1,,,\n", "line 2: Expected a number"),
        (KRAKEN + "T,O,P,2026-01-01 10:30:00,buy,,1,,0,0,,,\n", r"line 2: \$.quantity"),
        (KRAKEN + "T,O,P\n", "line 2: "),
    ],
)
def test_a_line_is_named_when_it_is_not_understood(
    tmp_path: Path, text: str, sentence: str
) -> None:
    with pytest.raises(FileError, match=sentence):
        list(kraken(written(tmp_path, text), account_id="acct"))
