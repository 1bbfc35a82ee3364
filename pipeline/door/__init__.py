"""The HTTP door: `POST /signals` waits for the decision, for those without a Kafka client."""
