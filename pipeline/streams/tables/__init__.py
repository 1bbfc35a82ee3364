"""Prices and instruments, read whole and kept in memory."""
