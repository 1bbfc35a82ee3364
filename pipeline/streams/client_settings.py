"""How the engine's Kafka clients are set, whoever they are and whatever they read."""

__all__ = [
    "ADMIN",
    "ADMIN_SECONDS_MAX",
    "CONSUMER",
    "FETCH",
    "MEBIBYTE",
    "PRODUCER",
    "SMALL_QUEUE",
    "WITHOUT_GAPS",
    "ClientSetting",
]

ClientSetting = str | int | bool
MEBIBYTE = 1_048_576

# Bounds on one fetch response, and on what one zstd batch in it may decompress to.
FETCH: dict[str, ClientSetting] = {
    "fetch.max.bytes": 8 * MEBIBYTE,
    "receive.message.max.bytes": 32 * MEBIBYTE,
}
CONSUMER: dict[str, ClientSetting] = {
    **FETCH,
    "allow.auto.create.topics": False,
    "check.crcs": True,
    "fetch.queue.backoff.ms": 1,
    "fetch.wait.max.ms": 50,
    "isolation.level": "read_committed",
    "queued.max.messages.kbytes": 16_384,
    # New partitions of an input are found within seconds, not after five minutes.
    "topic.metadata.refresh.interval.ms": 10_000,
}
# The client's queue is in the order of the fetches: what is behind a flood in there waits for it.
SMALL_QUEUE: dict[str, ClientSetting] = {
    "fetch.message.max.bytes": MEBIBYTE // 4,  # Of one partition; a larger batch comes alone.
    "queued.max.messages.kbytes": 2048,
}
# librdkafka aborts the process when a broker answers an admin client after the question was given
# up (its issue 4605). So each request ends long before its question, and who asks waits by itself.
ADMIN: dict[str, ClientSetting] = {"socket.timeout.ms": 4000}
ADMIN_SECONDS_MAX = 60.0
PRODUCER: dict[str, ClientSetting] = {
    "compression.type": "lz4",
    # Fewer, fuller requests. Nobody waits for a checkpoint, and its commit flushes.
    "linger.ms": 20,
    "message.max.bytes": 8 * MEBIBYTE,
}
# A transaction is complete or absent. Without one, only this stops later messages after a refused
# one.
WITHOUT_GAPS: dict[str, ClientSetting] = {
    "acks": "all",
    "enable.gapless.guarantee": True,
    "enable.idempotence": True,
    "linger.ms": 0,  # It is acted on as soon as it is there.
    "message.timeout.ms": 0,
    "partitioner": "murmur2",
}
