"""Batches of a few kilobytes that unpack to very much."""

from confluent_kafka import Producer

MEGABYTE = 1_000_000


def send_bomb(
    brokers: str, topic: str, *, megabytes: int, codec: str = "zstd", partition: int = 0
) -> None:
    """Write one batch of so many records of a megabyte each."""
    producer = Producer(
        {
            "bootstrap.servers": brokers,
            "compression.type": codec,
            "batch.size": 2_000_000_000,
            "message.max.bytes": 1_000_000_000,
            "linger.ms": 8000,
            "queue.buffering.max.kbytes": 2_000_000,
            "log_level": 0,
        }
    )
    for _ in range(megabytes):
        producer.produce(topic, b" " * MEGABYTE, b"acct-1", partition)
    assert producer.flush(240) == 0  # A gigabyte is to be packed.
