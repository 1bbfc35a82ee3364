"""The report: what accounts did and may lose, from recorded history, as one page."""
