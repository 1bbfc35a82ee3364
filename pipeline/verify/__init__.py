"""Judge the topics of a deployment from outside, with plain code of its own.

One file per invariant. Only redecided.py calls the core, to decide the log again.
"""
