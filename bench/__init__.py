"""What riskgate costs, measured against its peers in one run."""
