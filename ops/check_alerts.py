"""`make check-alerts`: run real roles, a real Prometheus and Alertmanager, and check who is called.

An account loses until it is stopped, somebody sends garbage, broadcast is killed: each must reach
the webhook, and nothing else may; and every query of the dashboard must have an answer. The table
goes to ops/check_alerts.md.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple, TypeVar, cast

from msgspec import Struct
from msgspec.structs import replace

from ops.alert_figures import Figure, page
from ops.dashboard import expressions
from ops.watchers import Prometheus, Webhook, watching
from pipeline.demo.environment import await_topics
from pipeline.demo.kafka_io import DemoError, Reader, Sender
from pipeline.demo.role_processes import RoleProcesses
from pipeline.errors import StartupError
from pipeline.local.kafka import LocalKafka
from pipeline.risk.rules import RULES
from pipeline.streams.admin.topic_admin import create_missing
from pipeline.streams.settings import Settings
from topics import accounts, fills, instruments, limits, prices, signals
from topics.codec import decode_as
from topics.decisions import Decision, Exit, Stop
from topics.emergency_stops import EmergencyStop
from topics.topic import Topic

PAGE = Path(__file__).parent / "check_alerts.md"
ACCOUNT, SYMBOL = "acct-1", "BTC-USD"
KEPT = ("trading_state", "unknown_account", "unknown_instrument", "price_collar")
LIMITS = {
    "drawdown": {"enabled": True, "drawdown_ratio_max": "0.05"},
    "order_notional": {"enabled": True, "order_notional_max": "90000"},
}
QUIET_SECONDS = 15.0
PATIENCE_SECONDS = 90.0
PRICE_SECONDS = 0.6  # Longer than the time between two revaluations, so each price becomes a mark.
CALLED = ("RiskgateDeadLetters", "RiskgateEmergencyStop", "RiskgateBroadcastDead")
# A process that is gone raises these, too, sooner or later.
FOLLOWING = {"RiskgateWorkerDown", "RiskgateRoleAbsent", "RiskgateNotReady"}
ANY = cast("type[Decision | Exit | Stop]", Decision | Exit | Stop)
T = TypeVar("T")


class Scene(NamedTuple):
    """Everything that the causes need."""

    sender: Sender
    inbox: "Inbox"
    roles: RoleProcesses
    webhook: Webhook
    prometheus: Prometheus


class Inbox:
    """The outputs of risk in order of arrival; each is taken once."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._messages: list[Struct] = []

    def take(self, kind: type[T]) -> T | None:
        """Remove and return the first message of a kind, None when there is none."""
        for arrived in self._reader.take(0.2):
            of = EmergencyStop if arrived.topic == "emergency_stops" else ANY
            self._messages.append(decode_as(of, arrived.value))
        for message in self._messages:
            if isinstance(message, kind):
                self._messages.remove(message)
                return message
        return None


