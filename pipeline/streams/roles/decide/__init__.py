"""The risk role: each event through the core, its outputs and its state into one transaction."""
