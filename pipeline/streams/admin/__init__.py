"""What the command line needs of a cluster: topics, access rights, limits documents."""
