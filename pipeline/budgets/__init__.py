"""Budgets of groups of accounts, divided into per-account limits whose sum never exceeds them."""
