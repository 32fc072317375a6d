"""The arithmetic: how many calls to launch now. Numbers and arrays only."""
