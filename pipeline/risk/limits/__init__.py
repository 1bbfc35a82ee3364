"""Limits documents, the limits in force for an account, and how much of them is left.

Parameters are defined with their rule in rules/, or in parameters.py when they belong to none.
"""
