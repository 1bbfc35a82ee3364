"""The link of the adapters on a real broker: asked, filled, stopped, and left without a broker."""

import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
from confluent_kafka import KafkaError
from msgspec.structs import replace

from pipeline.local.kafka import LocalKafka
from riskgate import NO_ANSWER, Fill, Order, Signal, UnavailableError
from riskgate.adapters.link import KafkaLink
from riskgate.unreadable import Unreadable
from tests import given
from tests.client.given_decisions import signal
from tests.kafka.world import World, until
from topics.codec import encode
from topics.decisions import TOPIC, Decision, Exit, Stop

OTHER = "acct-2"
EXIT = next(each for each in TOPIC.examples if isinstance(each, Exit))
Heard = Exit | Stop | Unreadable


def link(world: World, timeout: float = 20) -> KafkaLink:
    settings = world.settings
    return KafkaLink(settings.brokers, topic_prefix=settings.topic_prefix, timeout=timeout)


def begin(world: World) -> None:
    """Let the gate run with two accounts and one instrument at 100."""
    world.run("ingest", "risk", "broadcast")
    opened = (given.account(), given.account(OTHER))
    world.send(
        given.limits(given.only("trading_state")), given.instrument(), *opened, given.price(100)
    )
    world.await_price()


def buy(account: str = given.ACCOUNT) -> Signal:
    return Signal(account_id=account, symbol=given.SYMBOL, side="buy", quantity=Decimal(2))


def report_filled(door: KafkaLink, decision: Decision) -> None:
    """Report as an engine does: a fill, then the status that ends the order."""
    name, symbol = decision.signal_id, decision.symbol
    account, quantity = decision.account_id, decision.approved_quantity
    now_ms = int(time.time() * 1000)
    fill = Fill(
        account_id=account, fill_id="f1", order_id=name, signal_id=name, symbol=symbol, side="buy",
        quantity=quantity, price=Decimal(100), executed_at_ms=now_ms,
    )  # fmt: skip
    door.send(fill)
    order = Order(
        account_id=account, order_id=name, signal_id=name, symbol=symbol, status="filled",
        filled_quantity=quantity, updated_at_ms=now_ms,
    )  # fmt: skip
    door.send(order)


def held(world: World, account: str) -> dict[str, str]:
    """Return what the account holds once it holds something and reserves nothing."""
    found: dict[str, str] = {}

    def is_done(rows: list[dict[str, object]]) -> bool:
        row = rows[-1]
        positions = row.get("positions")
        if row["account_id"] == account and isinstance(positions, list) and positions:
            found.update({each["symbol"]: each["quantity"] for each in positions})
        return bool(found)

    world.read("account_states", is_done)
    return found


def heard(door: KafkaLink, enough: Callable[[list[Heard]], bool]) -> list[Heard]:
    """Read as a framework's timer does, until it is enough."""
    found: list[Heard] = []

    def look() -> bool:
        found.extend(door.read())
        return enough(found)

    until(look, lambda: str(found))
    return found


def test_position_is_that_of_each_account_when_two_are_filled_through_a_link(world: World) -> None:
    begin(world)

    with link(world) as door:
        decisions = [door.ask(buy(account)) for account in (given.ACCOUNT, OTHER)]
        for decision in decisions:
            report_filled(door, decision)

    assert [each.account_id for each in decisions] == [given.ACCOUNT, OTHER]
    assert [each.verdict for each in decisions] == ["approved", "approved"]
    assert held(world, given.ACCOUNT) == held(world, OTHER) == {given.SYMBOL: "2"}


def test_stop_and_exit_of_one_account_are_heard_when_an_operator_flattens_it(world: World) -> None:
    begin(world)

    with link(world) as door:
        report_filled(door, door.ask(buy()))
        held(world, given.ACCOUNT)
        world.send(given.control("flatten"))
        found = heard(door, lambda found: any(isinstance(each, Exit) for each in found))
        answers = [door.ask(buy(account)).verdict for account in (given.ACCOUNT, OTHER)]

    assert {each.account_id for each in found} == {given.ACCOUNT}
    assert {type(each) for each in found} == {Exit, Stop}
    assert answers == ["rejected", "approved"]


def test_only_its_own_account_is_refused_when_a_record_cannot_be_read(world: World) -> None:
    begin(world)

    with link(world) as door:
        world.send_bytes("decisions", b'{"kind":"sto', key=given.ACCOUNT.encode())
        world.send_bytes("decisions", None, key=b"")
        world.flush()
        found = heard(door, bool)
        refused, other = (door.ask(buy(account)) for account in (given.ACCOUNT, OTHER))

    assert found == [Unreadable(given.ACCOUNT)]
    assert (refused.reasons, other.verdict) == ((NO_ANSWER,), "approved")
    assert refused.checks[0].message == "A record of the account cannot be read; it may be a stop"


def test_one_call_ends_when_more_arrives_than_it_reads(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("riskgate.adapters.link.RECORDS_MAX", 3)
    stop = next(each for each in TOPIC.examples if isinstance(each, Stop))
    calls: list[int] = []

    with link(world) as door:
        for sequence in range(1, 8):
            world.send_bytes("decisions", encode(replace(stop, sequence=sequence)), key=b"a")
        world.flush()
        while sum(calls) < 7:
            calls.append(len(list(door.read())))

    assert (sum(calls), max(calls)) == (7, 3)


def test_nothing_is_approved_when_stops_can_no_longer_be_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = SimpleNamespace(error=lambda: KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED))

    with link(world) as door:
        with monkeypatch.context() as context:
            context.setattr(door, "_consumer", SimpleNamespace(poll=lambda _: refused))
            with pytest.raises(UnavailableError, match=r"cannot read decisions .* start the strat"):
                list(door.read())
        answer = door.ask(buy())

    assert answer.reasons == (NO_ANSWER,)
    assert "cannot read decisions" in str(answer.checks[0].message)


def test_signals_are_rejected_and_reports_kept_when_the_broker_dies(tmp_path: Path) -> None:
    with (
        LocalKafka() as kafka,
        World(kafka.bootstrap, tmp_path) as world,
        link(world, timeout=1) as door,
    ):
        kafka.kill()
        began_s = time.monotonic()
        answer = door.ask(signal("s1"))
        waited_s = time.monotonic() - began_s
        report_filled(door, replace(answer, approved_quantity=Decimal(1)))
        unheard = list(door.read())
        kafka.restart()
        (fill,) = world.read("fills", bool)
        world.send_bytes("decisions", encode(EXIT), key=EXIT.account_id.encode())
        found = heard(door, bool)

    assert (answer.verdict, answer.reasons) == ("rejected", (NO_ANSWER,))
    assert 1 <= waited_s < 3
    assert (unheard, fill["signal_id"], found) == ([], "s1", [EXIT])
