"""What a producer without a transaction is told, since nothing else stops what follows a gap."""

from pipeline.streams.role_interface import EngineSettings

SETTINGS = EngineSettings(
    brokers="none", group="ingest", instance="i0", topics=("signals",), partitions={}
)


def test_message_is_never_given_up_so_that_nothing_passes_it() -> None:
    told = SETTINGS.producer(transactional=False)

    assert told["message.timeout.ms"] == 0  # Else it fails after a while, and later ones go out.
    assert (told["acks"], told["enable.idempotence"]) == ("all", True)
    assert told["enable.gapless.guarantee"] is True
