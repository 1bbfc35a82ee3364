"""The shell: everything that touches Kafka, the clock, files and HTTP; no risk arithmetic."""
