"""The rule circuit_breaker: its parameters and check in rule.py, how its record moves in
transition.py.
"""
