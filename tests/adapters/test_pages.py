"""The programs of docs/adapters, as they stand there, beside the real packages."""

import runpy
from pathlib import Path

import pytest

from riskgate.adapters.ccxt import CcxtVenue
from riskgate.adapters.freqtrade import GatedMixin
from riskgate.adapters.nautilus import GatedStrategy
from tests.pages import program


def test_engine_of_the_page_is_a_venue_when_it_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KEY", "key")
    monkeypatch.setenv("SECRET", "secret")

    made = runpy.run_path(program("adapters/ccxt", "engine", tmp_path))

    assert isinstance(made["venue"], CcxtVenue)
    assert made["venue"].find is not None
    assert (tmp_path / "acct-1.journal").exists()


def test_prices_of_the_page_load_when_they_are_read(tmp_path: Path) -> None:
    made = runpy.run_path(program("adapters/ccxt", "prices", tmp_path))

    assert made["exchange"].id == "binance"
    assert callable(made["prices"])


def test_strategy_of_the_page_is_a_gated_one_when_it_is_read(tmp_path: Path) -> None:
    made = runpy.run_path(program("adapters/nautilus", "nautilus", tmp_path))

    assert issubclass(made["Momentum"], GatedStrategy)
    assert made["Momentum"].submit_order is GatedStrategy.submit_order


def test_strategy_of_the_page_is_asked_first_when_freqtrade_calls_it(tmp_path: Path) -> None:
    made = runpy.run_path(program("adapters/freqtrade", "freqtrade", tmp_path))

    strategy = made["Momentum"]({"stake_currency": "USDT"})

    for name in ("custom_stake_amount", "confirm_trade_entry", "confirm_trade_exit"):
        assert getattr(type(strategy), name) is getattr(GatedMixin, name)
