"""The core: what may this account risk now? Pure; its only door is step.py."""
