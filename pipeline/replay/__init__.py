"""The same wiring without a broker: recorded inputs decided again, one process, no clock."""
