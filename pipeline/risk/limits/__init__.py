"""What limits an account: the documents that set them, those in force, how much of them is left.

A rule's own parameters stand in its file in rules/; only those of no single rule are here.
"""
