"""Backtest: history decided again under other limits, what that would have made, and over a grid.

Also how a history comes to be: the log in Kafka as a file, and CSV files as recorded inputs.
"""
