"""A dry run on real topics: a paper venue that fills at current quotes, and prices out of files."""
