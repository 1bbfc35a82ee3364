"""`make bench-peers`: riskgate beside its peers, in one run on one machine."""
