"""The package that users name; the code is in `pipeline` and `topics`."""
