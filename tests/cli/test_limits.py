from decimal import Decimal
from pathlib import Path

import pytest
import typer
import yaml

from pipeline.cli.limits_judged import (
    refuse_looser,
    refuse_over_others,
    remark_on_accounts,
)
from pipeline.cli.limits_sending import require_first
from pipeline.cli.limits_values import assigned
from pipeline.outputs.change_text import changes
from pipeline.outputs.limit_words import Labels, in_force_rows
from pipeline.outputs.limits_change import Change
from pipeline.outputs.limits_yaml import as_yaml, is_same
from pipeline.risk.limits.document import NAMES, canonical
from pipeline.risk.limits.listing import listing
from pipeline.streams.admin.limits_file import Rules, load_rules
from pipeline.streams.admin.limits_log import Published, published_of
from tests.cli.command import riskgate
from topics.limits import LimitsDocument

COMMA = "a number with a decimal point and no thousands separator, such as 1000.50"
HALF = "does nothing without lookback_ms: set it as well"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "limits.yaml"


def test_check_passes_when_the_file_is_valid(file: Path) -> None:
    file.write_text("drawdown: {drawdown_ratio_max: 0.05}\n")

    done = riskgate("limits", "check", str(file))

    assert (done.returncode, done.stdout) == (0, f"{file} is valid.\n")


def test_check_passes_with_a_remark_when_a_ratio_looks_like_percent(file: Path) -> None:
    file.write_text("drawdown: {drawdown_ratio_max: 2}\n")

    done = riskgate("limits", "check", str(file))

    assert (done.returncode, done.stdout) == (0, f"{file} is valid.\n")
    assert done.stderr == (
        "remark: drawdown.drawdown_ratio_max is 2 (200 %); did you mean 2 % (0.02)?\n"
    )


def test_check_names_the_known_parameters_when_one_sets_the_periods_of_the_bars(
    file: Path,
) -> None:
    file.write_text("stop: {atr_periods: 20}\n")

    done = riskgate("limits", "check", str(file))

    assert done.returncode == 1
    assert done.stderr == (
        f"{file}: line 1: rules.stop.atr_periods: there is no such parameter\n"
        "Parameters of stop: atr_multiple, stop_ratio.\n"
    )


def test_check_names_the_nearest_rule_and_all_rules_when_one_is_misspelt(file: Path) -> None:
    file.write_text("cash: {}\n\nDRAWDWN: {drawdown_ratio_max: 0.05}\n")

    done = riskgate("limits", "check", str(file))

    assert done.returncode == 1
    fault, names = done.stderr.splitlines()
    assert fault == (
        f"{file}: line 3: rules.DRAWDWN: there is no such rule, did you mean drawdown?"
    )
    assert names.startswith(
        "Rules and groups are: account, alerts, approvals, balance_floor, cash, "
    )


def test_check_names_all_that_is_wrong_with_its_lines_when_a_file_has_errors(file: Path) -> None:
    file.write_text(
        "daily_loss:\n  daily_loss_ratio_max: 8%\n  enabled: no\n  ratio: 1\n"
        "order_notional:\n  order_notional_max:\n    X: 1,000.50\n"
        "stopout_guard: {stopouts_max: 1}\n"
    )

    done = riskgate("limits", "check", str(file))

    assert (done.returncode, done.stdout) == (1, "")
    of_file = f"{file}: line"
    assert done.stderr.splitlines() == [
        f"{of_file} 2: rules.daily_loss.daily_loss_ratio_max: write 0.08, not 8%",
        f"{of_file} 3: rules.daily_loss.enabled: write true or false, not 'no'",
        f"{of_file} 4: rules.daily_loss.ratio: there is no such parameter",
        f"{of_file} 7: rules.order_notional.order_notional_max.X: write {COMMA}, not 1,000.50",
        f"{of_file} 8: rules.stopout_guard.stopouts_max: {HALF}",
        "Parameters of daily_loss: enabled, on_breach, daily_loss_ratio_max, daily_loss_max.",
    ]


@pytest.mark.parametrize("text", ["cash: {\n", "cash: 5\n", "null: {}\n", "- cash\n"])
def test_check_ends_with_1_when_the_file_is_no_limits(file: Path, text: str) -> None:
    file.write_text(text)

    done = riskgate("limits", "check", str(file))

    assert done.returncode == 1
    assert done.stderr.startswith(f"riskgate: {file}")
    assert done.stderr.count("\n") == 1


