"""The ingest role: it turns input records into events of the log."""
