"""The broadcast role: heartbeats, and revaluations of accounts that do nothing themselves."""
