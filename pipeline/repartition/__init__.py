"""Give a drained deployment more partitions: its state under new topics, and nothing lost."""
