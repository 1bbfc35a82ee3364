"""The report: performance and tail risk of accounts, from recorded history, as one HTML page."""
