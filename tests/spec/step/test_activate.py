"""The control `activate` names the release that publishes; no account changes by it."""

import pytest

from pipeline.streams.settings import Settings
from tests import given
from tests.driver import Driver
from tests.spec.desk import SECOND, open_desk
from tests.spec.rulebook import only


def test_release_is_named_from_its_activation_on() -> None:
    desk = open_desk(only())
    before = desk.driver.active_version

    desk.control("activate", account_id="*", version="2.0+b")

    assert (before, desk.driver.active_version) == ("", "2.0+b")


def test_last_release_is_named_when_several_are_activated_in_turn() -> None:
    desk = open_desk(only())

    for version in ("2.0+b", "1.0+a"):
        desk.control("activate", account_id="*", version=version)

    assert desk.driver.active_version == "1.0+a"


def test_account_trades_on_when_a_release_is_activated() -> None:
    desk = open_desk(only())
    desk.control("activate", account_id="*", version="2.0+b")

    assert desk.signal("buy", 1)["verdict"] == "approved"
    assert (desk.state()["stops"], desk.alerts("control")) == ([], [])


def test_activate_is_ignored_when_it_comes_after_its_expiry() -> None:
    desk = open_desk(only())
    expires_at_ms = desk.now_ms
    desk.wait(SECOND)

    desk.control(
        "activate", account_id="*", control_id="new", version="2.0+b", expires_at_ms=expires_at_ms
    )

    (alert,) = desk.alerts("control")
    assert alert["message"] == "new is ignored: it has expired"
    assert desk.driver.active_version == ""


def test_replay_decides_everything_when_workers_of_its_settings_would_be_silent() -> None:
    driver = Driver(settings=Settings.model_validate({"activate": "control", "partitions": 1}))
    driver.send(given.account(), given.instrument(), given.price(100))
    driver.send(given.control("activate", account_id="*", version="2.0+b"))

    assert driver.decide(given.signal("buy", 1)).signal_id


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"account_id": "*"}, "$.version"),
        ({"account_id": "acct-1", "version": "2.0+b"}, "$.account_id"),
        ({"account_id": "*", "version": "2 0"}, "$.version"),
    ],
)
def test_activate_is_a_dead_letter_when_it_names_no_release_of_all(
    fields: dict[str, str], path: str
) -> None:
    desk = open_desk(only())

    desk.control("activate", **fields)

    (letter,) = desk.sent("dead_letters")
    assert letter["path"] == path
    assert desk.driver.active_version == ""
