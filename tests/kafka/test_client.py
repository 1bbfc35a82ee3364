"""The client on a real broker: what it writes, and the answers it gets."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from confluent_kafka import Message

from riskgate import NO_ANSWER, Fill, Fills, Gate, Price, Prices, UnavailableError
from tests.client.given_decisions import decision_bytes, signal
from tests.kafka.world import World


def fill(account: str) -> Fill:
    return Fill(
        account_id=account,
        fill_id="f1",
        order_id="o1",
        symbol="BTC-USD",
        side="buy",
        quantity=Decimal(1),
        price=Decimal(2),
        executed_at_ms=3,
    )


def gate(world: World) -> Gate:
    return Gate(world.settings.brokers, topic_prefix=world.settings.topic_prefix)


def decide(world: World, count: int) -> None:
    """Approve so many signals twice, as a worker that takes over may."""
    asked = world.read("signals", lambda rows: len(rows) >= count)
    for sequence, row in enumerate(asked, start=1):
        account, signal_id = row["account_id"], row["signal_id"]
        value = decision_bytes(signal_id, account=account, sequence=sequence)
        for _ in range(2):
            world.send_bytes("decisions", value, key=account.encode())
    world.flush()


def keys_and_partitions(world: World, topic: str, count: int) -> set[tuple[str, int]]:
    found: list[Message] = []

    def take(message: Message) -> bool:
        found.append(message)
        return len(found) == count

    world._consume(topic, take)
    return {((each.key() or b"").decode(), each.partition() or 0) for each in found}


def test_each_of_many_threads_gets_its_own_decision(world: World) -> None:
    asks = [signal(f"s{n}", f"acct-{n % 7}") for n in range(40)]

    with gate(world) as door, ThreadPoolExecutor(41) as pool:
        answers = [pool.submit(door.ask, each, 30) for each in asks]
        pool.submit(decide, world, 40).result()
        got = [answer.result() for answer in answers]

    assert [answer.signal_id for answer in got] == [each.signal_id for each in asks]
    assert {answer.verdict for answer in got} == {"approved"}


def test_each_of_many_tasks_gets_its_own_decision(world: World) -> None:
    async def ask_all() -> list[str]:
        with gate(world) as door:
            asks = [door.ask_async(signal(f"s{n}", "acct-1"), 30) for n in range(20)]
            answers = asyncio.gather(*asks)
            await asyncio.to_thread(decide, world, 20)
            return [answer.signal_id for answer in await answers]

    assert asyncio.run(ask_all()) == [f"s{n}" for n in range(20)]


def test_a_signal_expires_with_its_ask_when_nobody_answers(world: World) -> None:
    with gate(world) as door:
        before_ms = int(time.time() * 1000)
        answer = door.ask(signal("s1", "acct-1"), timeout=0.2)
    (row,) = world.read("signals", bool)

    assert (answer.verdict, answer.reasons) == ("rejected", (NO_ANSWER,))
    assert before_ms + 200 <= row["expires_at_ms"] <= int(time.time() * 1000) + 200


def test_fills_are_where_java_clients_write_them(world: World) -> None:
    made = [fill(f"acct-{n}") for n in range(30)]

    with Fills(world.settings.brokers, topic_prefix=world.settings.topic_prefix) as fills:
        for each in made:
            fills.send(each)

    places = keys_and_partitions(world, "fills", len(made))
    assert places == {(each.account_id, world.partition_of(each.account_id)) for each in made}


def test_a_gate_says_what_is_missing_when_it_opens(world: World) -> None:
    with pytest.raises(UnavailableError, match="decisions is missing; create it with: riskgate"):
        Gate(world.settings.brokers, topic_prefix="nowhere.")


def test_a_price_is_delivered_when_its_writer_is_left(world: World) -> None:
    with Prices(world.settings.brokers, topic_prefix=world.settings.topic_prefix) as prices:
        prices.send(Price(symbol="BTC-USD", last=Decimal("100.10"), as_of_ms=1))

    assert world.read("prices", bool) == [{"symbol": "BTC-USD", "last": "100.1", "as_of_ms": 1}]
