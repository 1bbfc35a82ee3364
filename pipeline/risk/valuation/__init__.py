"""Values positions and accounts: usable prices, each holding's figures, equity and drawdown.

Pure arithmetic on the account's records. What changes them is in ledger/; limits are in rules/.
"""
