"""Budgets of groups of accounts, divided into per-account limits that never sum to more."""
