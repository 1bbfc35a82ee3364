"""The broadcast role: heartbeats, and revaluations of accounts that have no events of their own."""
