"""What acts by itself after an event: halts, exits, caps."""
