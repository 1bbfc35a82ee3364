"""Benchmarks: riskgate and its peers, measured in one run on the same machine."""
