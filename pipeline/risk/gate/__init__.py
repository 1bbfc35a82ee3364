"""The gate: sizes an order, checks it against every rule, and writes the decision.

What each rule checks is in rules/; what acts without a signal is in protection/.
"""
