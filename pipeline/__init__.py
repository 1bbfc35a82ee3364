"""riskgate: the risk gate itself, from the pure core to the command line."""
