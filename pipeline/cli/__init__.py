"""The command line: one file per command, each a thin wrapper around the module that does the work.

Commands import what they need when they run, so that `riskgate --help` answers at once. No risk
arithmetic and no Kafka client belongs here.
"""
