from decimal import Decimal
from pathlib import Path

import pytest
import typer
import yaml

from pipeline.cli.limits import _require_first
from pipeline.cli.limits_text import as_yaml, changes
from pipeline.streams.limits_file import Rules, load_rules
from tests.cli.command import riskgate
from topics.limits import LimitsDocument


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "limits.yaml"


def test_check_passes_when_the_file_is_valid(file: Path) -> None:
    file.write_text("drawdown: {drawdown_ratio_max: 0.05}\n")

    done = riskgate("limits", "check", str(file))

    assert (done.returncode, done.stdout) == (0, f"{file} is good.\n")


def test_check_passes_with_a_remark_when_a_ratio_looks_like_percent(file: Path) -> None:
    file.write_text("daily_loss: {daily_loss_ratio_max: 2}\n")

    done = riskgate("limits", "check", str(file))

    assert (done.returncode, done.stdout) == (0, f"{file} is good.\n")
    assert done.stderr == (
        "remark: daily_loss.daily_loss_ratio_max is 2: that is 200 %, is 2 % (0.02) meant?\n"
    )


def test_check_tells_of_periods_without_effect_when_the_tables_have_others(file: Path) -> None:
    file.write_text("stop: {atr_periods: 20}\n")

    remarked = riskgate("limits", "check", str(file))
    same = riskgate("limits", "check", str(file), atr_periods=20)

    assert remarked.stderr == (
        "remark: stop.atr_periods is 20 and has no effect: ingest and broadcast build the ATR of "
        "RISKGATE_ATR_PERIODS bars, 14 here\n"
    )
    assert (same.returncode, same.stderr) == (0, "")


def test_check_names_the_nearest_rule_when_one_is_misspelt(file: Path) -> None:
    file.write_text("drawdwn: {drawdown_ratio_max: 0.05}\n")

    done = riskgate("limits", "check", str(file))

    assert done.returncode == 1
    assert "did you mean drawdown?" in done.stderr


def test_check_says_what_to_do_when_the_file_is_missing(file: Path) -> None:
    done = riskgate("limits", "check", str(file))

    assert done.returncode == 2
    assert done.stderr == (
        f"riskgate: {file} cannot be read (No such file or directory); name another file\n"
    )


def test_changes_are_none_when_numbers_are_only_written_otherwise() -> None:
    old: Rules = {"cash": {"fee_ratio": "0.0010", "enabled": True}}
    new: Rules = {"cash": {"fee_ratio": Decimal("0.001"), "enabled": True}}

    assert changes(old, new) == []


def test_changes_name_each_parameter_when_documents_differ() -> None:
    old: Rules = {"drawdown": {"drawdown_ratio_max": "0.05"}, "order_rate": {"orders_max": 10}}
    new: Rules = {"drawdown": {"drawdown_ratio_max": Decimal("0.1")}, "cash": {"enabled": False}}

    assert changes(old, new) == [
        "cash.enabled: unset -> false",
        "drawdown.drawdown_ratio_max: 0.05 -> 0.1",
        "order_rate.orders_max: 10 -> unset",
    ]


def test_document_shown_can_be_applied_again_when_it_is_saved(file: Path) -> None:
    rules: Rules = {
        "account": {"day_roll": "17:00"},
        "cash": {},
        "order_notional": {"order_notional_max": {"*": Decimal("1000.50"), "BTC-USD": 5}},
        "restricted_symbols": {"denied": ["NO", "010"]},
    }
    document = LimitsDocument(account_id="*", version=3, author="a", reason="b\nc", rules=rules)

    file.write_text(as_yaml(document))

    assert changes(rules, load_rules(file)) == []
    assert yaml.safe_load(as_yaml(document)).keys() == rules.keys()


def test_apply_exits_with_1_and_names_the_other_when_two_publish_a_version(
    capsys: pytest.CaptureFixture[str],
) -> None:
    mine, other = (
        LimitsDocument(account_id="*", version=3, author=author, reason="why", rules={})
        for author in ("me", "other")
    )

    with pytest.raises(typer.Exit) as ended:
        _require_first(mine, other)

    assert ended.value.exit_code == 1
    assert "Version 3 for * came too late: other had published version 3" in capsys.readouterr().err
