"""One order before it is approved: what it would do, how large it may be, and what becomes of what
was refused. What each rule asks is in rules/; what acts without a signal is in watch/.
"""
