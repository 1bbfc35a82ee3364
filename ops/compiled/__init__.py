"""The compiled core: what turns pipeline/risk into native classes, and what builds them."""
