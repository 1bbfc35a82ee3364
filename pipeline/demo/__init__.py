"""The whole system on one machine: a local Kafka, market data, a strategy and an engine."""
