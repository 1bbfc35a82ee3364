"""Books what fills, prices, rates and snapshots change in the account.

Nothing here judges the result: limits are in rules/, and what acts on them is in protection/.
"""
