"""Statistics in floats, the only ones in the core: bars, volatility, quantiles, performance.

Only + - x / sqrt and log. Results are rounded to 12 significant digits, so that the last bit of a
logarithm, which may differ between machines, never decides about a limit.
"""
