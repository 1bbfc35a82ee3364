"""The ingest role: input records become events of the log."""
