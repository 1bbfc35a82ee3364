"""The rule stale_data: its parameters in rule.py, how its record moves in transition.py."""
