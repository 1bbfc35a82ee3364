"""What the command line needs from a cluster: topics, access rights, limits documents."""
