"""What more accounts, positions, workers and history cost, and what a role imports."""
