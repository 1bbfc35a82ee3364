"""The exit codes of every command."""

OK = 0
DIFFERENT = 1  # A check found a difference, or a running process failed.
MISUSE = 2  # Wrong arguments, settings or files, or something that riskgate needs is missing.
