"""The rule violation_rate: its parameters in rule.py, how its record moves in transition.py."""
