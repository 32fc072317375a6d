"""The lab: the same engine in virtual time, before a simulated carrier and simulated people."""
