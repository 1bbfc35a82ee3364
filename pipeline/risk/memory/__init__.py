"""What an account remembers of what came, and what it forgets first: ids, fills, repeated orders,
idle symbols. Each has a bound; what is held now is in book/.
"""
