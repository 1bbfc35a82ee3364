"""The demo: the whole system on one machine, with a local Kafka, market data and a paper engine.

Nothing outside this package may depend on it, except tests and benchmarks, which use its Kafka.
"""
