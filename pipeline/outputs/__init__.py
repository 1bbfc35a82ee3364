"""What riskgate wrote, for people: one reader of its outputs, and the questions asked of them.

Reads without a consumer group and never writes. Commands print from here, and whatever shows the
outputs elsewhere builds on the same functions, so that two faces never give two answers.
"""