def main() -> None:
    """Run it and print the results; fail when a call is missing or unexpected."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        scene = _set_up(Path(folder), stack)
        asked = {_now(expression) for expression in expressions()}
        figures = [*_watch(scene, asked)]
        unasked = set(scene.webhook.names()) - {*CALLED} - FOLLOWING
    if unasked:
        raise StartupError(f"unexpected alerts: {', '.join(sorted(unasked))}")
    text = page(figures, queries=len(asked))
    PAGE.write_text(text)
    sys.stdout.write(text)


def _set_up(folder: Path, stack: ExitStack) -> Scene:
    kafka = stack.enter_context(LocalKafka())
    settings = Settings(
        brokers=kafka.bootstrap,
        partitions=4,
        session_timeout_ms=6000,
        log_format="json",
        metrics_accounts_max=5,
    )
    create_missing(settings)
    await_topics(settings)
    roles = RoleProcesses(settings, folder)
    stack.callback(roles.stop)
    roles.await_ready()
    webhook = stack.enter_context(Webhook())
    targets = [process.url.removeprefix("http://") for process in roles.processes]
    prometheus = stack.enter_context(watching(targets, webhook.url, folder))
    reader = stack.enter_context(Reader(settings, ("decisions", "emergency_stops")))
    return Scene(Sender(settings), Inbox(reader), roles, webhook, prometheus)


def _watch(scene: Scene, asked: set[str]) -> Iterator[Figure]:
    bought = _buy(scene)
    time.sleep(QUIET_SECONDS)
    if called := scene.webhook.names():
        raise StartupError(f"nothing is wrong, but alerts fire: {', '.join(called)}")
    silent = _silent(scene, asked)  # Now with an account that is near a limit …
    yield from _garbage(scene)
    yield from _loss(scene, bought)
    # … and now with one that was stopped: some is seen only now, some no more.
    _until(lambda: True if not _silent(scene, silent) else None, f"no result of {silent}")
    yield from _death(scene)


def _buy(scene: Scene) -> Decimal:
    """Open an account and let it buy with all its money."""
    off = {name: {"enabled": name in KEPT} for name in RULES}
    _send(scene, limits.TOPIC, account_id="*", version=1, rules=off | LIMITS)
    free = {"max_quantity": None, "base_currency": None, "session": None}
    _send(scene, instruments.TOPIC, symbol=SYMBOL, **free)
    _send(scene, accounts.TOPIC, account_id=ACCOUNT, amount=Decimal(100_000), as_of_ms=_now_ms())
    _price(scene, 100)
    time.sleep(
        2 * PRICE_SECONDS
    )  # The instrument, the opening and the first heartbeat arrive before the signal.
    _price(scene, 100)
    _signal(scene, "dear", limit_price=Decimal(200))
    _signal(scene, "large", limit_price=Decimal(100))
    verdicts = [(decided := _read(scene, Decision)).verdict for _ in range(2)]
    if verdicts != ["rejected", "modified"]:
        raise StartupError(f"the signals were {' and '.join(verdicts)}")
    bought = decided.approved_quantity
    _fill(scene, decided.signal_id, side="buy", quantity=bought, price=Decimal(100))
    return bought


def _signal(scene: Scene, signal_id: str, *, limit_price: Decimal) -> None:
    _send(
        scene,
        signals.TOPIC,
        signal_id=signal_id,
        account_id=ACCOUNT,
        symbol=SYMBOL,
        side="buy",
        quantity=Decimal(1000),
        limit_price=limit_price,
        stop_price=None,
        created_at_ms=_now_ms(),
        expires_at_ms=None,
    )


def _silent(scene: Scene, asked: set[str]) -> set[str]:
    return {expression for expression in asked if not scene.prometheus.answers(expression)}


def _now(expression: str) -> str:
    """Return a query over the last seconds and any namespace."""
    return expression.replace("$namespace", ".*").replace("[5m]", "[1m]")


def _garbage(scene: Scene) -> Iterator[Figure]:
    cause = "a message that does not decode"
    since_s = time.monotonic()
    for topic in (signals.TOPIC, prices.TOPIC):
        scene.sender.send_raw(topic, key=ACCOUNT, value=b"garbage")
    yield _call(scene, "RiskgateDeadLetters", cause, since_s=since_s)


def _loss(scene: Scene, bought: Decimal) -> Iterator[Figure]:
    """Let the price fall by a tenth: a loss of 9 % with a limit of 5 %."""
    cause = "the first price beyond the limit"
    since_s = time.monotonic()
    ordered = _until(lambda: _exit_at(scene, 90), "no exit came")
    _fill(scene, ordered.exit_id, side="sell", quantity=bought, price=Decimal(90))
    while _read(scene, EmergencyStop).status != "flat":
        pass
    yield Figure(cause, "the account is flat", time.monotonic() - since_s)
    yield _call(scene, "RiskgateEmergencyStop", cause, since_s=since_s)


def _exit_at(scene: Scene, price: int) -> Exit | None:
    """Send another quote: a loss counts once further marks confirm it."""
    _price(scene, price)
    time.sleep(PRICE_SECONDS)
    return scene.inbox.take(Exit)


def _death(scene: Scene) -> Iterator[Figure]:
    (broadcast,) = (p for p in scene.roles.processes if p.name.startswith("broadcast"))
    since_s = time.monotonic()
    broadcast.kill()
    yield _call(scene, "RiskgateBroadcastDead", "broadcast is killed", since_s=since_s)


def _call(scene: Scene, name: str, cause: str, *, since_s: float) -> Figure:
    alert = _until(lambda: scene.webhook.first(name), f"no call for {name}")
    wanted = "pager" if alert.labels["severity"] == "critical" else "desk"
    runbook = alert.annotations.get("runbook_url", "")
    if alert.receiver != wanted or not runbook.endswith(f"{name}.md"):
        raise StartupError(f"{name} reached the {alert.receiver}, with the runbook '{runbook}'")
    return Figure(cause, f"`{name}` reaches the {alert.receiver}", alert.at_s - since_s)


def _read(scene: Scene, kind: type[T]) -> T:
    return _until(lambda: scene.inbox.take(kind), f"no {kind.__name__} came")


def _until(look: Callable[[], T | None], otherwise: str) -> T:
    deadline_s = time.monotonic() + PATIENCE_SECONDS
    while (found := look()) is None:
        if time.monotonic() > deadline_s:
            raise StartupError(f"{otherwise} within {PATIENCE_SECONDS:g} s")
        time.sleep(0.05)
    return found


def _price(scene: Scene, price: int) -> None:
    mark = Decimal(price)
    _send(
        scene,
        prices.TOPIC,
        symbol=SYMBOL,
        bid=mark,
        ask=mark,
        mark=mark,
        last=mark,
        high=None,
        low=None,
        as_of_ms=_now_ms(),
    )


def _fill(scene: Scene, signal_id: str, **fields: object) -> None:
    _send(
        scene,
        fills.TOPIC,
        account_id=ACCOUNT,
        fill_id=f"fill-of-{signal_id}",
        order_id=f"order-of-{signal_id}",
        signal_id=signal_id,
        symbol=SYMBOL,
        fee=Decimal(0),
        executed_at_ms=_now_ms(),
        **fields,
    )


def _send(scene: Scene, topic: Topic, **fields: object) -> None:
    """Send the topic's example with other fields."""
    message: Struct = replace(topic.example, **fields)
    scene.sender.send(topic, message)
    scene.sender.flush()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    try:
        main()
    except (DemoError, StartupError) as error:
        sys.exit(f"check-alerts: {error}")
