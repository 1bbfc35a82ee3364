"""What acts by itself after an event: breaches, stops, the exits that close positions, and the
state they are kept in. What judges an order is in gate/; thresholds are in rules/.
"""
