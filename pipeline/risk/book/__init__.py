"""What is held and what was paid: positions, reservations, realized money, and how fills, busts and
differing snapshots change them. What it is worth at a price is in valuation/.
"""
