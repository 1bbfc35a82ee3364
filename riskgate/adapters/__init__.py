"""Adapters to what others trade with: each a module, an extra and a page in docs/adapters."""
