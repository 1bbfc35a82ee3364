"""The rule overfill: its parameters in rule.py, how its record moves in transition.py."""
