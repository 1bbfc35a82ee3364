"""History decided again under other limits: what differs, by which rule, and what it would make."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
from msgspec import Struct

from pipeline.replay.against import compare_event, file_against
from pipeline.replay.otherwise import Otherwise, totals
from pipeline.replay.recorded import Recorded
from pipeline.risk.account.documents import Document
from pipeline.risk.limits.document import canonical
from pipeline.risk.structs import replace
from tests import given
from tests.cli.command import riskgate
from tests.replay.histories import line_of
from tests.replay.recordings import accounts
from topics.codec import encode_event
from topics.events import AccountEvent, Event, LimitsEvent, Quote, SignalEvent

T0_MS = given.T0_MS
DAY_MS = 86_400_000
QUOTE = Quote(symbol=given.SYMBOL, last=Decimal(100), as_of_ms=T0_MS, offset=1)
FREE = given.limits(given.only())


@pytest.fixture
def tight(tmp_path: Path) -> Path:
    """At most 100 of 1000 in one symbol: one unit at 100."""
    return write(
        tmp_path, {**given.only("position_ratio"), "position_ratio": {"position_ratio_max": "0.1"}}
    )


def write(folder: Path, rules: Any) -> Path:
    path = folder / "against.yaml"
    path.write_bytes(orjson.dumps(rules))  # JSON is YAML.
    return path


def history(*later: tuple[Struct, int]) -> list[bytes]:
    """An account of 1000 in a market at 100, without limits; then messages, each at its time."""
    begin = (FREE, given.instrument(), given.price(100), given.account(balance=1000))
    return [line_of(message, T0_MS) for message in begin] + [
        line_of(message, T0_MS + after_ms) for message, after_ms in later
    ]


def test_smaller_order_is_named_with_its_value_when_other_limits_cut_it(tight: Path) -> None:
    later = [(given.signal("buy", 5), 0), (given.price(110), DAY_MS), (given.price(50), DAY_MS + 1)]

    found = file_against(history(*later), tight)

    (difference,) = found.differences
    assert (difference.was.quantity, difference.would_be.quantity) == (Decimal(5), Decimal(1))
    assert (difference.rule, difference.is_stricter) == ("position_ratio", True)
    assert (difference.price, difference.mark, difference.pnl) == tuple(
        map(Decimal, (100, 110, -40))
    )
    assert difference.mark_at_ms == T0_MS + DAY_MS


def test_last_mark_values_when_history_ends_within_the_day(tight: Path) -> None:
    later = [(given.signal("sell", 5), 0), (given.price(90), DAY_MS - 1)]

    found = file_against(history(*later), tight)

    # Four fewer sold at 100, which would cost 90 to buy back.
    assert [each.pnl for each in found.differences] == [Decimal(-40)]


def test_limit_price_is_the_price_when_the_order_has_one(tight: Path) -> None:
    later = [(given.signal("buy", 5, limit_price=98), 0), (given.price(110), DAY_MS)]

    found = file_against(history(*later), tight)

    # 100 buys 1.020 at 98; 3.980 fewer, each worth 12.
    assert [each.pnl for each in found.differences] == [Decimal("-47.760")]


def test_limit_price_of_zero_is_a_price_when_an_order_has_it(tmp_path: Path) -> None:
    small = write(tmp_path, given.only("order_notional", order_notional_max=100))
    order = given.signal("sell", 5, limit_price=0)
    negative = given.instrument(prices_may_be_negative=True)

    found = file_against(history((negative, 0), (order, 0), (given.price(10), DAY_MS)), small)

    # A sell that opens is worth the market's 100. Four not sold at 0 need not be bought back at 10.
    assert [(each.price, each.pnl) for each in found.differences] == [(Decimal(0), Decimal(40))]


def test_nothing_differs_when_the_limits_are_those_of_history(tmp_path: Path) -> None:
    same = write(tmp_path, given.only())

    found = file_against(history((given.signal("buy", 5), 0)), same)

    assert (found.compared, found.differences) == (1, [])


def test_later_documents_of_everyone_are_left_out_when_history_has_them(tight: Path) -> None:
    looser = given.limits(given.only(), version=2)

    found = file_against(history((looser, 1), (given.signal("buy", 5), 2)), tight)

    assert [each.would_be.quantity for each in found.differences] == [Decimal(1)]


def test_account_keeps_its_own_document_when_others_are_judged_anew(tight: Path) -> None:
    own = given.limits({"position_ratio": {"position_ratio_max": "1"}}, account_id=given.ACCOUNT)

    found = file_against(history((own, 1), (given.signal("buy", 5), 2)), tight)

    assert found.differences == []


def test_resume_lifts_the_other_stop_when_the_same_rule_opened_it(tmp_path: Path) -> None:
    rules = {**given.only("daily_loss"), "daily_loss": {"daily_loss_ratio_max": "0.02"}}
    limits = given.limits(rules, version=2)
    warned = {"drawdown_ratio_max": "0.02", "on_breach": "warn"}  # Its alert moves the stop's id.
    against = write(tmp_path, {**rules, "drawdown": warned, "order_rate": {"orders_max": 0}})
    lost = given.fill("sell", 5, 90, fill_id="f2")
    resume = given.control("resume", stop_id=f"{given.ACCOUNT}:3:3", control_id="r1")
    later = [(given.fill("buy", 5, 100), 2), (lost, 3), (resume, 4), (given.signal(), 5)]

    found = file_against(history((limits, 1), *later), against)

    # The drawdown goes on after the resume of the day's loss, so it refuses first.
    assert [(each.kind, each.rule) for each in found.differences] == [("decision", "drawdown")]


def test_stop_is_a_difference_for_each_position_when_only_the_other_has_it(tmp_path: Path) -> None:
    stopping = {**given.only("daily_loss"), "daily_loss": {"daily_loss_ratio_max": "0.02"}}
    halved = given.fill("sell", 5, 90, fill_id="f2")
    later = [(given.fill("buy", 10, 100), 1), (halved, 2), (given.price(80), DAY_MS + 2)]

    found = file_against(history(*later), write(tmp_path, stopping))

    (stop,) = (each for each in found.differences if each.kind == "stop")
    assert (stop.rule, stop.symbol, stop.quantity) == ("daily_loss", given.SYMBOL, Decimal(-5))
    assert stop.pnl == 100  # Closed at 100, not at 80.


def test_sums_go_by_account_and_rule_when_both_differ(tight: Path) -> None:
    signals = [
        given.signal("buy", 5, signal_id=f"{name}-{n}", account_id=name)
        for name in ("b", "a")
        for n in (1, 2)
    ]
    funded = [(given.account(name, balance=1000), 0) for name in ("a", "b")]

    found = file_against(history(*funded, *((signal, 1) for signal in signals)), tight)

    sums = [
        (each.account_id, each.rule, each.stricter, each.pnl) for each in totals(found.differences)
    ]
    assert sums == [("a", "position_ratio", 2, Decimal(0)), ("b", "position_ratio", 2, Decimal(0))]


def test_log_is_compared_event_by_event_when_a_partition_is_read() -> None:
    found, runs = Otherwise(), (accounts(), accounts())
    cashless = Document(1, canonical(given.only("cash")))
    runs[1].shared = replace(runs[1].shared, limits=cashless)
    opening = AccountEvent(account_id="a", body=given.account("a", balance=0, as_of_ms=T0_MS))
    signal = given.signal("buy", 5, account_id="a", created_at_ms=T0_MS)
    asked = SignalEvent(account_id="a", body=signal, instrument=given.instrument(), quote=QUOTE)
    events: list[Event] = [LimitsEvent(account_id="*", body=FREE), opening, asked]

    for n, event in enumerate(events):
        compare_event(
            found, Recorded(event, encode_event(event), T0_MS + n, n), event, accounts=runs
        )

    assert [(each.rule, each.quantity) for each in found.differences] == [("cash", Decimal(-5))]


def test_command_prints_a_table_and_writes_json_when_limits_differ(
    tight: Path, tmp_path: Path
) -> None:
    recorded, out = tmp_path / "in.jsonl", tmp_path / "out.json"
    recorded.write_bytes(b"".join(history((given.signal("buy", 5), 0), (given.price(110), DAY_MS))))

    done = riskgate("replay", str(recorded), "--against", str(tight), "--json", str(out))

    page = orjson.loads(out.read_bytes())
    assert (done.returncode, done.stderr) == (1, "")
    assert "position_ratio" in done.stdout
    assert "1 decisions, exits and stops compared, 1 differ." in done.stdout
    assert page["totals"][0]["pnl"] == "-40"
    assert page["differences"][0]["mark_at_ms"] == T0_MS + DAY_MS


def test_output_is_the_same_when_the_command_runs_twice(tight: Path, tmp_path: Path) -> None:
    recorded = tmp_path / "in.jsonl"
    recorded.write_bytes(b"".join(history((given.signal("buy", 5), 0))))

    runs = [riskgate("replay", str(recorded), "--against", str(tight)).stdout for _ in range(2)]

    assert runs[0] == runs[1] != ""


def test_other_limits_are_refused_when_they_do_not_validate(tmp_path: Path) -> None:
    recorded = tmp_path / "in.jsonl"
    recorded.write_bytes(b"".join(history()))

    done = riskgate("replay", str(recorded), "--against", str(write(tmp_path, {"drawdwn": {}})))

    assert done.returncode == 2
    assert "did you mean drawdown?" in done.stderr
