"""What fills, prices, rates and snapshots change in the account."""
