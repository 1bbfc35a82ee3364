"""Make risk's state again from the log: decide it once more, compare, and write the changelog."""
