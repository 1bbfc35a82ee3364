"""The door: a name that only riskgate has, and behind it `pipeline` and `topics`."""
