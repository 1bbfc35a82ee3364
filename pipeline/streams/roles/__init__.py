"""What each role does with a record, and how each is wired and started."""
