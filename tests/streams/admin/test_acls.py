import pytest

from pipeline.errors import StartupError
from pipeline.streams.admin.acls import accesses, acl_lines
from pipeline.streams.admin.quotas import QUOTAS, quota_lines
from pipeline.streams.settings import Settings
from topics.catalogue import TOPICS

LINES = acl_lines(Settings(topic_prefix="t.", group_prefix="g"))


def test_only_risk_may_decide_when_access_is_least() -> None:
    writers = [line for line in LINES if line.endswith("--operation Write --topic t.decisions")]

    assert writers == ["--add --allow-principal User:risk --operation Write --topic t.decisions"]


def test_every_topic_has_a_reader_and_a_writer_when_lines_are_printed() -> None:
    lines = set(LINES)

    for name in TOPICS:
        for operation in ("Read", "Write"):
            assert any(line.endswith(f"{operation} --topic t.{name}") for line in lines)


def test_risk_may_fence_and_keep_its_changelog_when_it_is_exactly_once() -> None:
    prefixed = "--resource-pattern-type prefixed"
    risk = "--add --allow-principal User:risk --operation"

    assert f"{risk} Write --transactional-id g-risk {prefixed}" in LINES
    assert f"{risk} Write --topic changelog__g-risk--t.events--accounts" in LINES
    assert f"{risk} Create --topic changelog__g-risk--t.events--accounts" not in LINES


def test_only_operators_may_change_limits_and_controls_when_access_is_least() -> None:
    for name in ("limits", "controls"):
        writers = [line for line in LINES if line.endswith(f"--operation Write --topic t.{name}")]

        assert writers == [
            f"--add --allow-principal User:operator --operation Write --topic t.{name}"
        ]


def test_engine_has_a_group_of_its_own_when_it_reads() -> None:
    engine = "--add --allow-principal User:engine --operation Read --group g-engine"

    assert f"{engine} --resource-pattern-type prefixed" in LINES


def test_risk_may_keep_the_changelog_of_its_replica_set_when_that_has_a_name() -> None:
    names = {access.name for access in accesses(Settings(replica="b")) if access.party == "risk"}

    assert "changelog__riskgate-risk.b--risk.events--accounts" in names
    assert "riskgate-risk" in names  # The prefix of its group and of its transactional ids.


FURTHER = Settings(
    topic_prefix="t.", group_prefix="g", signal_topics=("signals.a", "signals.b"),
    fill_topics=("fills.a",),
)  # fmt: skip


def test_only_its_owner_may_write_when_a_topic_is_further() -> None:
    lines = acl_lines(FURTHER)

    writers = [line for line in lines if line.endswith("--operation Write --topic t.signals.a")]

    assert writers == ["--add --allow-principal User:a --operation Write --topic t.signals.a"]
    assert "--add --allow-principal User:ingest --operation Read --topic t.signals.a" in lines
    assert "--add --allow-principal User:operator --operation Describe --topic t.fills.a" in lines


def test_lines_of_one_owner_are_printed_when_it_is_named() -> None:
    user = "--add --allow-principal User:b --operation"

    lines = acl_lines(FURTHER, owner="b")

    assert f"{user} Write --topic t.signals.b" in lines
    assert f"{user} Read --topic t.decisions" in lines
    assert f"{user} Read --group g-b --resource-pattern-type prefixed" in lines
    assert not any(line.endswith(("t.signals", "t.signals.a", "t.fills.a")) for line in lines)
    assert {line.split()[2] for line in lines} == {"User:b"}


def test_owner_is_refused_when_it_has_no_topic() -> None:
    with pytest.raises(StartupError, match=r"^c has no topic of its own; add signals\.c to"):
        acl_lines(FURTHER, owner="c")


def test_quotas_bound_each_party_that_writes_inputs() -> None:
    lines = quota_lines(Settings(signal_topics=("signals.momentum",)))

    assert lines == [
        f"--alter --entity-type users --entity-name {party} --add-config producer_byte_rate={rate}"
        for party, rate in {**QUOTAS, "momentum": 1_000_000}.items()
    ]


def test_owner_of_a_topic_gets_its_own_quota_alone() -> None:
    settings = Settings(signal_topics=("signals.a",), fill_topics=("fills.a", "fills.b"))

    assert [line.split("=")[1] for line in quota_lines(settings, owner="a")] == ["2000000"]
