"""The words: states, facts, commands, outcomes, settings, errors, units. No I/O, no clock."""
