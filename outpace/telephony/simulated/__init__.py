"""The built-in switch: a simulated carrier, voice cards and people."""
