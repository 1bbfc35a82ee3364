"""How a process talks to the brokers: requests, errors, partitions, clocks."""
