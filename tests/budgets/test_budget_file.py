"""Budgets files: what is read, and what is refused with a sentence."""

from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.budgets.budget_file import load_budgets
from tests.cli.command import riskgate

GOOD = """\
currency: USD
firm: {gross_exposure_max: 1500000.50}
groups:
  trend: {gross_exposure_max: 1000000, daily_loss_max: 20000, accounts: [a, b]}
  value: {gross_exposure_max: "500000.50", accounts: [c]}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "budgets.yaml"


def test_amounts_are_exact_when_a_file_is_read(file: Path) -> None:
    file.write_text(GOOD)

    budgets = load_budgets(file)

    assert budgets.groups["trend"].accounts == ("a", "b")
    assert budgets.groups["trend"].daily_loss_max == 20_000
    assert budgets.groups["value"].gross_exposure_max == Decimal("500000.50")


def test_file_is_good_when_the_command_checks_it(file: Path) -> None:
    file.write_text(GOOD)

    done = riskgate("budgets", "check", str(file))

    assert (done.returncode, done.stdout) == (0, f"{file} is valid.\n")


@pytest.mark.parametrize(
    ("old", "new", "advice"),
    [
        ("accounts: [c]", "accounts: [a]", "a is named twice"),
        ("accounts: [c]", "accounts: []", "length >= 1"),
        ("accounts: [c]", "accounts: ['*']", "groups.value: Expected `str` matching regex"),
        ("trend: {", "700: {", "line 4: expected a key, got '700'"),
        ("1500000.50", "1E+6", "adds up to 1500000.5, but the firm's is 1000000"),
        ("accounts: [c]", "acounts: [c]", "acounts"),
        ("1500000.50", "1500000.49", "adds up to 1500000.5, but the firm's is 1500000.49"),
        ('gross_exposure_max: "500000.50", ', "", "a budget needs gross_exposure_max or"),
        ("daily_loss_max: 20000", "daily_loss_max: -1", "-1 must be a number from 0"),
        ("daily_loss_max: 20000", "daily_loss_max: NaN", "NaN must be a number from 0"),
        ("daily_loss_max: 20000", "daily_loss_max: much", "daily_loss_max"),
        (
            "{gross_exposure_max: 1500000.50}",
            "{daily_loss_max: 30000}",
            "every group must set it too",
        ),
        ("currency: USD\n", "", "currency"),
        (GOOD, "[]", "budgets.yaml"),
    ],
)
def test_file_is_refused_when_a_part_of_it_is_wrong(
    file: Path, old: str, new: str, advice: str
) -> None:
    file.write_text(GOOD.replace(old, new))

    done = riskgate("budgets", "check", str(file))

    assert done.returncode == 1
    assert advice in done.stderr
    assert done.stderr.count("\n") == 1


def test_file_that_is_not_there_ends_with_2_when_it_is_checked(file: Path) -> None:
    done = riskgate("budgets", "check", str(file))

    assert done.returncode == 2
    assert "cannot be read (No such file or directory)" in done.stderr


def test_group_and_line_are_named_when_a_group_is_wrong(file: Path) -> None:
    file.write_text(GOOD.replace("20000", "8%"))

    done = riskgate("budgets", "check", str(file))

    assert done.stderr.startswith(f"riskgate: {file}: line 4: groups.trend: ")


def test_byte_order_mark_is_read_over_when_a_budgets_file_begins_with_it(file: Path) -> None:
    file.write_text("\ufeff" + GOOD)

    assert load_budgets(file).currency == "USD"
