"""Closed days of the log and of what was decided, as files whose digests form a chain.

Files outlive the retention of Kafka's topics; who changes one later is found out.
"""
