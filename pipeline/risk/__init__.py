"""The core: what may this account risk now? Pure; its two doors are in step.py.

What an input means is in its on_*.py; beside them stand the account and what every step needs.
"""
