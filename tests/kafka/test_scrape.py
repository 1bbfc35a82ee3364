"""What running roles show to Prometheus, after something of everything has happened."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.dashboard import expressions
from pipeline.local.kafka import LocalKafka
from tests import given
from tests.alerts.rules import alerts
from tests.kafka.world import Row, Worker, World, until
from tests.programs import Program

# The door does not run here, and one worker that owns everything copies nothing.
ELSEWHERE = {"riskgate_door_requests_total", "riskgate_standby_lag_records"}
RULES = given.only("drawdown", "unknown_account", "price_collar", drawdown_ratio_max="0.05")


@pytest.fixture(scope="module")
def workers(kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Worker]]:
    """Three roles that approved, refused, stopped an account and set garbage aside."""
    with World(kafka.bootstrap, Path(tmp_path_factory.mktemp("scrape"))) as world:
        names = ("ingest", "risk", "broadcast")
        workers = [world.run(name, metrics_accounts_max=5) for name in names]
        world.send(given.instrument(), given.account(), given.account("acct-2"))
        world.send(given.limits(RULES))
        for worker in workers:
            worker.ready()
        _trade(world)
        yield workers


def _trade(world: World) -> None:
    world.send(given.price(100))
    world.send(given.signal("buy", 100, signal_id="s1"))
    world.send(given.signal("buy", 1, signal_id="dear", limit_price=200))
    world.send_bytes("fills", b"garbage", key=b"acct-1")
    world.send_bytes("prices", b"garbage", key=b"X")
    world.read("decisions", lambda rows: len(rows) >= 2)
    world.send(given.fill("buy", 100, 100, signal_id="s1"))
    world.read("account_states", lambda rows: any(row["positions"] for row in rows))
    # A loss of 90 for each of 100 leaves less than 95 % of 100 000.
    for price in (10, "9.9", "9.8", "9.7"):
        world.send(given.price(price))
        world.flush()
        time.sleep(0.6)  # Longer than between two revaluations: each is a mark of its own.
    world.read("decisions", _has_exit)


def _has_exit(rows: list[Row]) -> bool:
    return any(row["kind"] == "exit" for row in rows)


def scrape(workers: list[Worker]) -> list[str]:
    """Return what each shows once the account's stop is shown."""
    halted = 'riskgate_accounts{trading_state="halted"} 1.0'
    until(lambda: halted in workers[-1].get("metrics").text, workers[-1].log)
    return [worker.get("metrics").text for worker in workers]


def test_promtool_has_nothing_to_say_when_it_reads_what_a_role_shows(
    promtool: Program, workers: list[Worker]
) -> None:
    answers = [promtool("check", "metrics", stdin=text) for text in scrape(workers)]

    assert [(a.returncode, a.stdout, a.stderr) for a in answers] == [(0, "", "")] * 3


def test_every_metric_has_a_sample_when_a_panel_or_an_alert_names_it(workers: list[Worker]) -> None:
    asked = " ".join([*expressions(), *(alert["expr"] for alert in alerts())])
    samples = set(re.findall(r"^(riskgate_\w+)", "\n".join(scrape(workers)), re.MULTILINE))

    missing = set(re.findall(r"\briskgate_[a-z0-9_]+", asked)) - samples

    assert missing <= ELSEWHERE


def test_nearest_accounts_are_named_when_the_setting_lets_them(workers: list[Worker]) -> None:
    text = scrape(workers)[-1]

    # The halted one is no more near to anything.
    assert 'riskgate_account_headroom_ratio{account_id="acct-2"} 1.0' in text
    assert 'riskgate_account_equity{account_id="acct-2",currency="USD"} 100000.0' in text
    assert 'riskgate_account_headroom_ratio{account_id="acct-1"' not in text
    assert 'riskgate_account_stopped_positions{account_id="acct-1",trading_state="halted"}' in text
