"""The limits that ship: what they say, and that they are what they claim to be."""

from decimal import Decimal

import pytest

from pipeline.profiles import PROFILES, profile_path
from pipeline.risk.limits.document import canonical, validate
from pipeline.risk.limits.in_force import limits_of
from pipeline.risk.parameters import GROUPS
from pipeline.risk.rules import RULES
from pipeline.streams.admin.limits_file import load_rules
from tests.cli.command import riskgate
from tests.readme_tables import has_no_limit, standard_profile, written_out
from tests.spec.desk import answer_of, open_desk

STANDARD = load_rules(profile_path("standard"))


def test_standard_is_written_from_the_defaults_when_it_is_read() -> None:
    assert profile_path("standard").read_text() == standard_profile()


@pytest.mark.parametrize("name", [*RULES, *GROUPS])
def test_standard_is_the_built_in_default_when_a_rule_is_looked_up(name: str) -> None:
    kind = {**RULES, **GROUPS}[name]
    expected = {field: value for field, value in written_out(name, kind).items() if value}
    if has_no_limit(kind):
        expected = {}

    assert STANDARD.get(name, {}).keys() >= expected.keys()
    written = limits_of(canonical({name: STANDARD.get(name, {})}), "{}")
    assert written.rules == limits_of("{}", "{}").rules


def test_standard_changes_nothing_when_it_is_in_force() -> None:
    standard, default = limits_of(canonical(STANDARD), "{}"), limits_of("{}", "{}")

    assert standard.rules == default.rules
    assert [rule.NAME for rule in standard.gate] == [rule.NAME for rule in default.gate]
    assert [getattr(standard, name) for name in GROUPS if name != "account"] == [
        getattr(default, name) for name in GROUPS if name != "account"
    ]
    assert standard.account == default.account


def test_conservative_is_what_a_careful_desk_asks_when_it_is_read() -> None:
    assert load_rules(profile_path("conservative")) == {
        "order_ratio": {"order_ratio_max": Decimal("0.01")},
        "position_ratio": {"position_ratio_max": Decimal("0.02")},
        "gross_exposure": {"gross_exposure_ratio_max": Decimal("0.20")},
        "daily_loss": {"daily_loss_ratio_max": Decimal("0.01")},
        "drawdown": {"drawdown_ratio_max": Decimal("0.05")},
    }


@pytest.mark.parametrize("profile", PROFILES)
def test_profile_validates_when_it_ships(profile: str) -> None:
    rules = load_rules(profile_path(profile))

    validate(rules)

    assert set(rules) <= {*RULES, *GROUPS}


def test_order_is_held_to_the_profile_when_it_is_conservative() -> None:
    rules = load_rules(profile_path("conservative"))
    desk = open_desk({name: _plain(values) for name, values in rules.items()})

    decision = desk.signal("buy", 5, limit_price="100", stop_price="99")

    # 1 % of 10 000 is one at 100.
    assert answer_of(decision) == (
        "modified", "1", ["order_ratio", "position_ratio"], "order_ratio"
    )  # fmt: skip


def _plain(values: dict[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in values.items()}


@pytest.mark.parametrize("profile", PROFILES)
def test_command_prints_a_profile_when_it_is_shown(profile: str) -> None:
    done = riskgate("limits", "show", "--profile", profile)

    assert (done.returncode, done.stdout) == (0, profile_path(profile).read_text())


@pytest.mark.parametrize("profile", PROFILES)
def test_command_finds_a_profile_good_when_it_is_checked(profile: str) -> None:
    done = riskgate("limits", "check", "--profile", profile)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(f"{profile}.yaml is valid.\n")


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (["check"], "name either FILE or --profile"),
        (["check", "limits.yaml", "--profile", "standard"], "name either FILE or --profile"),
        (["show", "acct-1", "--profile", "standard"], "name either ACCOUNT or --profile"),
        (["check", "--profile", "../standard"], "these ship: standard, conservative"),
    ],
)
def test_command_is_refused_when_it_names_no_profile_or_two_sources(
    arguments: list[str], advice: str
) -> None:
    done = riskgate("limits", *arguments)

    assert done.returncode == 2
    assert advice in done.stderr
