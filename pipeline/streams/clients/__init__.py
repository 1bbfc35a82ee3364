"""How a process talks to the brokers: questions, errors, partitions, clocks."""
