"""What a broadcast knows on a real broker after another one came and went while accounts began."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.streams.clients.partitioner import partition_of
from tests import given
from tests.kafka.world import PARTITIONS, Worker, World, until

JOINS = 4  # And as many leaves.


@contextmanager
def accounts_beginning(world: World) -> Iterator[list[str]]:
    """Let another account begin every ten milliseconds."""
    names: list[str] = []
    over = threading.Event()

    def write() -> None:
        while not over.wait(0.01):
            names.append(f"a{len(names)}")
            world.send(given.account(names[-1]))

    thread = threading.Thread(target=write)
    thread.start()
    yield names
    over.set()
    thread.join()
    world.flush()


def shown(broadcast: Worker, metric: str) -> list[float]:
    """Return a metric of each partition."""
    return [broadcast.metric(f'{metric}{{partition="{n}"}}') for n in range(PARTITIONS)]


def test_owner_has_every_account_when_another_broadcast_joined_and_left_meanwhile(
    world: World,
) -> None:
    one, risk, _ = [world.run(role).ready() for role in ("broadcast", "risk", "ingest")]
    until(lambda: one.metric("riskgate_heartbeats_total") > 3 * PARTITIONS, world.logs)
    with accounts_beginning(world) as names:
        for _ in range(JOINS):
            assert world.run("broadcast", instance="two").ready().end() == 0

    counts = Counter(partition_of(name, PARTITIONS) for name in names)
    begun = [float(counts[n]) for n in range(PARTITIONS)]
    until(lambda: shown(one, "riskgate_accounts_reported") == begun, world.logs)
    until(lambda: shown(one, "riskgate_accounts_held") == begun, world.logs)
    assert len(names) > 500
    assert one.get("readyz").status_code == 200
    assert risk.metric("riskgate_states_rewritten_total") == 0  # No row had to be asked for.
