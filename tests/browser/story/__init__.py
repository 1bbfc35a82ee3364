"""`make story`: a stop in the demo, from the pager to the archive, in pictures."""
