"""The report's page: what it covers, where each account stands now, and how it prints."""

from pipeline.outputs.words import timestamp
from pipeline.report.page import Basis, page
from pipeline.rules_version import rules_version
from tests import given
from tests.report.test_stops import HALT, T0_MS, recorded

BASIS = Basis(source="From a test.", confidence=0.99)


def test_page_says_what_it_covers_and_which_rules_decided() -> None:
    text = page(recorded((given.price(80), 1000), (given.signal("hold"), 61_000)), BASIS)

    covered = f"{timestamp(T0_MS)} to {timestamp(T0_MS + 61_000)}"
    assert f"It covers {covered} (UTC), decided by the rules {rules_version()}." in text


def test_account_says_what_stops_it_and_what_it_holds_now() -> None:
    stopped, trading = page(recorded((HALT, 1000)), BASIS), page(recorded(), BASIS)

    assert f"Now stopped by acct-1:3:1 (control); it holds 5 {given.SYMBOL}." in stopped
    assert f"Now not stopped; it holds 5 {given.SYMBOL}." in trading
    sold = (given.fill("sell", 5, 100, fill_id="fill-2"), 1000)
    assert "it holds nothing." in page(recorded(sold), BASIS)


def test_each_account_is_linked_and_printed_on_a_page_of_its_own() -> None:
    text = page(recorded((given.account("b"), 1000)), BASIS)

    assert '<a href="#account-1">acct-1</a>' in text
    assert '<a href="#account-2">b</a>' in text
    assert text.count('<h2 id="account-') == 2
    assert "@media print" in text
    assert "h2{break-before:page" in text
