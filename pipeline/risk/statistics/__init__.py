"""The only place with floats: bars, volatility and quantiles, from prices to Decimals.

Only + - x / sqrt and log, rounded to 12 significant digits before they leave, so that the last bit
of a logarithm, which may differ between machines, meets no limit.
"""