def test_check_is_good_when_the_file_begins_with_a_byte_order_mark(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbfcash: {}\n")

    assert riskgate("limits", "check", str(file)).returncode == 0


def test_check_says_what_to_do_when_the_file_is_missing(file: Path) -> None:
    done = riskgate("limits", "check", str(file))

    assert done.returncode == 2
    assert done.stderr == (
        f"riskgate: {file} cannot be read (No such file or directory); name another file\n"
    )


def test_documents_are_the_same_when_numbers_are_only_written_otherwise() -> None:
    old: Rules = {"cash": {"fee_ratio": "0.0010", "enabled": True}}
    new: Rules = {"cash": {"fee_ratio": Decimal("0.001"), "enabled": True}}

    assert is_same(old, new)
    assert not is_same(old, {})


def documents(*named: tuple[str, int, str, Rules]) -> Published:
    """Return a log of documents: account, version, author and rules of each."""
    return published_of(
        (
            0,
            LimitsDocument(
                account_id=name, version=version, author=author, reason="why", rules=rules
            ),
        )
        for name, version, author, rules in named
    )


ME = "me-1"
LABELS: Labels = {"default": "default", "everyone": "* v1", "own": "me-1 v3"}
EVERYONES: Rules = {
    "daily_loss": {"daily_loss_ratio_max": "0.06"},
    "order_ratio": {"order_ratio_max": "0.2"},
}
MINE: Rules = {"drawdown": {"drawdown_ratio_max": "0.08"}}


def changed(own: Rules, new: Rules, everyone: Rules | None = None) -> list[str]:
    """Return the lines of a change of one account's document over that of `*`."""
    below = canonical(EVERYONES if everyone is None else everyone)
    return list(changes(listing(below, canonical(own)), listing(below, canonical(new)), LABELS))


def test_changes_are_of_what_is_in_force_when_a_document_replaces_another() -> None:
    new: Rules = {"daily_loss": {"daily_loss_ratio_max": Decimal("0.02")}}

    # Not "unset -> 0.02", as 0.06 holds, and not "0.08 -> unset", as the default does then.
    assert changed(MINE, new) == [
        "daily_loss.daily_loss_ratio_max: 0.06 (* v1) -> 0.02",
        "drawdown.drawdown_ratio_max: 0.08 (me-1 v3) -> back to 0.05 (default)",
    ]


def test_no_limit_and_back_to_what_is_below_are_two_words_when_a_limit_goes() -> None:
    own: Rules = {"order_ratio": {"order_ratio_max": "0.1"}}

    assert changed(own, {}) == ["order_ratio.order_ratio_max: 0.1 (me-1 v3) -> back to 0.2 (* v1)"]
    assert changed(own, {"order_ratio": {"order_ratio_max": None}}) == [
        "order_ratio.order_ratio_max: 0.1 (me-1 v3) -> no limit",
        "order_ratio: applies -> does not apply: it has no limit",
    ]


def test_rule_that_another_stands_in_for_is_told_when_documents_change() -> None:
    assert changed({}, {"margin": {"leverage": 2}}) == [
        "margin.leverage: no limit (default) -> 2",
        "cash: applies -> does not apply: margin replaces it",
        "margin: does not apply: it has no limit -> applies",
    ]


def test_nothing_changes_when_a_document_says_what_it_said() -> None:
    assert changed(MINE, {"drawdown": {"drawdown_ratio_max": Decimal("0.080")}}) == []


def test_every_parameter_in_force_is_shown_with_its_origin() -> None:
    found = listing(canonical(EVERYONES), canonical(MINE))

    rows = {name: (value, origin) for name, value, origin in in_force_rows(found, LABELS)}

    assert len(rows) == sum(len(kind.__struct_fields__) for kind in NAMES.values())
    assert rows["daily_loss.daily_loss_ratio_max"] == ("0.06", "* v1")
    assert rows["drawdown.drawdown_ratio_max"] == ("0.08", "me-1 v3")
    assert rows["weekly_loss.weekly_loss_ratio_max"] == ("0.05", "default")
    assert rows["net_exposure.net_exposure_ratio_max"] == (
        "no limit", "default; does not apply: it has no limit",
    )  # fmt: skip


def test_author_is_asked_for_when_a_document_takes_the_place_of_another() -> None:
    log = documents(("*", 1, "helm", {}), (ME, 2, "risk-desk", MINE))

    refuse_over_others(Change("*", {}, log), "helm")
    refuse_over_others(Change("new", {}, log), "helm")
    with pytest.raises(typer.Exit) as ended:
        refuse_over_others(Change(ME, {}, log), "helm")

    assert ended.value.exit_code == 1


def test_refusal_names_the_other_author_when_the_document_is_not_ours(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log = documents(("anna", 1, "helm", {}), ("anna", 2, "anna", MINE))

    with pytest.raises(typer.Exit):
        refuse_over_others(Change("anna", {}, log), "helm")

    assert capsys.readouterr().err == (
        "Version 2 for anna was written by anna (why), not by helm, so nothing was published; show "
        "it with: riskgate limits show 'anna' --document\n"
    )


CASH_IS_OFF = "cash would no longer apply: it is off"
LOOSE: Rules = {"daily_loss": {"daily_loss_ratio_max": "0.03"}}


@pytest.mark.parametrize(
    ("account", "rules", "said"),
    [
        ("*", LOOSE, ["*: daily_loss.daily_loss_ratio_max 0.02 -> 0.03"]),
        ("*", {"cash": {"enabled": False}}, [f"{name}: {CASH_IS_OFF}" for name in ("*", ME)]),
        (ME, {}, [f"{ME}: daily_loss.daily_loss_ratio_max 0.01 -> 0.02"]),
    ],
)  # fmt: skip
def test_looser_document_is_refused_for_each_account_it_concerns(
    capsys: pytest.CaptureFixture[str], account: str, rules: Rules, said: list[str]
) -> None:
    log = documents((ME, 1, "desk", {"daily_loss": {"daily_loss_ratio_max": "0.01"}}))

    with pytest.raises(typer.Exit) as ended:
        refuse_looser(Change(account, rules, log))

    assert ended.value.exit_code == 1
    assert capsys.readouterr().err.splitlines() == [
        *said,
        "This is looser than the limits in force, so nothing was published.",
    ]


def test_tighter_document_passes_when_looser_ones_are_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    refuse_looser(Change("*", {"daily_loss": {"daily_loss_ratio_max": "0.01"}}, documents()))

    assert capsys.readouterr().err == ""


def test_account_is_named_when_everyone_takes_away_what_it_relies_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    guard: Rules = {"stopout_guard": {"stopouts_max": 2, "lookback_ms": 1000}}
    log = documents(
        ("*", 1, "desk", guard), (ME, 1, "desk", {"stopout_guard": {"stopouts_max": 3}})
    )

    remark_on_accounts(Change("*", {}, log))

    assert capsys.readouterr().err == (
        f"remark: {ME} relies on *: its stopout_guard does nothing without lookback_ms: set it as "
        "well, or every entry is rejected\n"
    )


def test_document_shown_can_be_applied_again_when_it_is_saved(file: Path) -> None:
    rules: Rules = {
        "account": {"day_roll": "17:00"},
        "cash": {},
        "order_notional": {"order_notional_max": {"*": Decimal("1000.50"), "BTC-USD": 5}},
        "restricted_symbols": {"denied": ["NO", "010"]},
    }
    document = LimitsDocument(account_id="*", version=3, author="a", reason="b\nc", rules=rules)

    file.write_text(as_yaml(document))

    assert is_same(rules, load_rules(file))
    assert yaml.safe_load(as_yaml(document)).keys() == rules.keys()


def test_document_shown_reads_like_a_file_when_its_numbers_travelled_as_text() -> None:
    rules: Rules = {
        "drawdown": {"drawdown_ratio_max": "0.050"},
        "restricted_symbols": {"denied": ["700"]},
        "order_notional": {"order_notional_max": {"700": "5"}},
    }
    document = LimitsDocument(account_id="*", version=3, author="a\x9b", reason="b", rules=rules)

    assert as_yaml(document).splitlines() == [
        "# * version 3, a\x9b: b",
        "drawdown:",
        "  drawdown_ratio_max: 0.05",
        "order_notional:",
        "  order_notional_max:",
        "    '700': 5",
        "restricted_symbols:",
        "  denied:",
        "  - '700'",
    ]


def test_apply_exits_with_1_and_names_the_other_when_two_publish_a_version(
    capsys: pytest.CaptureFixture[str],
) -> None:
    mine, other = (
        LimitsDocument(account_id="*", version=3, author=author, reason="why", rules={})
        for author in ("me", "other")
    )

    with pytest.raises(typer.Exit) as ended:
        require_first(mine, other)

    assert ended.value.exit_code == 1
    assert "Version 3 for * came too late: other had published version 3" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("drawdown=0.04", "is not RULE.PARAMETER=VALUE"),
        ("README.md", "is not RULE.PARAMETER=VALUE"),
        ("drawdown.drawdown_ratio_max", "is not RULE.PARAMETER=VALUE"),
        ("position_ratio.position_ratio_max={A: 1", "is not YAML"),
    ],
)
def test_set_is_refused_when_a_parameter_has_another_form(text: str, told: str) -> None:
    done = riskgate("limits", "set", ME, text, "--author", "anna", "--reason", "test")

    assert done.returncode == 2
    assert told in " ".join(done.stderr.split())


def test_parameters_are_read_as_in_a_file_when_they_are_set() -> None:
    found = assigned(
        ["drawdown.drawdown_ratio_max=0.040", "drawdown.on_breach=halt",
         "position_ratio.position_ratio_max={BTC-USD: 0.05, '*': 0.1}",
         "order_notional.order_notional_max=null"]
    )  # fmt: skip

    assert found == {
        "drawdown": {"drawdown_ratio_max": Decimal("0.040"), "on_breach": "halt"},
        "position_ratio": {"position_ratio_max": {"BTC-USD": Decimal("0.05"), "*": Decimal("0.1")}},
        "order_notional": {"order_notional_max": None},
    }
