"""The contract: what travels on Kafka. One module per topic, nothing of the pipeline."""
