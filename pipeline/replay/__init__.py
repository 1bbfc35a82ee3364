"""Replay: the roles wired together in one process to decide recorded inputs again.

No broker and no clock; time is that of the recorded lines or events.
"""
