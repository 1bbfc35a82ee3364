"""What the book is worth: prices, rates, sums, equity, and the results of day and week.

What changes the book is in book/; whether a worth is too much is for rules/ to say.
"""
