"""A kit that plays the contract of execution engines against an engine and names what it breaks."""
