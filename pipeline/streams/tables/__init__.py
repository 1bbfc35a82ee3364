"""Prices and instruments, read completely and kept in memory."""
