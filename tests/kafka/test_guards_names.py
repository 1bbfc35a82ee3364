"""The private names of quixstreams that the engine uses are those of the pinned release."""

from importlib.metadata import version
from inspect import signature

import pytest

from pipeline.streams.engine.application import RECOVERY_SECONDS_MAX, StreamApplication
from pipeline.streams.engine.applications import RiskApplication
from pipeline.streams.engine.restore import REPLAY_SECONDS
from tests.kafka.rig import Rig

INHERITED = {
    "_on_assign": ["self", "_", "topic_partitions"],
    "_on_lost": ["self", "_", "topic_partitions"],
    "_on_revoke": ["self", "_", "topic_partitions"],
    "_run_dataframe": ["self", "sink"],
    "_setup_signal_handlers": ["self"],
}
ATTRIBUTES = [
    "_consumer._consumer",
    "_consumer._subscribe",
    "_consumer.committed",
    "_consumer.get_watermark_offsets",
    "_failed",
    "_open_deadline",
    "_producer._producer._producer",
    "_consumer._broker_available",
    "_consumer.reset_backpressure",
    "_producer._broker_available",
    "_producer.abort_transaction",
    "_producer.begin_transaction",
    "_producer.commit_transaction",
    "_state_manager._recovery_manager.MAX_INVALID_OFFSET_ATTEMPTS",
    "_state_manager._recovery_manager._get_changelog_offset",
    "_state_manager._recovery_manager._position_cache",
    "_state_manager._recovery_manager._prime_changelog_partition",
    "_state_manager._recovery_manager._recovery_loop",
    "_state_manager._recovery_manager._update_recovery_status",
    "_state_manager._setup_changelogs",
    "_state_manager._state_dir",
    "_state_manager.recovery_required",
    "_revoke_state_partitions",
    "_stop_event",
]


def test_the_release_is_the_one_that_was_read() -> None:
    assert version("quixstreams") == "3.28.1"


@pytest.mark.parametrize(("name", "parameters"), INHERITED.items())
def test_a_method_is_still_there_to_be_overridden(name: str, parameters: list[str]) -> None:
    library = StreamApplication.__mro__[1]

    assert list(signature(getattr(library, name)).parameters) == parameters


def test_restore_has_its_ten_minutes_when_its_rounds_are_short(rig: Rig) -> None:
    rig.make_both()
    app = RiskApplication(rig.settings())

    recovery = app._state_manager._recovery_manager

    assert recovery is not None
    rounds = recovery.MAX_INVALID_OFFSET_ATTEMPTS
    assert rounds * REPLAY_SECONDS >= RECOVERY_SECONDS_MAX


def test_every_private_name_is_still_there(rig: Rig) -> None:
    rig.make_both()
    app = RiskApplication(rig.settings())

    missing = [name for name in ATTRIBUTES if not has(app, name)]

    assert missing == []


def has(thing: object, path: str) -> bool:
    """Return whether a path of attributes leads somewhere."""
    for name in path.split("."):
        if not hasattr(thing, name):
            return False
        thing = getattr(thing, name)
    return True
