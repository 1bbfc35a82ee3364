"""What each role does with a record, and how it is wired and started."""
