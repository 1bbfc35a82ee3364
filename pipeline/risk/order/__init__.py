"""One order, not yet judged."""
