"""With the access that `riskgate topics acls` prints, everybody can do their work and no more."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)

from pipeline.console.feed import TOPICS as FED
from pipeline.console.feed import load
from pipeline.console.model import Model
from pipeline.outputs.reader import OutputReader
from pipeline.streams.admin.acls import SHOWN, accesses
from pipeline.streams.clients.polling import poll_all
from pipeline.streams.roles.children import riskgate_command
from pipeline.streams.settings import Settings
from riskgate import Gate, Signal
from riskgate.writers import DeliveryError, Signals
from tests import given
from tests.cli.command import riskgate
from tests.kafka.guarded_kafka import GuardedKafka
from tests.kafka.world import Worker, until
from topics import codec
from topics.catalogue import TOPICS
from topics.topic import Topic

NAMES = {
    "topic_prefix": "a.",
    "group_prefix": "gate",
    "partitions": 2,
    "signal_topics": "signals.momentum",
}
# NonEmptyText by hand, not read from the topics: who writes what, and nobody else does.
WRITERS = {
    "signals": {"strategy"},
    "orders": {"engine"},
    "fills": {"engine"},
    "positions": {"engine", "desk"},
    "accounts": {"engine", "desk"},
    "limits": {"operator"},
    "controls": {"operator"},
    "prices": {"market"},
    "instruments": {"desk"},
    "events": {"ingest", "broadcast"},
    "decisions": {"risk"},
    "emergency_stops": {"risk"},
    "alerts": {"risk"},
    "account_states": {"risk"},
    "snapshots": {"risk"},
    "shadows": {"risk"},
    "dead_letters": {"ingest", "risk", "broadcast"},
}
CONTROLS = (
    "halt acct-1 --force",
    "reduce acct-1 --force",
    "flatten acct-1 --yes --force",
    "resume acct-1 --stop-id some-stop --force",
    "activate 0123456789abcdef --yes --force",
)
SHOWING = ("health", "audit")  # What the console reads when it is asked.
AUDITORS = ("verify", "replay --from-kafka", "archive {}/days", "record {}/log.jsonl", "audit")
OPERATORS_READING = (
    "topics check",
    "limits show",
    "health",
    "accounts acct-1",
    "stops --open",
    "decisions",
    "audit",
)
PARTIES = sorted(set().union(*WRITERS.values()))


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedKafka]:
    with GuardedKafka(tmp_path_factory.mktemp("guarded")) as kafka:
        kafka.allow(accesses(Settings.model_validate(NAMES)))
        done = riskgate("topics", "create", **kafka.settings("operator", **NAMES))
        assert done.returncode == 0, done.stderr
        yield kafka


@pytest.fixture(scope="module")
def roles(kafka: GuardedKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Worker]]:
    """Run the three roles, each as its own user."""
    folder = tmp_path_factory.mktemp("roles")
    workers = [started(kafka, role, folder) for role in ("broadcast", "risk", "ingest")]
    yield workers
    for worker in workers:
        worker.kill()


def started(kafka: GuardedKafka, role: str, folder: Path) -> Worker:
    own = {"instance": "one", "http_port": 0, "state_dir": folder / role}
    settings = kafka.settings(role, **NAMES, **own)
    environment = {f"RISKGATE_{name.upper()}": str(value) for name, value in settings.items()}
    return Worker.start(riskgate_command("run", role), folder / f"{role}.log", environment)


def refusal(kafka: GuardedKafka, party: str, topic: str) -> KafkaError | None:
    """Write garbage as a party and return why it was not taken."""
    found: list[KafkaError | None] = []
    producer = Producer({**kafka.client(party), "log_level": 0, "message.timeout.ms": 20_000})
    producer.produce(f"a.{topic}", b"x", b"k", on_delivery=lambda error, _: found.append(error))
    producer.flush(30)
    return found[0]


def readable(kafka: GuardedKafka, party: str, *, enough: set[str]) -> set[str]:
    """Return the topics that a party can fetch from, once they are enough and no more come."""
    properties = {"group.id": f"gate-{party}-test", "enable.partition.eof": True, "log_level": 0}
    found: set[str] = set()

    def look(consumer: Consumer, seconds: float) -> bool:
        for message in poll_all(consumer, 100, seconds):
            if message.error() is None or message.error().code() == KafkaError._PARTITION_EOF:
                found.add(str(message.topic()).removeprefix("a."))
        return found >= enough

    with closing(Consumer({**kafka.client(party), **properties})) as consumer:
        consumer.assign([TopicPartition(f"a.{topic}", 0, OFFSET_BEGINNING) for topic in TOPICS])
        until(lambda: look(consumer, 0.5), lambda: f"{party} reads only {found}")
        look(consumer, 2)  # What it must not read would come as soon as the rest.
    return found


def write(kafka: GuardedKafka, party: str, topic: Topic, message: object) -> None:
    own = {"partitioner": "murmur2", "linger.ms": 1, "log_level": 0}
    producer = Producer({**kafka.client(party), **own})
    key = codec.key_of(topic, message).encode()  # type: ignore[arg-type]
    producer.produce(f"a.{topic.name}", codec.encode(message), key)  # type: ignore[arg-type]
    assert producer.flush(30) == 0


def test_signal_is_decided_and_read_when_everybody_has_only_their_access(
    kafka: GuardedKafka, roles: list[Worker]
) -> None:
    for worker in roles:
        worker.ready()
    write(kafka, "strategy", TOPICS["signals"], given.signal(signal_id="s1"))
    engine = {"group.id": "gate-engine", "auto.offset.reset": "earliest"}
    consumer = Consumer({**kafka.client("engine"), **engine, "isolation.level": "read_committed"})
    consumer.subscribe(["a.decisions"])

    message = until(lambda: consumer.poll(0.5), lambda: "\n".join(w.log() for w in roles))

    assert message.error() is None
    assert b'"signal_id":"s1"' in (message.value() or b"")
    consumer.close()


def test_strategy_reaches_only_its_own_topic_when_it_has_one(
    kafka: GuardedKafka, roles: list[Worker]
) -> None:
    for worker in roles:
        worker.ready()
    denied = [
        refusal(kafka, party, topic)
        for party, topic in (("momentum", "signals"), ("strategy", "signals.momentum"))
    ]
    own = replace(TOPICS["signals"], name="signals.momentum")
    write(kafka, "momentum", own, given.signal(signal_id="own"))
    reader = {"group.id": "gate-momentum", "auto.offset.reset": "earliest"}

    with closing(Consumer({**kafka.client("momentum"), **reader})) as consumer:
        consumer.subscribe(["a.decisions"])
        found = until(lambda: _decision(consumer, "own"), roles[2].log)

    codes = [error.code() for error in denied if error is not None]
    assert codes == [KafkaError.TOPIC_AUTHORIZATION_FAILED] * 2
    assert found


def _decision(consumer: Consumer, signal_id: str) -> bool:
    message = consumer.poll(0.5)
    return message is not None and f'"signal_id":"{signal_id}"'.encode() in (message.value() or b"")


def test_operator_can_do_the_whole_work_when_access_is_least(
    kafka: GuardedKafka, roles: list[Worker], tmp_path: Path
) -> None:
    file = tmp_path / "limits.yaml"
    file.write_text("drawdown: {drawdown_ratio_max: 0.05}\n")
    signed = ("--author", "desk", "--reason", "test")
    settings = kafka.settings("operator", **NAMES)

    work = (
        ("limits", "apply", str(file), *signed),
        ("halt", "acct-1", *signed, "--force"),
        *(tuple(command.split()) for command in OPERATORS_READING),
    )
    codes = {command: riskgate(*command, **settings).returncode for command in work}

    assert codes == dict.fromkeys(work, 0)


def test_console_reads_all_that_it_shows_when_access_is_least(
    kafka: GuardedKafka, roles: list[Worker]
) -> None:
    settings, model = kafka.settings("console", **NAMES), Model()
    order = ("halt", "acct-1", "--author", "me", "--reason", "test")
    assert riskgate(*order, "--force", **kafka.settings("operator", **NAMES)).returncode == 0

    load(OutputReader(Settings.model_validate(settings)), model, given.T0_MS)
    codes = [riskgate(name, **settings).returncode for name in SHOWING]

    assert "acct-1" in model.rows.accounts
    assert codes == [0] * len(SHOWING)
    assert set(SHOWN) == {*FED, "events"}


def test_auditor_reads_everything_and_writes_nothing_when_access_is_least(
    kafka: GuardedKafka, roles: list[Worker], tmp_path: Path
) -> None:
    for worker in roles:
        worker.ready()
    settings = kafka.settings("auditor", **NAMES)
    order = ("halt", "acct-1", "--author", "me", "--reason", "test")
    assert riskgate(*order, "--force", **kafka.settings("operator", **NAMES)).returncode == 0

    done = {what: riskgate(*what.format(tmp_path).split(), **settings) for what in AUDITORS}
    denied = [refusal(kafka, "auditor", topic) for topic in ("controls", "events", "decisions")]

    assert {what: each.returncode for what, each in done.items()} == dict.fromkeys(AUDITORS, 0), (
        done
    )
    # Who may write no topic at all gets no idempotent producer; this one is not idempotent.
    codes = [error.code() for error in denied if error is not None]
    assert codes == [KafkaError.TOPIC_AUTHORIZATION_FAILED] * 3


@pytest.mark.usefixtures("roles")
def test_strategy_gets_its_decision_when_access_is_least(kafka: GuardedKafka) -> None:
    settings = Settings.model_validate(kafka.settings("strategy", **NAMES))
    connection, prefix = settings.connection(), settings.topic_prefix

    with Gate(settings.brokers, topic_prefix=prefix, properties=connection) as gate:
        decision = gate.ask(Signal(account_id="x", symbol="BTC-USD", side="buy"), timeout=30)

    assert "unknown_account" in decision.reasons, decision.checks


# Which right is missing: `console` sees all and writes nothing, `ingest` writes other topics, the
# others do not even see this one.
@pytest.mark.parametrize(
    ("party", "right"),
    [("console", "write"), ("ingest", "write"), ("engine", "see"), ("strategy", "see")],
)
@pytest.mark.parametrize("command", CONTROLS, ids=lambda command: command.split()[0])
def test_control_is_refused_in_one_sentence_when_who_orders_it_is_no_operator(
    kafka: GuardedKafka, party: str, right: str, command: str
) -> None:
    settings = kafka.settings(party, **NAMES)

    done = riskgate(*command.split(), "--author", "me", "--reason", "test", **settings)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"riskgate: The Kafka user {party} may not {right} a.controls")
    assert "riskgate topics acls" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("party", ["console", "ingest"])
def test_limits_are_refused_in_one_sentence_when_who_writes_them_is_no_operator(
    kafka: GuardedKafka, party: str
) -> None:
    change = ("limits", "set", "acct-1", "drawdown.drawdown_ratio_max=0.04", "--yes")

    done = riskgate(*change, "--author", "me", "--reason", "test", **kafka.settings(party, **NAMES))

    last = done.stderr.splitlines()[-1]
    assert done.returncode == 2
    assert last.startswith(f"riskgate: The Kafka user {party} may not write a.limits, so nothing")


def test_client_raises_its_own_error_when_its_user_may_write_nothing(kafka: GuardedKafka) -> None:
    with (
        pytest.raises(DeliveryError, match="uthorization failed"),
        Signals(
            str(kafka.settings("console")["brokers"]),
            topic_prefix="a.",
            properties=kafka.client("console"),
        ) as signals,
    ):
        signals.send(given.signal(signal_id="s9"))


@pytest.mark.parametrize("party", PARTIES)
def test_party_writes_its_topics_alone_when_it_tries_all(kafka: GuardedKafka, party: str) -> None:
    refused = {topic for topic in TOPICS if refusal(kafka, party, topic) is not None}

    assert refused == {topic for topic in TOPICS if party not in WRITERS[topic]}


@pytest.mark.parametrize("party", PARTIES)
def test_party_reads_its_topics_alone_when_it_tries_all(kafka: GuardedKafka, party: str) -> None:
    allowed = {name for name, topic in TOPICS.items() if party in topic.readers}

    assert readable(kafka, party, enough=allowed) == allowed


def test_nobody_comes_in_when_the_password_is_wrong(kafka: GuardedKafka) -> None:
    settings = kafka.settings("risk", **NAMES) | {"sasl_password": "guessed"}

    done = riskgate("run", "risk", **settings)

    assert done.returncode == 2
    assert "uthentication" in done.stderr
    assert done.stderr.count("\n") == 1


def test_user_is_who_the_certificate_names_when_there_is_no_password(kafka: GuardedKafka) -> None:
    check = riskgate("topics", "check", **kafka.certified("operator", **NAMES))
    order = ("halt", "acct-1", "--author", "me", "--reason", "test")
    halt = riskgate(*order, **kafka.certified("engine", **NAMES))

    assert (check.returncode, check.stdout) == (0, "All topics are as riskgate needs them.\n")
    assert halt.returncode == 2
    assert "controls" in halt.stderr


def test_engine_cannot_act_as_a_worker_when_it_takes_its_names(kafka: GuardedKafka) -> None:
    stolen = Producer({**kafka.client("engine"), "transactional.id": "gate-risk-one"})

    with pytest.raises(KafkaException) as refused:
        stolen.init_transactions(20)

    code = refused.value.args[0].code()
    assert code == KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
