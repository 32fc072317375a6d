"""The lab: the same engine in virtual time."""
