"""The command line: one file per command, each a thin door to the module that does the work.

Commands import what they need when they run, so that `riskgate --help` answers at once.
"""
