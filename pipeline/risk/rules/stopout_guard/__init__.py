"""The rule stopout_guard: its parameters in rule.py, how its record moves in transition.py."""
