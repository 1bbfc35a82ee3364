"""What acts by itself after an event: stops, exits and alerts. rules/ judges what breaches."""
